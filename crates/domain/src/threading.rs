//! Where an inbound message belongs, decided purely from what was found; the rule is stored on the message.

use crate::clock::Timestamp;
use crate::ids::{ConversationId, ThreadId};

crate::words! {
    /// The rule that placed a message.
    pub enum Rule {
        /// The caller named the conversation.
        Given = "given",
        /// The recipient address carries our token.
        ReplyToken = "reply_token",
        /// In-Reply-To or References name a message that we know.
        References = "references",
        /// The same participants and the same subject within 30 days.
        SameSubject = "same_subject",
        /// Nothing fits: it opens a conversation.
        New = "new",
        /// A person moved it.
        Moved = "moved",
    }
}

impl Rule {
    /// The rule in a sentence for people.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Rule::Given => "The sender named this conversation.",
            Rule::ReplyToken => "It was sent to the reply address of this conversation.",
            Rule::References => "It answers a message of this conversation (In-Reply-To or References).",
            Rule::SameSubject => "The same person wrote about the same subject within 30 days.",
            Rule::New => "Nothing connects it with an earlier conversation.",
            Rule::Moved => "A person put it here.",
        }
    }
}

/// How long the same subject still means the same conversation.
pub const SUBJECT_WINDOW: std::time::Duration = std::time::Duration::from_hours(30 * 24);

/// A thread that an inbound message may belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub thread: ThreadId,
    pub conversation: ConversationId,
    /// Whether the sender has been part of this thread: wrote in it, or was written to.
    pub knows_sender: bool,
    pub last_activity: Timestamp,
}

/// What was found for an inbound message, by rule.
#[derive(Debug, Clone, Copy, Default)]
pub struct Found {
    pub by_token: Option<Candidate>,
    pub by_references: Option<Candidate>,
    pub by_subject: Option<Candidate>,
}

/// Where the message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// Into an existing thread.
    Join { candidate: Candidate, rule: Rule },
    /// Opens a conversation of its own.
    Open,
    /// Opens one in the tray "does this belong here?": a stranger answered into somebody's thread.
    Tray { claims: ConversationId, rule: Rule },
}

/// Decides. The order of the rules is the order of their strength: token, references, subject.
///
/// A sender who was never part of the thread is not let in by a token or a reference that he may have been forwarded;
/// a subject proves nothing about strangers at all.
#[must_use]
pub fn place(found: &Found, now: Timestamp) -> Placement {
    for (candidate, rule) in [(found.by_token, Rule::ReplyToken), (found.by_references, Rule::References)] {
        if let Some(candidate) = candidate {
            return if candidate.knows_sender {
                Placement::Join { candidate, rule }
            } else {
                Placement::Tray { claims: candidate.conversation, rule }
            };
        }
    }
    match found.by_subject {
        Some(candidate) if candidate.knows_sender && now.since(candidate.last_activity) <= SUBJECT_WINDOW => {
            Placement::Join { candidate, rule: Rule::SameSubject }
        }
        _ => Placement::Open,
    }
}

/// A subject in the form in which subjects are compared: without reply and forward marks of the usual mail clients and
/// languages, white space folded, lower case.
#[must_use]
pub fn normal_subject(subject: &str) -> String {
    let mut rest = subject.trim();
    while let Some(stripped) = without_mark(rest) {
        rest = stripped;
    }
    rest.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Whether the subject begins with a reply mark already, so that an answer needs no second one.
#[must_use]
pub fn is_reply_subject(subject: &str) -> bool {
    without_mark(subject.trim()).is_some()
}

const MARKS: &[&str] = &[
    "re",
    "aw",
    "antw",
    "sv",
    "vs",
    "r",
    "odp",
    "rif",
    "tr",
    "ref",
    "fw",
    "fwd",
    "wg",
    "rv",
    "enc",
    "vb",
    "i",
    "回复",
    "转发",
    "答复",
    "返信",
    "ответ",
    "на",
    "res",
    "ynt",
];

fn without_mark(subject: &str) -> Option<&str> {
    let (mark, rest) = subject.split_once([':', '：'])?;
    // `Re[2]:` and `Re(3):` count as well.
    let word =
        mark.trim().trim_end_matches(|c: char| c.is_ascii_digit() || "[]()".contains(c)).to_lowercase();
    MARKS.contains(&word.as_str()).then(|| rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(knows_sender: bool, last_activity: i64) -> Candidate {
        Candidate {
            thread: ThreadId::from_u128(1),
            conversation: ConversationId::from_u128(2),
            knows_sender,
            last_activity: Timestamp::from_micros(last_activity),
        }
    }

    #[test]
    fn marks_fall_off_subjects_in_many_languages() {
        for subject in
            ["Re: Invoice 7", "AW: RE: Invoice  7", "Fwd: Re[2]: invoice 7", "回复：Invoice 7", " invoice 7 "]
        {
            assert_eq!(normal_subject(subject), "invoice 7", "{subject}");
        }
        assert_eq!(normal_subject("Note: this"), "note: this");
    }

    #[test]
    fn references_win_over_subjects_and_strangers_go_to_the_tray() {
        let now = Timestamp::from_micros(10);
        let found = Found {
            by_references: Some(candidate(true, 0)),
            by_subject: Some(candidate(true, 9)),
            ..Found::default()
        };
        assert!(matches!(place(&found, now), Placement::Join { rule: Rule::References, .. }));
        let found = Found { by_references: Some(candidate(false, 0)), ..Found::default() };
        assert!(matches!(place(&found, now), Placement::Tray { rule: Rule::References, .. }));
        let found = Found { by_subject: Some(candidate(false, 0)), ..Found::default() };
        assert_eq!(place(&found, now), Placement::Open);
    }

    #[test]
    fn an_old_subject_connects_nothing() {
        let found = Found { by_subject: Some(candidate(true, 0)), ..Found::default() };
        let late = Timestamp::from_micros(0).plus(SUBJECT_WINDOW).plus(std::time::Duration::from_secs(1));
        assert_eq!(place(&found, late), Placement::Open);
    }
}
