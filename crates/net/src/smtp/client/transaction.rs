//! Gives one message over one connection. Up to the final dot every failure is known to have sent nothing; from there
//! on only the server's reply counts.

use domain::address::EmailAddress;
use domain::failure::{Outcome, RejectReason, Words};

use super::classify::{Verb, refusal, words};
use super::config::Timeouts;
use super::connection::Connection;
use super::pool::Envelope;
use super::stream::{Lost, Unwritten};
use super::stuffing::Stuffer;
use crate::smtp::Reply;

/// A message up to this size leaves in one write; a larger one in pieces of it.
const PIECE_BYTES: usize = 256 * 1024;
/// What a connection keeps of its buffer after a large message.
const KEPT_BYTES: usize = 64 * 1024;

/// How a transaction ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// With an outcome; the connection is good for another message or not.
    With { outcome: Outcome, reusable: bool },
    /// The connection was dead before the server answered anything: nothing was sent, another one may be tried at once.
    DeadOnArrival(Words),
}

/// Whether the server will take what the envelope and the message need. Checked before anything is said.
pub(super) fn refused_beforehand(
    connection: &Connection,
    envelope: Envelope<'_>,
    message: &[u8],
) -> Option<Outcome> {
    let refuse = |reason, detail: String| Some(Outcome::Rejected { reason, words: Words::plain(detail) });
    let size = message.len() as u64;
    if let Some(limit) = connection.extensions.max_bytes.filter(|limit| *limit < size) {
        return refuse(
            RejectReason::Content,
            format!("the message has {size} bytes, and the server takes at most {limit}"),
        );
    }
    if needs_utf8(envelope, message) && !connection.extensions.utf8 {
        let detail =
            "an address has letters beyond ASCII, and the server does not take such addresses (SMTPUTF8)";
        return refuse(RejectReason::Invalid, detail.to_owned());
    }
    None
}

fn needs_utf8(envelope: Envelope<'_>, message: &[u8]) -> bool {
    let addresses = envelope.from.into_iter().chain(envelope.to.iter().copied());
    addresses.into_iter().any(EmailAddress::is_international) || !headers(message).is_ascii()
}

fn headers(message: &[u8]) -> &[u8] {
    let end = message.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(message.len());
    &message[..end]
}

/// Runs the transaction.
pub(super) async fn run(
    connection: &mut Connection,
    timeouts: &Timeouts,
    envelope: Envelope<'_>,
    message: &[u8],
) -> Ended {
    let answers = match announce(connection, timeouts, envelope, message).await {
        Ok(answers) => answers,
        Err(ended) => return ended,
    };
    let outcome = match answers.verdict(envelope) {
        Ok(refused) => return deliver(connection, timeouts, message, refused).await,
        Err(outcome) => outcome,
    };
    let reusable = call_off(connection, timeouts, &answers).await;
    Ended::With { outcome, reusable }
}

/// The replies to the envelope.
struct Answers {
    mail: Reply,
    recipients: Vec<Reply>,
    /// Absent when the server was not asked, because the answers before left nothing to ask.
    data: Option<Reply>,
}

impl Answers {
    /// The recipients that were refused while others were not, or the outcome when there is nothing to deliver.
    fn verdict(&self, envelope: Envelope<'_>) -> Result<Vec<(String, Words)>, Outcome> {
        if !self.mail.is_positive() {
            return Err(refusal(Verb::Mail, &self.mail));
        }
        let mut refused = Vec::new();
        let mut worst: Option<&Reply> = None;
        for (address, reply) in envelope.to.iter().zip(&self.recipients) {
            if reply.is_positive() {
                continue;
            }
            refused.push((address.as_str().to_owned(), words(reply)));
            // If anybody may be reached later, the message as a whole may be.
            if worst.is_none() || reply.is_temporary() {
                worst = Some(reply);
            }
        }
        if refused.len() == self.recipients.len() {
            let reply = worst.unwrap_or(&self.mail);
            return Err(refusal(Verb::Rcpt, reply));
        }
        match &self.data {
            Some(reply) if reply.code == 354 => Ok(refused),
            Some(reply) => Err(refusal(Verb::Data, reply)),
            None => Err(Outcome::Temporary(Words::plain("the server did not ask for the message"))),
        }
    }
}

/// MAIL, RCPT and DATA: in one write where the server allows it (RFC 2920), else one after the other.
async fn announce(
    connection: &mut Connection,
    timeouts: &Timeouts,
    envelope: Envelope<'_>,
    message: &[u8],
) -> Result<Answers, Ended> {
    let limit = timeouts.command;
    let is_pipelining = connection.extensions.pipelining;
    let reports = connection.extensions.dsn && envelope.id.is_some();
    let buffer = &mut connection.buffer;
    buffer.clear();
    write_mail(buffer, &connection.extensions, envelope, message);
    if is_pipelining {
        for address in envelope.to {
            write_recipient(buffer, address, reports);
        }
        buffer.extend_from_slice(b"DATA\r\n");
    }
    let stream = &mut connection.stream;
    if let Err(Unwritten { cause, .. }) = stream.write(buffer, limit).await {
        return Err(dead_or_late(cause));
    }
    let mail = match stream.reply(limit).await {
        // The server may have given up on a kept connection and says so with its last breath.
        Ok(reply) if reply.code == 421 => return Err(Ended::DeadOnArrival(words(&reply))),
        Ok(reply) => reply,
        Err(cause) => return Err(dead_or_late(cause)),
    };
    let mut answers = Answers { mail, recipients: Vec::with_capacity(envelope.to.len()), data: None };
    if !is_pipelining && !answers.mail.is_positive() {
        return Ok(answers);
    }
    for address in envelope.to {
        if !is_pipelining {
            buffer.clear();
            write_recipient(buffer, address, reports);
            stream.write(buffer, limit).await.map_err(|unwritten| lost(&unwritten.cause))?;
        }
        let reply = stream.reply(limit).await.map_err(|cause| lost_after(&cause, &answers))?;
        answers.recipients.push(reply);
    }
    if !is_pipelining {
        if !answers.recipients.iter().any(Reply::is_positive) {
            return Ok(answers);
        }
        stream.write(b"DATA\r\n", limit).await.map_err(|unwritten| lost(&unwritten.cause))?;
    }
    answers.data = Some(stream.reply(limit).await.map_err(|cause| lost_after(&cause, &answers))?);
    Ok(answers)
}

fn dead_or_late(cause: Lost) -> Ended {
    match cause {
        // Somebody is there and slow: a second connection would make it no faster.
        Lost::Late | Lost::Malformed => lost(&cause),
        Lost::Closed | Lost::Broken(_) => Ended::DeadOnArrival(Words::plain(cause.to_string())),
    }
}

/// Before the final dot: whatever happened, nothing was sent.
fn lost(cause: &Lost) -> Ended {
    Ended::With { outcome: Outcome::Temporary(Words::plain(cause.to_string())), reusable: false }
}

/// A server that refuses and closes said why in the reply before.
fn lost_after(cause: &Lost, answers: &Answers) -> Ended {
    if !answers.mail.is_positive() {
        return Ended::With { outcome: refusal(Verb::Mail, &answers.mail), reusable: false };
    }
    match answers.recipients.last() {
        Some(reply) if !answers.recipients.iter().any(Reply::is_positive) => {
            Ended::With { outcome: refusal(Verb::Rcpt, reply), reusable: false }
        }
        _ => lost(cause),
    }
}

fn write_mail(
    buffer: &mut Vec<u8>,
    extensions: &super::extensions::Extensions,
    envelope: Envelope<'_>,
    message: &[u8],
) {
    buffer.extend_from_slice(b"MAIL FROM:<");
    if let Some(from) = envelope.from {
        buffer.extend_from_slice(from.as_str().as_bytes());
    }
    buffer.push(b'>');
    if extensions.size {
        buffer.extend_from_slice(format!(" SIZE={}", message.len()).as_bytes());
    }
    if extensions.eight_bit && !message.is_ascii() {
        buffer.extend_from_slice(b" BODY=8BITMIME");
    }
    if extensions.utf8 && needs_utf8(envelope, message) {
        buffer.extend_from_slice(b" SMTPUTF8");
    }
    if let Some(id) = envelope.id.filter(|_| extensions.dsn) {
        buffer.extend_from_slice(b" RET=HDRS ENVID=");
        write_xtext(buffer, id);
    }
    buffer.extend_from_slice(b"\r\n");
}

/// With `reports` the server is asked to tell of failures and delays, and to name the address as we know it.
fn write_recipient(buffer: &mut Vec<u8>, address: &EmailAddress, reports: bool) {
    buffer.extend_from_slice(b"RCPT TO:<");
    buffer.extend_from_slice(address.as_str().as_bytes());
    buffer.push(b'>');
    if reports {
        buffer.extend_from_slice(b" NOTIFY=FAILURE,DELAY");
        if !address.is_international() {
            buffer.extend_from_slice(b" ORCPT=rfc822;");
            write_xtext(buffer, address.as_str());
        }
    }
    buffer.extend_from_slice(b"\r\n");
}

/// RFC 3461 section 4.
fn write_xtext(buffer: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && byte != b'+' && byte != b'=' {
            buffer.push(byte);
        } else {
            buffer.extend_from_slice(format!("+{byte:02X}").as_bytes());
        }
    }
}

/// Leaves a transaction that will not be finished; true when the connection is as good as new.
async fn call_off(connection: &mut Connection, timeouts: &Timeouts, answers: &Answers) -> bool {
    let said_goodbye = |reply: &Reply| reply.code == 421;
    if said_goodbye(&answers.mail)
        || answers.recipients.iter().any(said_goodbye)
        || answers.data.as_ref().is_some_and(said_goodbye)
    {
        return false;
    }
    if answers.data.as_ref().is_some_and(|reply| reply.code == 354) {
        if answers.recipients.iter().any(Reply::is_positive) {
            // The sender was refused and yet the server wants a message for somebody: a dot now would deliver an empty
            // one. Only hanging up is safe.
            return false;
        }
        // DATA was written along and the server asks for a message that has nobody to go to: end it empty (RFC 2920
        // section 3.1). It has no recipient, so even a server that takes it delivers it to nobody.
        return connection.stream.command(".\r\n", timeouts.command).await.is_ok();
    }
    matches!(connection.stream.command("RSET\r\n", timeouts.command).await, Ok(reply) if reply.is_positive())
}

/// The message and the final dot.
async fn deliver(
    connection: &mut Connection,
    timeouts: &Timeouts,
    message: &[u8],
    refused: Vec<(String, Words)>,
) -> Ended {
    let mut stuffer = Stuffer::new(message);
    let buffer = &mut connection.buffer;
    buffer.clear();
    buffer.reserve(message.len().min(PIECE_BYTES) + message.len() / 64 + 16);
    while stuffer.fill(buffer, PIECE_BYTES) {
        if let Err(unwritten) = connection.stream.write(buffer, timeouts.write).await {
            // The dot was never handed over, so the server has no whole message.
            return unfinished(connection, &unwritten.cause).await;
        }
        buffer.clear();
    }
    stuffer.end(buffer);
    let written = connection.stream.write(buffer, timeouts.write).await;
    buffer.clear();
    buffer.shrink_to(KEPT_BYTES);
    match written {
        Ok(()) => {}
        Err(Unwritten { all_taken: false, cause }) => return unfinished(connection, &cause).await,
        Err(Unwritten { all_taken: true, cause }) => return unanswered(&cause),
    }
    match connection.stream.reply(timeouts.last_reply).await {
        Ok(reply) if reply.is_positive() => {
            let outcome = Outcome::Sent { provider_id: queue_id(&reply), words: words(&reply), refused };
            Ended::With { outcome, reusable: true }
        }
        Ok(reply) if reply.is_temporary() || reply.is_permanent() => {
            Ended::With { reusable: reply.code != 421, outcome: refusal(Verb::Content, &reply) }
        }
        Ok(reply) => unanswered_words(format!("the server answered the message with {reply}")),
        Err(cause) => unanswered(&cause),
    }
}

fn unanswered(cause: &Lost) -> Ended {
    unanswered_words(format!("the message was given, and then {cause}"))
}

fn unanswered_words(detail: String) -> Ended {
    Ended::With { outcome: Outcome::Unknown(Words::plain(detail)), reusable: false }
}

/// The connection broke inside the message. A server that refuses in the middle has often said why.
async fn unfinished(connection: &mut Connection, cause: &Lost) -> Ended {
    let moment = std::time::Duration::from_millis(500);
    match connection.stream.reply(moment).await {
        Ok(reply) if reply.is_temporary() || reply.is_permanent() => {
            Ended::With { outcome: refusal(Verb::Content, &reply), reusable: false }
        }
        _ => lost(cause),
    }
}

/// The id under which the server queued the message, from the words in which the common servers say it:
/// `Ok: queued as 4F2A…` (Postfix), `OK id=1u0SwL-…` (Exim), `2.0.0 Ok 0102…` says none that we could tell.
fn queue_id(reply: &Reply) -> Option<String> {
    let mut words = reply.text.split_ascii_whitespace();
    while let Some(word) = words.next() {
        let lower = word.to_ascii_lowercase();
        let found = match lower.as_str() {
            "queued" if words.clone().next().is_some_and(|next| next.eq_ignore_ascii_case("as")) => {
                words.nth(1)
            }
            _ if lower.starts_with("id=") => word.get(3..),
            _ => None,
        };
        if let Some(id) = found {
            let id = id.trim_matches(|character: char| !character.is_ascii_alphanumeric());
            return (!id.is_empty()).then(|| id.to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_ids_are_read_from_the_words_of_common_servers() {
        for (text, id) in [
            ("2.0.0 Ok: queued as 4F2A17C0B1", Some("4F2A17C0B1")),
            ("OK id=1u0SwL-0003Xy-2d", Some("1u0SwL-0003Xy-2d")),
            ("2.0.0 Ok: queued as <ABC@host>.", Some("ABC@host")),
            ("2.6.0 message accepted", None),
            ("queued", None),
        ] {
            assert_eq!(queue_id(&Reply::new(250, text)).as_deref(), id, "{text}");
        }
    }
}
