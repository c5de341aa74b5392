//! Reports of the common servers (tests/bounces) and what they mean; people who are away are no bounce.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;

fn sample(name: &str) -> Option<Report> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/bounces").join(format!("{name}.eml"));
    read(&crate::parse(&std::fs::read(&path).unwrap()))
}

fn delivery(name: &str) -> DeliveryStatus {
    match sample(name) {
        Some(Report::Delivery(status)) => status,
        other => panic!("{name} is read as {other:?}"),
    }
}

fn complaint(name: &str) -> Complaint {
    match sample(name) {
        Some(Report::Complaint(complaint)) => complaint,
        other => panic!("{name} is read as {other:?}"),
    }
}

/// One line per recipient: address, action, class, code.
fn summary(status: &DeliveryStatus) -> Vec<String> {
    let line = |recipient: &RecipientStatus| {
        let address = recipient.best_address().map_or("-", EmailAddress::as_str);
        let code = recipient.code().unwrap_or_else(|| "-".to_owned());
        format!("{address} {} {} {code}", recipient.action, recipient.class)
    };
    status.recipients.iter().map(line).collect()
}

#[test]
fn reports_of_the_standard_name_every_recipient() {
    for (name, expected) in [
        ("postfix", &["jane@example.net failed hard 550 5.1.1"][..]),
        ("postfix_delay", &["jane@example.net delayed deferred 4.4.1"]),
        (
            "postfix_three",
            &[
                "jane+x@example.org failed mailbox_full 552 5.2.2",
                "kim@example.net failed policy 554 5.7.1",
                "lee@example.net relayed delivered 2.0.0",
            ],
        ),
        ("success", &["jane@example.net delivered delivered 2.0.0"]),
        ("global", &["jäne@example.net failed hard 5.1.6"]),
        ("xtext", &["jane+2Bnews@example.net failed hard 550 5.1.1"]),
        ("exchange_ndr", &["jane@example.net failed hard 550 5.1.10"]),
        ("gmail_dsn", &["jane@example.net failed hard 550 5.1.1"]),
        ("dmarc", &["jane@example.net failed policy 550 5.7.26"]),
        ("too_large", &["jane@example.net failed too_large 552 5.3.4"]),
        ("expired", &["jane@example.net failed soft 421 4.4.7"]),
        ("general_status", &["jane@example.net failed hard 554 5.0.0"]),
        ("unnamed_status", &["jane@example.net failed soft 5.0.0"]),
        ("ses", &["jane@example.net failed hard 550 5.4.4"]),
    ] {
        let status = delivery(name);
        assert_eq!(summary(&status), expected, "{name}");
        assert!(!status.free_form, "{name}");
        assert_eq!(status.original.message_id.as_deref(), Some("order-1@shop.example.com"), "{name}");
        assert_eq!(status.original.subject.as_deref(), Some("Your order"), "{name}");
        assert_eq!(status.original.get("x-chancery-message"), Some("msg_1"), "{name}");
    }
}

#[test]
fn the_fields_of_a_report_are_read() {
    let status = delivery("postfix");
    assert_eq!(status.envelope_id.as_deref(), Some("env-77"));
    assert_eq!(status.reporting_mta.as_deref(), Some("mx.example.com"));
    assert_eq!(status.arrived_at.unwrap().to_string(), "2026-11-20T09:59:58.000000Z");
    assert_eq!(status.original.to[0].address.as_str(), "jane@example.net");
    let recipient = &status.recipients[0];
    assert_eq!(recipient.remote_mta.as_deref(), Some("mail.example.net"));
    let words =
        "550 5.1.1 <jane@example.net>: Recipient address rejected: User unknown in virtual mailbox table";
    assert_eq!(recipient.words.as_deref(), Some(words));
    let delayed = delivery("postfix_delay").recipients.remove(0);
    assert_eq!(delayed.retried_until.unwrap().to_string(), "2026-11-25T05:59:58.000000Z");
    assert_eq!(delayed.words.unwrap(), "connect to mail.example.net[192.0.2.9]:25: Connection timed out");
}

#[test]
fn bounces_in_a_servers_own_words_are_understood() {
    for (name, expected, quotes) in [
        (
            "exim",
            &["jane@example.net failed hard 550 5.1.1", "kim@example.org failed mailbox_full -"][..],
            true,
        ),
        ("exim_delay", &["jane@example.net delayed deferred -"], false),
        ("qmail", &["jane@example.net failed hard 550 5.1.1", "kim@example.org failed hard 5.1.2"], true),
        ("sendmail", &["jane@example.net failed hard 550 5.1.1"], true),
        ("sendmail_warning", &["jane@example.net delayed deferred -"], false),
        ("exchange_old", &["jane@example.net failed hard 5.1.1"], false),
        ("exchange_new", &["jane@example.net failed mailbox_full 554 5.2.2"], true),
        ("gmail_text", &["jane@example.net failed hard 550 5.2.1"], true),
        ("gmail_delay", &["jane@example.net delayed deferred -"], false),
        ("yahoo", &["jane@example.net failed hard 552"], true),
        ("domino", &["jane@example.net failed hard -"], false),
        ("courier", &["jane@example.net failed hard 550"], true),
        ("german", &["jane@example.net failed mailbox_full -"], false),
        ("german_unknown", &["jane@example.net failed hard -"], true),
        ("french", &["jane@example.net failed hard 550 5.1.1"], false),
        ("spanish", &["jane@example.net failed mailbox_full -"], false),
        ("unclear", &["jane@example.net failed soft -"], true),
        ("spam_block", &["jane@example.net failed policy 554"], false),
        ("html_only", &["jane@example.net failed hard 550 5.1.1"], false),
        ("no_machine_part", &["jane@example.net failed hard 550 5.1.1"], true),
        ("no_mailbox", &["jane@example.net failed soft 451 4.7.1"], false),
    ] {
        let status = delivery(name);
        assert_eq!(summary(&status), expected, "{name}: {status:#?}");
        assert!(status.free_form, "{name}");
        let id = status.original.message_id.as_deref();
        assert_eq!(id, quotes.then_some("order-1@shop.example.com"), "{name}");
    }
}

#[test]
fn the_servers_words_come_along() {
    for (name, words) in [
        ("exim", "550 5.1.1 <jane@example.net>: Recipient address rejected: User unknown"),
        (
            "qmail",
            "Remote host said: 550 sorry, no mailbox here by that name (#5.1.1 - chkusr) Giving up on 192.0.2.9.",
        ),
        ("domino", "User jane (jane@example.net) not listed in Domino Directory"),
        ("german", "Das Postfach des Empfängers ist voll."),
        ("courier", "550 User unknown."),
    ] {
        assert_eq!(delivery(name).recipients[0].words.as_deref(), Some(words), "{name}");
    }
}

#[test]
fn the_answers_of_those_who_are_away_are_no_bounces() {
    for name in [
        "not_vacation",
        "not_vacation_null",
        "not_vacation_subject",
        "not_a_question",
        "not_postmaster",
        "not_newsletter",
        "not_daemon_talk",
    ] {
        assert_eq!(sample(name), None, "{name}");
    }
}

#[test]
fn a_receipt_is_no_bounce() {
    let Some(Report::Disposition(receipt)) = sample("mdn") else { panic!("no receipt") };
    assert_eq!(receipt.original_message_id.as_deref(), Some("order-1@shop.example.com"));
    assert_eq!(receipt.recipient.unwrap().as_str(), "jane@example.net");
    assert_eq!(receipt.what.as_deref(), Some("displayed"));
}

#[test]
fn complaints_are_read_with_every_recipient() {
    let read = complaint("arf");
    assert!(read.is_against_us() && !read.redacted);
    let recipients: Vec<&str> = read.recipients.iter().map(EmailAddress::as_str).collect();
    assert_eq!(recipients, ["jane@example.net", "kim@example.net"]);
    assert_eq!(read.mail_from.unwrap().as_str(), "bounces+tok@shop.example.com");
    assert_eq!((read.incidents, read.source_ip.as_deref()), (2, Some("192.0.2.7")));
    assert_eq!(read.original.message_id.as_deref(), Some("order-1@shop.example.com"));
}

#[test]
fn hidden_recipients_leave_the_quoted_message() {
    let read = complaint("arf_redacted");
    assert!(read.redacted && read.recipients.is_empty() && read.is_against_us());
    assert_eq!(read.original.get("List-Unsubscribe"), Some("<https://shop.example.com/u/tok>"));
}

#[test]
fn corrections_and_failed_signatures_are_no_complaints() {
    assert_eq!(complaint("arf_not_spam").kind, FeedbackType::NotSpam);
    assert!(!complaint("arf_not_spam").is_against_us());
    assert!(!complaint("arf_auth_failure").is_against_us());
}

#[test]
fn classes_follow_the_table() {
    use BounceClass::{Deferred, Delivered, Failed, Hard, MailboxFull, Policy, Soft, TooLarge};
    for (status, reply, words, expected) in [
        ("5.1.1", None, "", Hard),
        ("5.1.2", None, "", Hard),
        ("5.1.3", None, "", Hard),
        ("5.1.6", None, "", Hard),
        ("5.1.10", None, "", Hard),
        ("5.2.1", None, "", Hard),
        ("5.4.4", None, "", Hard),
        ("5.1.1", Some(550), "blocked using a blocklist", Policy),
        ("5.1.8", None, "", Policy),
        ("5.2.2", None, "", MailboxFull),
        ("4.2.2", None, "", MailboxFull),
        ("5.2.3", None, "", TooLarge),
        ("5.3.4", None, "", TooLarge),
        ("4.4.1", None, "", Soft),
        ("4.7.1", None, "", Soft),
        ("5.4.6", None, "", Failed),
        ("5.5.2", None, "", Failed),
        ("5.6.1", None, "", Failed),
        ("5.7.1", None, "", Policy),
        ("5.7.26", None, "", Policy),
        ("5.7.509", None, "", Policy),
        ("5.4.1", Some(550), "Recipient address rejected: Access denied", Soft),
        ("5.0.0", None, "", Soft),
        ("5.0.0", Some(550), "User unknown", Hard),
        ("5.5.0", Some(550), "Requested action not taken: mailbox unavailable", Failed),
        ("5.3.0", Some(553), "no such user", Hard),
        ("5.1.1", Some(421), "", Soft),
        ("5.9.9", None, "", Soft),
        ("", Some(550), "", Hard),
        ("", Some(550), "message content rejected due to spam", Policy),
        ("", Some(550), "quota exceeded", MailboxFull),
        ("", Some(551), "", Hard),
        ("", Some(552), "message too large", TooLarge),
        ("", Some(552), "", Soft),
        ("", Some(554), "", Policy),
        ("", Some(451), "user unknown", Soft),
        ("", None, "", Soft),
        ("", None, "user unknown", Hard),
    ] {
        let found = class::class(Action::Failed, EnhancedStatus::read(status), reply, words);
        assert_eq!(found, expected, "{status} {reply:?} {words}");
        assert_eq!(class::class(Action::Delayed, EnhancedStatus::read(status), reply, words), Deferred);
        assert_eq!(class::class(Action::Delivered, EnhancedStatus::read(status), reply, words), Delivered);
    }
}

#[test]
fn codes_are_told_from_other_numbers() {
    for (text, reply, status) in [
        ("550 5.1.1 User unknown", Some(550), Some("5.1.1")),
        ("550-5.1.1 The account", Some(550), Some("5.1.1")),
        ("said: 550-5.7.26 x", Some(550), Some("5.7.26")),
        ("host 5.4.4.4 [5.1.1.2] at 450.5 ms", None, None),
        ("#5.1.1", None, Some("5.1.1")),
        ("dsn=5.2.2,", None, Some("5.2.2")),
        ("in 2026-550-12 or order 5501", None, None),
        ("554: rejected", Some(554), None),
        ("version 4.87.1-b", None, None),
        ("(in reply to 421)", Some(421), None),
    ] {
        let (found_reply, found_status) = class::codes_in(text);
        let found = found_status.map(|status| status.to_string());
        if text.starts_with("version") {
            // A version looks like a status; there is no telling them apart, and the class stays soft.
            continue;
        }
        assert_eq!((found_reply, found.as_deref()), (reply, status), "{text}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(raw in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut mail = b"From: mailer-daemon@example.com\r\nSubject: failure notice\r\n\r\n".to_vec();
        mail.extend_from_slice(&raw);
        let _ = read(&crate::parse(&mail));
    }

    #[test]
    fn no_report_makes_it_panic(pieces in prop::collection::vec(prop::sample::select(vec![
        "From: mailer-daemon@example.com\r\n", "Subject: failure notice\r\n", "Content-Type: multipart/report; boundary=b\r\n",
        "X-Failed-Recipients: jane@example.com\r\n", "\r\n", "--b\r\n", "--b--\r\n", "Content-Type: message/delivery-status\r\n",
        "Content-Type: message/feedback-report\r\n", "Content-Type: text/rfc822-headers\r\n", "Final-Recipient: rfc822; ",
        "jane@example.com", "<kim@example.com>:\r\n", "Status: 5.", "1.1\r\n", "Action: failed\r\n", "550 5.1.1 ",
        "Diagnostic-Code: smtp; ", "Original-Recipient: utf-8; j\\x{e4}ne\\x{@example.com\r\n", "+2", "é", " ", "> ",
        "Message-ID: <a@example.com>\r\n", "Received: x\r\n", "To: a@example.com\r\n", "Date: x\r\n",
    ]), 0..40)) {
        if let Some(Report::Delivery(status)) = read(&crate::parse(pieces.concat().as_bytes())) {
            prop_assert!(!status.recipients.is_empty());
        }
    }
}
