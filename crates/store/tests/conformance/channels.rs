//! Channel accounts and inbound routes.

use domain::failure::OnUnknown;
use store::accounts::{self, Account, Health};
use store::routes;

use crate::ground::{Ground, OURS, THEIRS, at, ids};
use crate::sample;

on_both! {
    an_account_reads_back_whole,
    an_account_changes_and_goes,
    a_route_of_an_address_goes_before_that_of_its_domain,
}

async fn an_account_reads_back_whole(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let full = Account {
                last_error: Some("535 wrong password".into()),
                last_error_at: Some(at(3)),
                last_sent_at: Some(at(1)),
                last_inbound_at: Some(at(2)),
                checked_at: Some(at(4)),
                ..sample::account(&ids, OURS, "Mail")
            };
            let bare = Account {
                sender_name: None,
                sender_address: None,
                rate_per_second: None,
                secrets_set: vec![],
                ..sample::account(&ids, OURS, "Bare")
            };
            let foreign = sample::account(&ids, THEIRS, "Theirs");
            for account in [&full, &bare, &foreign] {
                accounts::insert(tx, account)?;
                assert_eq!(accounts::get(tx, account.tenant, account.id)?.as_ref(), Some(account));
            }
            assert_eq!(accounts::list(tx, OURS)?, [full.clone(), bare.clone()]);
            assert_eq!(accounts::every(tx)?, [full, bare, foreign]);
            Ok(())
        })
        .await;
}

async fn an_account_changes_and_goes(ground: &Ground) {
    ground
        .write(|tx| {
            let mut account = sample::account(&ids(), OURS, "Mail");
            accounts::insert(tx, &account)?;
            account = Account {
                name: "Newsletter".into(),
                enabled: false,
                priority: -3,
                sender_name: None,
                sender_address: None,
                settings: serde_json::json!({}),
                secrets: vec![],
                secrets_set: vec![],
                on_unknown: OnUnknown::Resend,
                rate_per_second: None,
                concurrency: 9,
                health: Health::Ok,
                last_error: Some("x".into()),
                last_error_at: Some(at(1)),
                checked_at: Some(at(2)),
                updated_at: at(3),
                ..account
            };
            assert!(accounts::update(tx, &account)?);
            assert_eq!(accounts::get(tx, OURS, account.id)?, Some(account.clone()));
            accounts::set_health(tx, OURS, account.id, Health::Stopped, Some("535"), at(5))?;
            let stopped = accounts::get(tx, OURS, account.id)?.unwrap();
            assert_eq!(
                (stopped.health, stopped.last_error.as_deref(), stopped.last_error_at),
                (Health::Stopped, Some("535"), Some(at(5)))
            );
            accounts::set_health(tx, OURS, account.id, Health::Ok, None, at(6))?;
            accounts::set_last_inbound(tx, OURS, account.id, at(7))?;
            let mended = accounts::get(tx, OURS, account.id)?.unwrap();
            assert_eq!(
                (mended.last_error, mended.last_error_at, mended.last_inbound_at),
                (None, None, Some(at(7)))
            );
            accounts::set_health(tx, OURS, account.id, Health::Failing, Some("421"), at(8))?;
            accounts::set_last_sent(tx, OURS, account.id, at(9))?;
            let sent = accounts::get(tx, OURS, account.id)?.unwrap();
            assert_eq!(
                (sent.health, sent.last_sent_at),
                (Health::Failing, Some(at(9))),
                "health is told apart"
            );
            assert!(accounts::delete(tx, OURS, account.id, at(10))?);
            assert!(!accounts::delete(tx, OURS, account.id, at(11))?);
            assert!(!accounts::update(tx, &account)?);
            assert!(accounts::list(tx, OURS)?.is_empty() && accounts::every(tx)?.is_empty());
            assert_eq!(
                accounts::names(tx, OURS)?,
                [(account.id, "Newsletter".to_owned(), "smtp".to_owned())],
                "messages name it"
            );
            Ok(())
        })
        .await;
}

async fn a_route_of_an_address_goes_before_that_of_its_domain(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let address = routes::InboundRoute {
                account: Some(ids.next()),
                ..sample::route(&ids, OURS, "support@example.com")
            };
            let domain = sample::route(&ids, THEIRS, "@example.com");
            assert!(routes::insert(tx, &address)? && routes::insert(tx, &domain)?);
            assert!(!routes::insert(tx, &sample::route(&ids, THEIRS, "support@example.com"))?, "it has one");
            assert_eq!(routes::find(tx, "support@example.com")?.as_ref(), Some(&address));
            assert_eq!(routes::find(tx, "jane@example.com")?.as_ref(), Some(&domain));
            for nobody in ["jane@example.org", "", "@", "example.com", "support@sub.example.com"] {
                assert_eq!(routes::find(tx, nobody)?, None, "{nobody:?}");
            }
            assert_eq!(routes::list(tx, OURS)?, std::slice::from_ref(&address));
            assert!(!routes::delete(tx, THEIRS, address.id)?);
            assert!(routes::delete(tx, OURS, address.id)?);
            assert_eq!(routes::find(tx, "support@example.com")?.as_ref(), Some(&domain));
            Ok(())
        })
        .await;
}
