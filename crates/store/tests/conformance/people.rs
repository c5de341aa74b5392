//! Tenants, people, sessions, links, keys, audit and settings.

use domain::access::{Actor, ActorKind, Role};
use domain::ids::UserId;
use domain::page::PageRequest;
use store::links::{self, Link, Purpose};
use store::{api_keys, audit, sessions, settings, tenants, users};

use crate::ground::{Ground, OURS, THEIRS, at, ids};
use crate::sample::{self, hash};

on_both! {
    a_tenant_has_a_name,
    a_setting_is_put_over_or_only_first,
    a_person_is_found_by_address_and_in_the_tenant,
    a_session_lives_until_it_is_ended,
    a_link_is_used_once_and_only_for_its_purpose,
    a_key_is_found_by_its_hash,
    the_audit_log_names_who_did_it,
}

async fn a_tenant_has_a_name(ground: &Ground) {
    ground
        .write(|tx| {
            tenants::insert(tx, OURS, "Example Ltd", at(0))?;
            tenants::insert(tx, OURS, "Another", at(1))?;
            assert_eq!(tenants::name(tx, OURS)?.as_deref(), Some("Example Ltd"));
            tenants::rename(tx, OURS, "Example GmbH")?;
            assert_eq!(tenants::name(tx, OURS)?.as_deref(), Some("Example GmbH"));
            assert_eq!(tenants::name(tx, THEIRS)?, None);
            Ok(())
        })
        .await;
}

async fn a_setting_is_put_over_or_only_first(ground: &Ground) {
    ground
        .write(|tx| {
            assert_eq!(settings::get(tx, settings::SERVER, "key")?, None);
            assert_eq!(settings::put_first(tx, settings::SERVER, "key", "one")?, "one");
            assert_eq!(settings::put_first(tx, settings::SERVER, "key", "two")?, "one");
            settings::put(tx, settings::SERVER, "key", "three")?;
            assert_eq!(settings::get(tx, settings::SERVER, "key")?.as_deref(), Some("three"));
            Ok(())
        })
        .await;
}

async fn a_person_is_found_by_address_and_in_the_tenant(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            assert!(!users::any_owner(tx)?);
            let mut jane = sample::member(&ids, "Jane", Role::Owner);
            assert!(users::insert(tx, OURS, &jane, "jane@example.com", "hash")?);
            let twin = sample::member(&ids, "Twin", Role::Agent);
            assert!(!users::insert(tx, THEIRS, &twin, "jane@example.com", "hash")?, "the address is taken");
            assert!(users::any_owner(tx)?);
            let found = users::credentials(tx, "jane@example.com")?.unwrap();
            assert_eq!(
                (found.tenant, found.id, found.password_hash.as_str(), found.disabled),
                (OURS, jane.id, "hash", false)
            );
            users::set_password(tx, jane.id, "other hash")?;
            assert!(!users::has_another_owner(tx, OURS, jane.id)?);
            let joe = sample::member(&ids, "Joe", Role::Owner);
            users::insert(tx, OURS, &joe, "joe@example.com", "hash")?;
            assert!(users::has_another_owner(tx, OURS, jane.id)?);
            assert_eq!(users::names(tx, OURS)?.len(), 2);
            jane = users::Member {
                name: "Jane Doe".into(),
                role: Role::Agent,
                disabled_at: Some(at(9)),
                ..jane
            };
            users::update(tx, OURS, &jane)?;
            assert_eq!(users::get(tx, OURS, jane.id)?, Some(jane.clone()));
            assert_eq!(users::get(tx, THEIRS, jane.id)?, None);
            let found = users::credentials(tx, "jane@example.com")?.unwrap();
            assert_eq!((found.password_hash.as_str(), found.disabled), ("other hash", true));
            assert!(!users::has_another_owner(tx, OURS, joe.id)?, "Jane is none any more");
            assert!(users::credentials(tx, "nobody@example.com")?.is_none());
            Ok(())
        })
        .await;
}

async fn a_session_lives_until_it_is_ended(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let jane = sample::member(&ids, "Jane", Role::Admin);
            users::insert(tx, OURS, &jane, "jane@example.com", "hash")?;
            for token in ["one", "two", "three"] {
                sessions::insert(tx, &sample::session(OURS, jane.id, token))?;
            }
            let found = sessions::find(tx, &hash("one"))?.unwrap();
            assert_eq!(
                (found.tenant, found.user, found.role, found.disabled),
                (OURS, jane.id, Role::Admin, false)
            );
            assert_eq!(
                (found.name.as_str(), found.csrf_token.as_str(), found.expires_at),
                ("Jane", "csrf", at(100))
            );
            sessions::prolong(tx, &hash("one"), at(500))?;
            assert_eq!(sessions::find(tx, &hash("one"))?.unwrap().expires_at, at(500));
            assert_eq!(sessions::delete_expired(tx, at(101))?, 2);
            assert!(sessions::find(tx, &hash("two"))?.is_none());
            sessions::delete(tx, &hash("one"))?;
            assert!(sessions::find(tx, &hash("one"))?.is_none());
            sessions::insert(tx, &sample::session(OURS, jane.id, "four"))?;
            sessions::delete_of_user(tx, jane.id)?;
            assert!(sessions::find(tx, &hash("four"))?.is_none());
            Ok(())
        })
        .await;
}

async fn a_link_is_used_once_and_only_for_its_purpose(ground: &Ground) {
    ground
        .write(|tx| {
            let user: UserId = ids().next();
            let link = |purpose| Link { purpose, tenant: OURS, user: Some(user), expires_at: at(100) };
            links::insert(tx, &hash("one"), &link(Purpose::SignIn), at(0))?;
            assert!(links::find(tx, &hash("one"), Purpose::SetUp, at(1))?.is_none());
            assert!(links::find(tx, &hash("one"), Purpose::SignIn, at(100))?.is_none(), "it is over");
            assert_eq!(links::find(tx, &hash("one"), Purpose::SignIn, at(99))?.unwrap().user, Some(user));
            let taken = links::take(tx, &hash("one"), Purpose::SignIn, at(99))?.unwrap();
            assert_eq!(
                (taken.purpose, taken.tenant, taken.user, taken.expires_at),
                (Purpose::SignIn, OURS, Some(user), at(100))
            );
            assert!(links::take(tx, &hash("one"), Purpose::SignIn, at(99))?.is_none());
            links::insert(tx, &hash("two"), &link(Purpose::SetUp), at(0))?;
            links::delete_all(tx, Purpose::SetUp)?;
            assert!(links::find(tx, &hash("two"), Purpose::SetUp, at(1))?.is_none());
            links::insert(tx, &hash("three"), &link(Purpose::SetUp), at(0))?;
            assert_eq!(links::delete_expired(tx, at(100))?, 0);
            assert_eq!(links::delete_expired(tx, at(101))?, 1);
            Ok(())
        })
        .await;
}

async fn a_key_is_found_by_its_hash(ground: &Ground) {
    ground
        .write(|tx| {
            let key = sample::api_key(&ids(), OURS, "shop");
            api_keys::insert(tx, &key, &hash("secret"))?;
            assert_eq!(api_keys::by_hash(tx, &hash("secret"))?, Some(key.clone()));
            assert_eq!(api_keys::by_hash(tx, &hash("other"))?, None);
            api_keys::touch(tx, OURS, key.id, at(50))?;
            api_keys::touch(tx, OURS, key.id, at(40))?;
            assert_eq!(
                api_keys::get(tx, OURS, key.id)?.unwrap().last_used_at,
                Some(at(50)),
                "never backwards"
            );
            assert!(api_keys::revoke(tx, OURS, key.id, at(60))?);
            assert!(!api_keys::revoke(tx, OURS, key.id, at(70))?);
            assert_eq!(api_keys::get(tx, OURS, key.id)?.unwrap().revoked_at, Some(at(60)));
            assert_eq!(api_keys::names(tx, OURS)?, [(key.id, "shop".to_owned())]);
            Ok(())
        })
        .await;
}

async fn the_audit_log_names_who_did_it(ground: &Ground) {
    ground
        .write(|tx| {
            let ids = ids();
            let jane = sample::member(&ids, "Jane", Role::Admin);
            users::insert(tx, OURS, &jane, "jane@example.com", "hash")?;
            let key = sample::api_key(&ids, OURS, "shop");
            api_keys::insert(tx, &key, &hash("secret"))?;
            assert_eq!(audit::head(tx, OURS)?, None);
            let actors = [
                (Actor { kind: ActorKind::User, id: Some(jane.id.to_string()) }, Some("Jane")),
                (Actor { kind: ActorKind::Key, id: Some(key.id.to_string()) }, Some("shop")),
                (Actor::system(), None),
            ];
            for (seq, (actor, _)) in (1..).zip(&actors) {
                let entry = audit::Entry {
                    seq,
                    at: at(seq),
                    actor: actor.clone(),
                    action: "user.updated".into(),
                    subject: jane.id.to_string(),
                    detail: "{\"a\": 1}".into(),
                    hash: format!("hash {seq}"),
                };
                audit::append(tx, OURS, &entry)?;
                assert_eq!(audit::head(tx, OURS)?, Some((seq, format!("hash {seq}"))));
                assert_eq!(audit::after(tx, OURS, seq - 1, 9)?, [entry]);
            }
            let rows = audit::list(tx, OURS, &PageRequest { limit: 9, after: None })?.rows;
            let names: Vec<_> =
                rows.iter().rev().map(|(entry, name)| (entry.actor.clone(), name.as_deref())).collect();
            assert_eq!(names, actors);
            Ok(())
        })
        .await;
}
