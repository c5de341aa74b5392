//! Bounces in the words of servers that know no report format: Exim, qmail, old Sendmail and Exchange, and many more.
//! Looks for addresses on lines of their own, codes, and phrases that are beyond doubt; everything else stays unsaid.

pub(super) mod phrases;
mod recipients;

use super::class::{self, Meaning};
use super::sender::Suspicion;
use super::{Action, DeliveryStatus, OriginalHeaders, RecipientStatus, one_line, original, subjects};
use crate::parse::Parsed;
use recipients::Named;

/// Lines beyond this number are not read: the reason stands at the top.
const MAX_LINES: usize = 400;

pub(super) fn read(message: &Parsed, suspicion: Suspicion) -> Option<DeliveryStatus> {
    let text = message.text.as_deref().unwrap_or_default();
    let lines: Vec<&str> = text.lines().take(MAX_LINES).collect();
    let (notice, quoted) = parted(&lines, message);
    let subject = message.subject.as_deref().unwrap_or_default().to_lowercase();
    let said = notice.join("\n");
    let in_lower_case = said.to_lowercase();
    let is_bounce = subjects::BOUNCES.iter().any(|phrase| subject.starts_with(phrase))
        || phrases::NOTICES.iter().any(|phrase| in_lower_case.contains(phrase));
    let named = recipients::named(&notice, message, &quoted);
    let (reply, status) = class::codes_in(&said);
    let has_reason = reply.is_some() || status.is_some() || !matches!(Meaning::of(&said), Meaning::None);
    let is_proven = match suspicion {
        Suspicion::Server => is_bounce || (has_reason && !named.is_empty()),
        Suspicion::Subject => is_bounce && (has_reason || !quoted.is_empty()),
    };
    if !is_proven {
        return None;
    }
    let is_delay =
        phrases::DELAYS.iter().any(|phrase| subject.contains(phrase) || in_lower_case.contains(phrase));
    let action = if is_delay { Action::Delayed } else { Action::Failed };
    let mut recipients: Vec<RecipientStatus> = named
        .iter()
        .map(|named| recipient(named, &notice, &said, action, named_alone(&named.lines, &notice)))
        .collect();
    if recipients.is_empty() {
        let nobody = Named { address: quoted.only_recipient().cloned(), lines: 0..notice.len() };
        recipients.push(recipient(&nobody, &notice, &said, action, true));
    }
    Some(DeliveryStatus {
        envelope_id: None,
        reporting_mta: message.from.as_ref().map(|from| from.address.domain().to_owned()),
        arrived_at: None,
        recipients,
        original: quoted,
        free_form: true,
    })
}

/// The server's own words, and the headers that it quotes: from a part, or from below in the text.
fn parted<'a>(lines: &[&'a str], message: &Parsed) -> (Vec<&'a str>, OriginalHeaders) {
    let attached = original::of_parts(message);
    let (notice, below) = match original::block_in(lines) {
        Some((start, end)) => {
            let headers = original::read(&original::bytes_of(&lines[start..end]));
            // Some quote a few headers above what they have to say.
            let rest =
                if start < 8 && end < lines.len() && !is_copy(lines, start) { &lines[end..] } else { &[] };
            ([&lines[..start], rest].concat(), headers)
        }
        None => (lines.to_vec(), OriginalHeaders::default()),
    };
    let mut quoted = if attached.is_empty() { below } else { attached };
    if quoted.message_id.is_none() {
        quoted.message_id = original::id_in(&lines.join("\n"));
    }
    (notice, quoted)
}

/// Whether the line above the headers says that the message follows.
fn is_copy(lines: &[&str], start: usize) -> bool {
    let above = lines[..start].iter().rev().find(|line| !line.trim().is_empty());
    above.is_some_and(|line| line.trim_start().starts_with(['-', '=', '_', '*']))
}

/// Whether nobody else is named: then every word of the notice is about this one.
fn named_alone(lines: &std::ops::Range<usize>, notice: &[&str]) -> bool {
    lines.start == 0 && lines.end == notice.len()
}

fn recipient(named: &Named, notice: &[&str], said: &str, action: Action, alone: bool) -> RecipientStatus {
    let own = notice.get(named.lines.clone()).unwrap_or_default();
    let own_words = own.join("\n");
    let mut codes = class::codes_in(&own_words);
    let mut reason = reason(own);
    if !alone && codes == (None, None) && Meaning::of(&own_words) == Meaning::None {
        // What stands above the first address is about all of them.
        codes = class::codes_in(said);
        reason = reason.or_else(|| self::reason(notice));
    }
    let (reply, status) = codes;
    let words = reason.unwrap_or_default();
    // The words that carry the code; the rest of the notice may say anything.
    let decisive = if words.is_empty() { own_words.as_str() } else { words.as_str() };
    RecipientStatus {
        address: named.address.clone(),
        original: None,
        action,
        status,
        reply,
        class: class::class(action, status, reply, decisive),
        remote_mta: None,
        retried_until: None,
        words: Some(words).filter(|words| !words.is_empty()),
    }
}

/// What the server said: the line with the code and those that go on, else the line with a phrase that is known.
fn reason(lines: &[&str]) -> Option<String> {
    let has_code = |line: &&str| class::codes_in(line) != (None, None);
    let says_why = |line: &&str| !matches!(Meaning::of(line), Meaning::None | Meaning::Later);
    let place = lines.iter().position(has_code).or_else(|| lines.iter().position(says_why))?;
    let mut words = vec![lines[place].trim()];
    for line in lines[place + 1..].iter().take(6) {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['-', '=', '<', '>', '*', '_']) || line.ends_with(':') {
            break;
        }
        words.push(line);
    }
    Some(one_line(words.join(" ").trim_start_matches(['<', '>', '#', ' '])))
}
