//! Separates what somebody wrote from what he answers to.

/// The new text, and the rest when something was cut: quoted mail and signature, as they came.
/// The new text is never empty when anything was written at all.
#[must_use]
pub fn split(text: &str) -> (String, Option<String>) {
    let lines: Vec<&str> = text.lines().collect();
    let is_quoted = |line: &&str| line.starts_with('>') || line.trim().is_empty();
    let quoted_end = lines.len() - lines.iter().rev().take_while(|line| is_quoted(line)).count();
    let cut = (0..lines.len())
        .find(|place| begins_rest(&lines, *place) || (*place >= quoted_end && lines[*place].starts_with('>')))
        .unwrap_or(lines.len());
    let new = lines[..cut].join("\n").trim().to_owned();
    if new.is_empty() {
        // Somebody answered below or between the quoted lines: all of it is what he wrote.
        return (text.trim().to_owned(), None);
    }
    let rest = lines[cut..].join("\n").trim().to_owned();
    (new, (!rest.is_empty()).then_some(rest))
}

/// Whether everything from this line on is quoted mail or a signature.
fn begins_rest(lines: &[&str], place: usize) -> bool {
    let line = lines[place].trim_end();
    // RFC 3676 section 4.3: two dashes and a space, which many programs strip.
    line == "--"
        || lines[place] == "-- "
        || is_divider(line)
        || is_attribution(&lines[place..])
        || is_header_block(&lines[place..])
}

/// `-----Original Message-----` and its translations; the long line that Outlook draws.
fn is_divider(line: &str) -> bool {
    const WORDS: &[&str] = &[
        "original message",
        "forwarded message",
        "ursprüngliche nachricht",
        "weitergeleitete nachricht",
        "message d'origine",
        "message transféré",
        "mensaje original",
        "messaggio originale",
        "oorspronkelijk bericht",
        "исходное сообщение",
    ];
    let line = line.trim();
    let inner = line.trim_matches(['-', ' ']).to_lowercase();
    (line.starts_with("---") && WORDS.contains(&inner.as_str()))
        || (line.len() >= 25 && line.bytes().all(|byte| byte == b'_'))
}

/// `On Monday, Jane wrote:` on one to three lines, followed by the quoted text or the end.
fn is_attribution(lines: &[&str]) -> bool {
    const STARTS: &[&str] = &["on ", "am ", "le ", "el ", "il ", "op ", "em ", "den "];
    const ENDS: &[&str] = &[
        "wrote:",
        "schrieb:",
        "écrit :",
        "écrit:",
        "escribió:",
        "scritto:",
        "schreef:",
        "escreveu:",
        "skrev:",
    ];
    let first = lines[0].trim_start().to_lowercase();
    if !STARTS.iter().any(|start| first.starts_with(start)) {
        return false;
    }
    let mut joined = String::new();
    for line in lines.iter().take(3) {
        joined.push_str(line.trim());
        joined.push(' ');
        let so_far = joined.trim_end().to_lowercase();
        // German and French programs put the name behind the verb: `Am … schrieb Jane Doe:`.
        let verb_inside =
            [" schrieb ", " a écrit "].iter().any(|verb| so_far.contains(verb)) && so_far.ends_with(':');
        if ENDS.iter().any(|end| so_far.ends_with(end)) || verb_inside {
            return so_far.len() < 400;
        }
    }
    false
}

/// The headers that Outlook puts above what it quotes: `From:` and, close by, `Sent:` and `Subject:`.
fn is_header_block(lines: &[&str]) -> bool {
    const FROM: &[&str] = &["from:", "von:", "de :", "de:", "da:", "van:"];
    const OTHERS: &[&str] = &[
        "sent:",
        "date:",
        "to:",
        "subject:",
        "gesendet:",
        "an:",
        "betreff:",
        "envoyé",
        "à :",
        "objet",
        "enviado",
        "para:",
        "asunto:",
    ];
    let word = |line: &str| line.trim().trim_start_matches('*').to_lowercase();
    let first = word(lines[0]);
    FROM.iter().any(|from| first.starts_with(from))
        && lines
            .iter()
            .skip(1)
            .take(4)
            .filter(|line| OTHERS.iter().any(|other| word(line).starts_with(other)))
            .count()
            >= 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_new_text_stands_above_the_quoted() {
        for (text, new) in [
            (
                "Yes, thanks.\n\nOn Mon, 16 Nov 2026 at 10:00, Jane <jane@example.com> wrote:\n> Shall we?\n",
                "Yes, thanks.",
            ),
            ("Ja.\n\nAm 16.11.2026 um 10:00 schrieb Jane Doe:\n> Wollen wir?", "Ja."),
            ("Oui.\n\nLe lun. 16 nov. 2026, Jane\n<jane@example.com> a écrit :\n> On y va ?", "Oui."),
            ("Fine.\n\n-----Original Message-----\nFrom: x\nhello", "Fine."),
            ("Fine.\n\n________________________________\nFrom: x\nSent: y", "Fine."),
            ("Fine.\n\nFrom: Jane\nSent: Monday\nTo: Joe\nSubject: x\n\nhello", "Fine."),
            ("Hello\n-- \nJane\nACME", "Hello"),
            ("Hello\n\n> old\n> older\n", "Hello"),
            ("Just text.", "Just text."),
        ] {
            let (found, rest) = split(text);
            assert_eq!(found, new, "{text}");
            assert_eq!(rest.is_some(), text != new, "{text}");
        }
    }

    #[test]
    fn answers_between_the_lines_stay_whole() {
        let text = "> Shall we?\nYes.\n> When?\nNow.";
        assert_eq!(split(text), (text.to_owned(), None));
        let below = "On Monday Jane wrote:\n> Shall we?\n\nYes.";
        assert_eq!(split(below), (below.to_owned(), None));
        assert_eq!(split("On the table lies a book. I wrote it.").1, None);
    }

    proptest! {
        #[test]
        fn nothing_that_was_written_is_lost(text in "(?s)[a-zA-Z>:\n\\- ]{0,200}") {
            let (new, _) = split(&text);
            prop_assert_eq!(new.is_empty(), text.trim().is_empty());
        }
    }
}
