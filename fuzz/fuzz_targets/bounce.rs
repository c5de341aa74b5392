//! Whatever claims to be a report, it is read without harm, and what is unsure silences nobody.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mail::report::{Action, BounceClass, Report};

fuzz_target!(|raw: &[u8]| {
    let message = mail::parse(raw);
    let Some(Report::Delivery(status)) = mail::report::read(&message) else { return };
    assert!(!status.recipients.is_empty(), "a report about nobody");
    for recipient in &status.recipients {
        let words = recipient.words.as_deref().unwrap_or_default();
        assert!(!words.contains(['\r', '\n', '\0']), "{words:?} could forge a log line");
        let is_final =
            matches!(recipient.class, BounceClass::Hard | BounceClass::MailboxFull | BounceClass::Policy);
        assert!(!is_final || recipient.action == Action::Failed, "{recipient:?} fails without having failed");
        let is_temporary = recipient.status.is_some_and(|status| status.class == 4);
        assert!(
            !is_temporary || recipient.class != BounceClass::Hard,
            "{recipient:?} is hard for the moment"
        );
    }
    assert!(!status.free_form || !message.auto.vacation, "somebody is only away");
});
