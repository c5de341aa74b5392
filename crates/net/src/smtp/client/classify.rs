//! What a refusing reply means for the message, by verb and enhanced code (RFC 3463, RFC 5248). Pure.

use domain::failure::{Outcome, RejectReason, Words};

use crate::smtp::Reply;

/// The command that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Mail,
    Rcpt,
    Data,
    /// The final dot.
    Content,
}

/// The server's own code and words.
pub(super) fn words(reply: &Reply) -> Words {
    Words::new(reply.code_text(), reply.text.replace('\n', " "))
}

/// The outcome of a message that was refused. Whatever the verb: nothing was sent.
pub(super) fn refusal(verb: Verb, reply: &Reply) -> Outcome {
    let words = words(reply);
    match reply.code {
        // RFC 4954: authentication is required, failed, too weak or needs TLS. The account is wrong, not the message.
        530 | 534 | 535 | 538 => Outcome::Misconfigured(words),
        400..=499 => Outcome::Temporary(words),
        500..=599 => match reason(verb, reply) {
            Some(reason) => Outcome::Rejected { reason, words },
            None => Outcome::Temporary(words),
        },
        // A positive or intermediate reply where none makes sense: the server is confused, and nothing was sent.
        _ => Outcome::Temporary(words),
    }
}

/// Why a permanent reply is permanent; `None` when experience says that it is not: a full mailbox gets emptied.
fn reason(verb: Verb, reply: &Reply) -> Option<RejectReason> {
    use RejectReason::{BadRecipient, BadSender, Content, Invalid, Policy};
    let Some((_, subject, detail)) = reply.enhanced() else { return bare_reason(verb, reply) };
    Some(match (subject, detail) {
        (1, 7 | 8) => BadSender,
        (1, _) if verb == Verb::Mail => BadSender,
        (1, _) | (2, 0 | 1 | 4) | (4, _) => BadRecipient,
        (2, 2) => return None,
        (2, 3) | (3, 4) | (6, _) => Content,
        (7, _) => Policy,
        (2 | 3 | 5, _) => Invalid,
        _ => return bare_reason(verb, reply),
    })
}

/// Without an enhanced code there are only the verb, three digits, and words that are hints at best.
fn bare_reason(verb: Verb, reply: &Reply) -> Option<RejectReason> {
    use RejectReason::{BadRecipient, BadSender, Content, Invalid, Policy};
    let text = reply.text.to_ascii_lowercase();
    let speaks_of = |hints: &[&str]| hints.iter().any(|hint| text.contains(hint));
    Some(match (verb, reply.code) {
        (_, 500..=504) => Invalid,
        (Verb::Rcpt, 550 | 551 | 553) if speaks_of(&["spam", "block", "policy", "relay", "denied"]) => Policy,
        (Verb::Rcpt, 552) => return None,
        (Verb::Rcpt, 550 | 551 | 553) if speaks_of(&["quota", "full"]) => return None,
        (Verb::Rcpt, 550 | 551 | 553 | 556) => BadRecipient,
        (Verb::Mail, 550 | 553) => BadSender,
        (Verb::Mail | Verb::Data | Verb::Content, 552) => Content,
        _ => Policy,
    })
}

#[cfg(test)]
mod tests {
    use domain::failure::AttemptOutcome;

    use super::*;

    #[test]
    fn replies_become_outcomes_by_verb_and_code() {
        use RejectReason as R;
        use Verb::{Content, Data, Mail, Rcpt};
        let rejected = |reason| (AttemptOutcome::Rejected, Some(reason));
        let temporary = (AttemptOutcome::Temporary, None);
        let misconfigured = (AttemptOutcome::Misconfigured, None);
        for (verb, code, text, expected) in [
            (Mail, 421, "4.3.2 shutting down", temporary),
            (Mail, 451, "", temporary),
            (Mail, 530, "5.7.0 authentication required", misconfigured),
            (Mail, 535, "", misconfigured),
            (Mail, 538, "", misconfigured),
            (Mail, 550, "not yours", rejected(R::BadSender)),
            (Mail, 550, "5.1.0 refused", rejected(R::BadSender)),
            (Mail, 553, "5.1.8 no such domain", rejected(R::BadSender)),
            (Mail, 552, "5.3.4 too large", rejected(R::Content)),
            (Mail, 552, "too large", rejected(R::Content)),
            (Mail, 555, "5.5.4 what?", rejected(R::Invalid)),
            (Rcpt, 450, "4.2.1 greylisted", temporary),
            (Rcpt, 550, "5.1.1 no such user", rejected(R::BadRecipient)),
            (Rcpt, 550, "no such user", rejected(R::BadRecipient)),
            (Rcpt, 550, "relay access denied", rejected(R::Policy)),
            (Rcpt, 554, "5.7.1 relay access denied", rejected(R::Policy)),
            (Rcpt, 554, "no", rejected(R::Policy)),
            (Rcpt, 550, "5.2.1 disabled", rejected(R::BadRecipient)),
            (Rcpt, 552, "5.2.2 mailbox full", temporary),
            (Rcpt, 552, "mailbox full", temporary),
            (Rcpt, 550, "5.4.4 unroutable", rejected(R::BadRecipient)),
            (Rcpt, 550, "5.1.10 null MX", rejected(R::BadRecipient)),
            (Rcpt, 501, "syntax", rejected(R::Invalid)),
            (Data, 451, "4.3.0 later", temporary),
            (Data, 503, "5.5.1 bad order", rejected(R::Invalid)),
            (Data, 554, "no", rejected(R::Policy)),
            (Content, 421, "closing", temporary),
            (Content, 452, "4.3.1 disk full", temporary),
            (Content, 550, "5.7.1 spam", rejected(R::Policy)),
            (Content, 552, "too large", rejected(R::Content)),
            (Content, 554, "5.6.0 bad content", rejected(R::Content)),
            (Content, 550, "5.9.9 unheard of", rejected(R::Policy)),
        ] {
            let outcome = refusal(verb, &Reply::new(code, text));
            let reason = match &outcome {
                Outcome::Rejected { reason, .. } => Some(*reason),
                _ => None,
            };
            assert_eq!((outcome.class(), reason), expected, "{verb:?} {code} {text}");
        }
    }
}
