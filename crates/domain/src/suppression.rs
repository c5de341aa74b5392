//! Suppression: which addresses are not written to, why, and which message that forbids.

use crate::access::ActorKind;
use crate::message::EventKind;
use crate::threading::Rule;

crate::words! {
    /// Why an address is not written to; the strongest first.
    #[derive(PartialOrd, Ord)]
    pub enum SuppressionReason {
        /// The address does not exist or takes no mail.
        HardBounce = "hard_bounce",
        /// The recipient called a message of ours spam.
        Complaint = "complaint",
        /// Somebody here decided so.
        Manual = "manual",
        /// The recipient wants no more of what is sent to many.
        Unsubscribed = "unsubscribed",
    }
}

/// What kind of message it is, as far as that matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letter {
    /// A person's answer in a conversation: who unsubscribed from letters to many may still be answered.
    Answer,
    Other,
}

impl Letter {
    /// By who wrote it and how it came to its conversation.
    #[must_use]
    pub fn of(author: ActorKind, rule: Rule) -> Letter {
        if author == ActorKind::User && rule == Rule::Given { Letter::Answer } else { Letter::Other }
    }
}

impl SuppressionReason {
    /// Whether a letter may not be sent for this reason.
    #[must_use]
    pub fn forbids(self, letter: Letter) -> bool {
        !(self == SuppressionReason::Unsubscribed && letter == Letter::Answer)
    }

    /// In words, behind the address.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            SuppressionReason::HardBounce => "does not exist or takes no mail",
            SuppressionReason::Complaint => "called an earlier message spam",
            SuppressionReason::Manual => "was put on the suppression list by hand",
            SuppressionReason::Unsubscribed => "has unsubscribed",
        }
    }
}

/// What a report about a message means for the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lesson {
    Suppress(SuppressionReason),
    /// Whoever had unsubscribed wants to be written to again.
    Readmit,
}

impl Lesson {
    /// Soft bounces teach nothing: the address may work tomorrow.
    #[must_use]
    pub fn of(event: EventKind) -> Option<Lesson> {
        match event {
            EventKind::BouncedHard => Some(Lesson::Suppress(SuppressionReason::HardBounce)),
            EventKind::Complained => Some(Lesson::Suppress(SuppressionReason::Complaint)),
            EventKind::Unsubscribed => Some(Lesson::Suppress(SuppressionReason::Unsubscribed)),
            EventKind::Resubscribed => Some(Lesson::Readmit),
            _ => None,
        }
    }
}

/// Whom of a message's recipients a report is about, by their keys.
///
/// The one that it names, when the message went there. A report may name another address, to which the mail was passed
/// on, or none: then it is about the only recipient, and about nobody when there are several.
#[must_use]
pub fn meant<'a>(named: Option<&str>, recipients: &[&'a str]) -> Option<&'a str> {
    let named = named.map(str::to_lowercase);
    if let Some(found) = recipients.iter().find(|one| Some(one.to_lowercase()) == named) {
        return Some(found);
    }
    match recipients {
        [only] => Some(only),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_persons_answer_reaches_who_unsubscribed() {
        use SuppressionReason as R;
        let answer = Letter::of(ActorKind::User, Rule::Given);
        assert_eq!(answer, Letter::Answer);
        assert!(!R::Unsubscribed.forbids(answer));
        for stronger in [R::HardBounce, R::Complaint, R::Manual] {
            assert!(stronger.forbids(answer), "{stronger}");
        }
        for other in [
            Letter::of(ActorKind::Key, Rule::Given),
            Letter::of(ActorKind::System, Rule::Given),
            Letter::of(ActorKind::User, Rule::New),
        ] {
            assert!(R::ALL.iter().all(|reason| reason.forbids(other)));
        }
    }

    #[test]
    fn the_strongest_reason_comes_first() {
        assert_eq!(SuppressionReason::ALL.iter().min(), Some(&SuppressionReason::HardBounce));
        assert_eq!(SuppressionReason::ALL.iter().max(), Some(&SuppressionReason::Unsubscribed));
    }

    #[test]
    fn a_soft_bounce_teaches_nothing() {
        for event in [EventKind::BouncedSoft, EventKind::Deferred, EventKind::Rejected, EventKind::Failed] {
            assert_eq!(Lesson::of(event), None, "{event}");
        }
        assert_eq!(Lesson::of(EventKind::Resubscribed), Some(Lesson::Readmit));
    }

    #[test]
    fn a_report_is_about_whom_it_names_or_about_the_only_one() {
        assert_eq!(
            meant(Some("JANE@example.com"), &["jane@example.com", "joe@example.com"]),
            Some("jane@example.com")
        );
        assert_eq!(meant(Some("forward@example.org"), &["jane@example.com"]), Some("jane@example.com"));
        assert_eq!(meant(None, &["jane@example.com"]), Some("jane@example.com"));
        assert_eq!(meant(Some("x@example.org"), &["jane@example.com", "joe@example.com"]), None);
        assert_eq!(meant(None, &["jane@example.com", "joe@example.com"]), None);
        assert_eq!(meant(None, &[]), None);
    }
}
