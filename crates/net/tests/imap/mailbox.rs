//! A real mailbox, from signing in to moving a mail away.

use std::time::Duration;

use domain::secret::Secret;
use net::http::GuardPolicy;
use net::imap::{Imap, ImapConfig, ImapFault, Security, SignIn, Timeouts};

use crate::dovecot::Dovecot;

pub fn config(port: u16, password: &str) -> ImapConfig {
    ImapConfig {
        host: "127.0.0.1".to_owned(),
        port,
        security: Security::None,
        username: Dovecot::USER.to_owned(),
        sign_in: SignIn::Password(Secret::new(password.to_owned())),
        policy: GuardPolicy { allow_private: false, allow_loopback: true },
        root_ca_pem: None,
        max_mail_bytes: 100_000,
        timeouts: Timeouts { connect: Duration::from_secs(5), answer: Duration::from_secs(5) },
    }
}

async fn open(dovecot: &Dovecot) -> Imap {
    Imap::connect(&config(dovecot.port, Dovecot::PASSWORD), &mut Vec::new()).await.unwrap()
}

fn mail(number: u32) -> String {
    format!("From: jane@example.com\r\nSubject: {number}\r\n\r\nHello {number}\r\n")
}

#[tokio::test]
async fn mail_is_found_fetched_marked_and_moved() {
    let Some(mut dovecot) = Dovecot::start("imap-basic").await else { return };
    for number in 1..=3 {
        dovecot.deliver("INBOX", mail(number));
    }
    dovecot.deliver("INBOX", "x".repeat(200_000));
    let mut imap = open(&dovecot).await;
    let selected = imap.select("INBOX").await.unwrap();
    assert_eq!((selected.exists, selected.uid_next), (4, Some(5)));
    assert_eq!(imap.uids_from(2).await.unwrap(), [2, 3, 4]);
    assert_eq!(imap.uids_from(5).await.unwrap(), [] as [u32; 0]);
    let sizes = imap.sizes(&[1, 4, 9]).await.unwrap();
    assert_eq!(sizes.iter().map(|listed| listed.uid).collect::<Vec<_>>(), [1, 4]);
    assert!(sizes[1].size >= 200_000);
    let fetched = imap.fetch(&[1, 2, 3, 4, 9]).await.unwrap();
    assert_eq!(fetched.len(), 4);
    assert_eq!(fetched[0].mail.as_ref().unwrap(), mail(1).as_bytes());
    assert!(fetched[0].internal_date.is_some());
    assert_eq!(fetched[3].mail, None, "it is above the limit");
    assert_eq!(imap.search("UNSEEN").await.unwrap(), [1, 2, 3, 4]);
    imap.mark_seen(&[1, 2]).await.unwrap();
    assert_eq!(imap.search("UNSEEN").await.unwrap(), [3, 4]);
    imap.move_to(&[1, 3], "Erledigt & gut/ä").await.unwrap_err();
    imap.move_to(&[1, 3], "Erledigt ä").await.unwrap();
    assert_eq!(imap.uids_from(1).await.unwrap(), [2, 4]);
    assert_eq!(imap.select("Erledigt ä").await.unwrap().exists, 2);
    assert!(matches!(imap.select("Nowhere").await, Err(ImapFault::Refused(_))));
    imap.noop().await.unwrap();
    imap.logout().await;
}

#[tokio::test]
async fn new_mail_ends_the_waiting() {
    let Some(mut dovecot) = Dovecot::start("imap-idle").await else { return };
    let mut imap = open(&dovecot).await;
    imap.select("INBOX").await.unwrap();
    assert!(imap.can_idle());
    imap.begin_idle().await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(300), imap.news()).await.is_err());
    dovecot.deliver("INBOX", mail(1));
    tokio::time::timeout(Duration::from_secs(10), imap.news()).await.unwrap().unwrap();
    assert_eq!(imap.uids_from(1).await.unwrap(), [1]);
    imap.begin_idle().await.unwrap();
    dovecot.go_down();
    let ended = tokio::time::timeout(Duration::from_secs(10), imap.news()).await.unwrap();
    assert!(matches!(ended, Err(ImapFault::Unreachable(_))), "{ended:?}");
}

#[tokio::test]
async fn a_wrong_password_is_told_from_a_server_that_is_away() {
    let Some(mut dovecot) = Dovecot::start("imap-wrong").await else { return };
    let mut steps = Vec::new();
    let wrong = Imap::connect(&config(dovecot.port, "wrong"), &mut steps).await.unwrap_err();
    assert!(matches!(wrong, ImapFault::Credentials(_)), "{wrong:?}");
    let names: Vec<(&str, bool)> = steps.iter().map(|step| (step.name.as_str(), step.ok)).collect();
    assert_eq!(names, [("connect", true), ("greeting", true), ("sign in", false)]);
    dovecot.go_down();
    let away = Imap::connect(&config(dovecot.port, "wrong"), &mut Vec::new()).await.unwrap_err();
    assert!(matches!(away, ImapFault::Unreachable(_)), "{away:?}");
}
