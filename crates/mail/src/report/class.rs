//! What a refusal means for the address. The class of the code decides, its detail where it is certain, the words only
//! where the code is general. Unsure is soft: a wrong hard bounce silences somebody who wants mail.

use std::fmt;

use super::Action;

domain::words! {
    /// What a report means for the message and for the address.
    pub enum BounceClass {
        /// There is no such mailbox; never write there again.
        Hard = "hard",
        /// It failed this time.
        Soft = "soft",
        /// Soft, because somebody has to clear it up.
        MailboxFull = "mailbox_full",
        /// The server does not want this message or this sender: nothing is wrong with the address.
        Policy = "policy",
        /// This message is too large for it.
        TooLarge = "too_large",
        /// Nothing is decided; the server goes on trying.
        Deferred = "deferred",
        Delivered = "delivered",
        /// This message cannot be delivered, whoever it goes to.
        Failed = "failed",
    }
}

/// A status code of RFC 3463: class, subject, detail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnhancedStatus {
    pub class: u8,
    pub subject: u16,
    pub detail: u16,
}

impl EnhancedStatus {
    /// The code at the beginning of a text; comments may follow.
    #[must_use]
    pub fn read(text: &str) -> Option<EnhancedStatus> {
        let mut pieces = text.splitn(3, '.');
        let class = pieces.next()?;
        let subject = pieces.next()?;
        let detail = pieces.next()?;
        let end = detail.find(|character: char| !character.is_ascii_digit()).unwrap_or(detail.len());
        // Four numbers are an internet address.
        if detail[end..].strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        {
            return None;
        }
        let number = |text: &str| (1..=3).contains(&text.len()).then(|| text.parse::<u16>().ok()).flatten();
        let class = match class {
            "2" => 2,
            "4" => 4,
            "5" => 5,
            _ => return None,
        };
        Some(EnhancedStatus { class, subject: number(subject)?, detail: number(&detail[..end])? })
    }

    /// Whether it says no more than its class.
    fn is_general(self) -> bool {
        matches!((self.subject, self.detail), (0, _) | (1..=3 | 5, 0) | (5, 1))
    }
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// The first status and reply that a text names.
pub(super) fn codes_in(text: &str) -> (Option<u16>, Option<EnhancedStatus>) {
    let mut reply = None;
    let mut status = None;
    let bytes = text.as_bytes();
    for (place, byte) in text.bytes().enumerate() {
        let begins_number = matches!(byte, b'4' | b'5')
            && (place == 0
                || !(bytes[place - 1].is_ascii_alphanumeric() || b".-_/=@:+".contains(&bytes[place - 1]))
                || is_label(&text[..place]));
        if !begins_number {
            continue;
        }
        let rest = &text[place..];
        if let Some(found) = EnhancedStatus::read(rest) {
            status = status.or(Some(found));
        } else if reply.is_none() {
            reply = reply_at(rest);
            // `550-5.1.1` is one word to some servers.
            let behind = rest.get(4..).filter(|_| reply.is_some() && rest[3..].starts_with(['-', ':', '_']));
            status = status.or(behind.and_then(EnhancedStatus::read));
        }
        if reply.is_some() && status.is_some() {
            break;
        }
    }
    (reply, status)
}

/// Behind `dsn=`, `said:`, `smtp;` and the like a number is a code although no space stands between.
fn is_label(before: &str) -> bool {
    ["said:", "dsn=", "code=", "status=", "smtp:", "error:", "reply:", "code:", "status:", "smtp-"]
        .iter()
        .any(|label| {
            before.len() >= label.len()
                && before.as_bytes()[before.len() - label.len()..].eq_ignore_ascii_case(label.as_bytes())
        })
}

fn reply_at(text: &str) -> Option<u16> {
    let digits = text.get(..3).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let follows = text[3..].chars().next();
    let ends = match follows {
        None => true,
        Some(' ' | '-' | ':' | ',' | ';' | ')' | ']' | '"' | '\'' | '<' | '\n' | '\t' | '_' | '#' | '=') => {
            true
        }
        // A sentence ends; a decimal number does not.
        Some('.') => !text[4..].starts_with(|character: char| character.is_ascii_digit()),
        Some(_) => false,
    };
    let reply: u16 = digits.parse().ok()?;
    (ends && matches!(reply, 421 | 422 | 432 | 441 | 442 | 446 | 447 | 449..=459 | 471 | 500..=505 | 510..=559 | 570..=579)).then_some(reply)
}

/// What it means.
pub(super) fn class(
    action: Action,
    status: Option<EnhancedStatus>,
    reply: Option<u16>,
    words: &str,
) -> BounceClass {
    match action {
        Action::Delayed => return BounceClass::Deferred,
        Action::Delivered | Action::Relayed | Action::Expanded => return BounceClass::Delivered,
        Action::Failed => {}
    }
    let meaning = Meaning::of(words);
    let temporary = status.is_some_and(|status| status.class == 4) || reply.is_some_and(|reply| reply < 500);
    match status {
        Some(status) if (status.subject, status.detail) == (2, 2) => BounceClass::MailboxFull,
        Some(EnhancedStatus { subject: 2, detail: 3, .. } | EnhancedStatus { subject: 3, detail: 4, .. }) => {
            BounceClass::TooLarge
        }
        _ if temporary => {
            if meaning == Meaning::Full {
                BounceClass::MailboxFull
            } else {
                BounceClass::Soft
            }
        }
        Some(status) if status.class == 5 && !status.is_general() => by_detail(status, meaning),
        Some(EnhancedStatus { class: 2, .. }) => BounceClass::Soft,
        Some(EnhancedStatus { subject, .. }) => {
            by_words(reply, meaning, if subject == 5 { BounceClass::Failed } else { BounceClass::Soft })
        }
        None => by_words(reply, meaning, BounceClass::Soft),
    }
}

fn by_detail(status: EnhancedStatus, meaning: Meaning) -> BounceClass {
    match (status.subject, status.detail) {
        (1, 1 | 2 | 3 | 6 | 10) | (2, 1) | (4, 4) => match meaning {
            Meaning::Full => BounceClass::MailboxFull,
            Meaning::Policy => BounceClass::Policy,
            _ => BounceClass::Hard,
        },
        // What is wrong is the address of the sender.
        (1, 7 | 8) | (7, _) => BounceClass::Policy,
        (4, 6 | 14) | (5 | 6, _) => BounceClass::Failed,
        _ if meaning == Meaning::Full => BounceClass::MailboxFull,
        _ => BounceClass::Soft,
    }
}

/// Where the status says nothing more than "no": the reply and the words.
fn by_words(reply: Option<u16>, meaning: Meaning, otherwise: BounceClass) -> BounceClass {
    match (meaning, reply) {
        (Meaning::Full, _) => BounceClass::MailboxFull,
        (Meaning::Policy, _) => BounceClass::Policy,
        (Meaning::TooLarge, _) => BounceClass::TooLarge,
        (Meaning::Unknown, _) => BounceClass::Hard,
        (Meaning::None, Some(550 | 551 | 553)) if otherwise == BounceClass::Soft => BounceClass::Hard,
        (Meaning::None, Some(554)) => BounceClass::Policy,
        (Meaning::None | Meaning::Later, _) => otherwise,
    }
}

/// What the words of a server say, as far as they are beyond doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// There is no such mailbox or domain.
    Unknown,
    Full,
    TooLarge,
    Policy,
    /// The server will try again.
    Later,
    None,
}

impl Meaning {
    /// In the order of caution: what is not the fault of the address is looked for first.
    pub(super) fn of(words: &str) -> Meaning {
        let words = words.to_lowercase();
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
        if says(super::free_form::phrases::LATER) {
            Meaning::Later
        } else if says(super::free_form::phrases::FULL) {
            Meaning::Full
        } else if says(super::free_form::phrases::TOO_LARGE) {
            Meaning::TooLarge
        } else if says(super::free_form::phrases::POLICY) {
            Meaning::Policy
        } else if says(super::free_form::phrases::UNKNOWN) {
            Meaning::Unknown
        } else {
            Meaning::None
        }
    }
}
