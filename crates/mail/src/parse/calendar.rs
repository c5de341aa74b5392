//! Invitations (RFC 5545), as far as somebody needs them who reads mail: what, when, where, who. The file itself stays
//! among the attachments for his calendar.

use domain::address::EmailAddress;
use serde::{Deserialize, Serialize};

use super::Part;
use super::addresses::is_deceptive;

/// Lines beyond this number are not read.
const MAX_LINES: usize = 5_000;
const MAX_TEXT: usize = 1_000;

/// The first event of an invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Calendar {
    /// In lower case: `request`, `reply`, `cancel`, `publish`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<CalendarTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<CalendarTime>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizer: Option<EmailAddress>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// A time as the invitation gives it: a wall clock in a zone that only the sender may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct CalendarTime {
    /// `2026-11-20`, `2026-11-20T15:00:00`, or with a `Z` when it is UTC.
    pub time: String,
    /// The zone's name as the sender writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

pub(super) fn find(parts: &[Part]) -> Option<Calendar> {
    let is_calendar =
        |part: &&Part| matches!(part.content_type.as_str(), "text/calendar" | "application/ics");
    read(&parts.iter().find(is_calendar)?.bytes)
}

/// `None` when there is no event in it.
fn read(bytes: &[u8]) -> Option<Calendar> {
    let text = String::from_utf8_lossy(bytes);
    let mut calendar = Calendar {
        method: None,
        summary: None,
        start: None,
        end: None,
        location: None,
        organizer: None,
        uid: None,
    };
    // Within the event, and how deep in alarms and the like.
    let mut inside: Option<u32> = None;
    let mut found = false;
    for line in unfolded(&text) {
        let Some(line) = Line::read(&line) else { continue };
        let is_event = ["VEVENT", "VTODO"].iter().any(|kind| line.value.trim().eq_ignore_ascii_case(kind));
        match (line.name.as_str(), inside) {
            ("BEGIN", None) if is_event && !found => (inside, found) = (Some(0), true),
            ("BEGIN", Some(depth)) => inside = Some(depth + 1),
            ("END", Some(0)) => inside = None,
            ("END", Some(depth)) => inside = Some(depth - 1),
            ("METHOD", None) => {
                calendar.method = Some(line.value.trim().to_ascii_lowercase())
                    .filter(|method| !method.is_empty() && method.len() < 30);
            }
            ("SUMMARY", Some(0)) => calendar.summary = line.text(),
            ("LOCATION", Some(0)) => calendar.location = line.text(),
            ("UID", Some(0)) => calendar.uid = line.text(),
            ("DTSTART", Some(0)) => calendar.start = line.time(),
            ("DTEND" | "DUE", Some(0)) => calendar.end = line.time(),
            ("ORGANIZER", Some(0)) => calendar.organizer = line.address(),
            _ => {}
        }
    }
    found.then_some(calendar)
}

/// RFC 5545 section 3.1: a line that begins with white space goes on.
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().take(MAX_LINES) {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

/// `DTSTART;TZID=Europe/Berlin:20261120T150000`.
struct Line<'a> {
    name: String,
    parameters: Vec<(String, &'a str)>,
    value: &'a str,
}

impl<'a> Line<'a> {
    fn read(line: &'a str) -> Option<Line<'a>> {
        let mut quoted = false;
        let colon = line.char_indices().find(|(_, character)| {
            quoted ^= *character == '"';
            *character == ':' && !quoted
        });
        let (head, value) = line.split_at(colon?.0);
        let mut pieces = head.split(';');
        let name = pieces.next()?.trim().to_ascii_uppercase();
        let parameters = pieces
            .filter_map(|piece| piece.split_once('='))
            .map(|(name, value)| (name.trim().to_ascii_uppercase(), value.trim_matches('"')))
            .collect();
        Some(Line { name, parameters, value: &value[1..] })
    }

    /// RFC 5545 section 3.3.11: commas, semicolons and line ends are escaped.
    fn text(&self) -> Option<String> {
        let mut out = String::new();
        let mut characters = self.value.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => match characters.next() {
                    Some('n' | 'N') => out.push(' '),
                    Some(escaped) => out.push(escaped),
                    None => {}
                },
                character if !is_deceptive(character) && !character.is_control() => out.push(character),
                _ => {}
            }
            if out.len() >= MAX_TEXT {
                break;
            }
        }
        let out = out.trim();
        (!out.is_empty()).then(|| out.to_owned())
    }

    fn time(&self) -> Option<CalendarTime> {
        let value = self.value.trim();
        let digits = |range: std::ops::Range<usize>| {
            value.get(range).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let date = format!("{}-{}-{}", digits(0..4)?, digits(4..6)?, digits(6..8)?);
        let time = match value.get(8..9) {
            None => date,
            Some("T") => {
                let seconds = digits(13..15).unwrap_or("00");
                let utc = if value.ends_with(['Z', 'z']) { "Z" } else { "" };
                format!("{date}T{}:{}:{seconds}{utc}", digits(9..11)?, digits(11..13)?)
            }
            Some(_) => return None,
        };
        let zone = self.parameters.iter().find(|(name, _)| name == "TZID").map(|(_, zone)| *zone);
        let zone = zone.map(|zone| zone.trim_start_matches('/').chars().take(100).collect::<String>());
        Some(CalendarTime { time, zone: zone.filter(|zone| !zone.is_empty()) })
    }

    fn address(&self) -> Option<EmailAddress> {
        let value = self.value.trim();
        let address = value
            .get(..7)
            .filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"))
            .map_or(value, |_| &value[7..]);
        let named = || self.parameters.iter().find(|(name, _)| name == "EMAIL")?.1.parse().ok();
        address.parse().ok().or_else(named)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_invitation_is_read() {
        let read = read(
            b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\n\
              DTSTART:19701025T030000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1@example.com\r\n\
              SUMMARY;LANGUAGE=de:Abnahme\\, zweiter\r\n  Anlauf\r\nDTSTART;TZID=\"Europe/Berlin\":20261120T150000\r\n\
              DTEND:20261120T150000Z\r\nLOCATION:Raum 4\\nErdgeschoss\r\n\
              ORGANIZER;CN=\"Doe: Jane\":MAILTO:jane@example.com\r\nBEGIN:VALARM\r\nSUMMARY:no\r\nEND:VALARM\r\n\
              END:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:second\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        )
        .unwrap();
        assert_eq!(read.method.as_deref(), Some("request"));
        assert_eq!(read.summary.as_deref(), Some("Abnahme, zweiter Anlauf"));
        let start = read.start.unwrap();
        assert_eq!(
            (start.time.as_str(), start.zone.as_deref()),
            ("2026-11-20T15:00:00", Some("Europe/Berlin"))
        );
        assert_eq!(read.end.unwrap().time, "2026-11-20T15:00:00Z");
        assert_eq!(read.location.as_deref(), Some("Raum 4 Erdgeschoss"));
        assert_eq!(read.organizer.unwrap().as_str(), "jane@example.com");
        assert_eq!(read.uid.as_deref(), Some("1@example.com"));
    }

    #[test]
    fn whole_days_and_nonsense() {
        let day =
            read(b"BEGIN:VEVENT\nDTSTART;VALUE=DATE:20261120\nDTEND:tomorrow\nORGANIZER:nobody\nEND:VEVENT")
                .unwrap();
        assert_eq!(day.start.unwrap().time, "2026-11-20");
        assert_eq!((day.end, day.organizer), (None, None));
        assert_eq!(read(b"BEGIN:VCALENDAR\nSUMMARY:x\nEND:VCALENDAR"), None);
    }

    proptest! {
        #[test]
        fn no_invitation_makes_it_panic(pieces in prop::collection::vec(prop::sample::select(vec![
            "BEGIN:VEVENT", "END:VEVENT", "BEGIN:", "END:X", "\n", "\r\n ", "DTSTART", ";TZID=", ":", "2026", "1120", "T15", "\"", "\\", "é", "ORGANIZER:mailto:", "mailto", "a@example.com",
        ]), 0..40)) {
            let _ = read(pieces.concat().as_bytes());
        }
    }
}
