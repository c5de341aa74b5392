//! vCard 3.0 (RFC 2426) and 4.0 (RFC 6350), read with what 2.1 leaves in old address books, and written as 4.0.

use std::collections::BTreeMap;

use domain::channel::Channel;

use super::encoding::windows_1252;
use super::{Table, TableRow};
use crate::contacts::view::ContactView;

/// How a column is called that is an attribute.
pub(crate) const ATTRIBUTE_COLUMN: &str = "attribute:";
/// Attributes that have a property of their own.
const PROPERTIES: [(&str, &str); 7] = [
    ("company", "ORG"),
    ("title", "TITLE"),
    ("note", "NOTE"),
    ("categories", "CATEGORIES"),
    ("birthday", "BDAY"),
    ("website", "URL"),
    ("address", "ADR"),
];
/// Those that are read, in the order of their columns.
const READ: [&str; 12] =
    ["FN", "EMAIL", "TEL", "ORG", "TITLE", "NOTE", "CATEGORIES", "BDAY", "URL", "ADR", "TZ", "LANG"];
/// Any other attribute, as `key=value`.
const OTHER: &str = "X-CHANCERY-ATTRIBUTE";
const FOLD_AT: usize = 74;

/// Reads the cards of a file, one row each; a column for each property that occurs.
pub(crate) fn read(text: &str) -> Table {
    let mut cards: Vec<BTreeMap<String, Vec<String>>> = Vec::new();
    let mut card: Option<BTreeMap<String, Vec<String>>> = None;
    for line in unfolded(text) {
        let Some(property) = Property::of(&line) else { continue };
        match (property.name.as_str(), property.value.trim().to_ascii_uppercase().as_str()) {
            ("BEGIN", "VCARD") => card = Some(BTreeMap::new()),
            ("END", "VCARD") => cards.extend(card.take()),
            _ => {
                if let (Some(card), Some((column, value))) = (&mut card, property.read()) {
                    card.entry(column).or_default().push(value);
                }
            }
        }
    }
    // A card that the file's end cut off still says what it says.
    cards.extend(card.filter(|card| !card.is_empty()));
    for card in &mut cards {
        if let Some(name) = card.remove("N")
            && !card.contains_key("FN")
        {
            card.insert("FN".to_owned(), name);
        }
    }
    table(&cards)
}

fn table(cards: &[BTreeMap<String, Vec<String>>]) -> Table {
    let occurs = |column: &str| cards.iter().any(|card| card.contains_key(column));
    let mut columns: Vec<String> =
        READ.iter().filter(|column| occurs(column)).map(|column| (*column).to_owned()).collect();
    let others: std::collections::BTreeSet<&String> =
        cards.iter().flat_map(BTreeMap::keys).filter(|column| column.starts_with(ATTRIBUTE_COLUMN)).collect();
    columns.extend(others.into_iter().cloned());
    let row = |(card, number): (&BTreeMap<String, Vec<String>>, u32)| TableRow {
        number,
        cells: columns
            .iter()
            .map(|column| card.get(column).map_or_else(String::new, |all| all.join("\n")))
            .collect(),
    };
    let rows = cards.iter().zip(1..).map(row).collect();
    Table { columns, rows }
}

/// Lines with those that were folded put together again, also those of quoted-printable.
fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        match lines.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => last.push_str(&line[1..]),
            Some(last) if last.ends_with('=') && is_quoted_printable(last) => {
                last.pop();
                last.push_str(line);
            }
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

fn is_quoted_printable(line: &str) -> bool {
    let head = line.split_once(':').map_or("", |(head, _)| head);
    head.to_ascii_uppercase().contains("QUOTED-PRINTABLE")
}

struct Property {
    name: String,
    value: String,
}

impl Property {
    /// `group.NAME;PARAMETER="a:b":value`
    fn of(line: &str) -> Option<Property> {
        let mut is_quoted = false;
        let colon = line.char_indices().find(|(_, character)| {
            is_quoted ^= *character == '"';
            *character == ':' && !is_quoted
        })?;
        let (head, value) = (&line[..colon.0], &line[colon.0 + 1..]);
        let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
        let name = name.rsplit_once('.').map_or(name, |(_, name)| name).trim().to_ascii_uppercase();
        let parameters = parameters.to_ascii_uppercase();
        let value = if parameters.contains("QUOTED-PRINTABLE") {
            quoted_printable(value, &parameters)
        } else {
            value.to_owned()
        };
        (!name.is_empty()).then_some(Property { name, value })
    }

    /// Its column and what stands in it; nothing for what is not read or empty.
    fn read(&self) -> Option<(String, String)> {
        let value = match self.name.as_str() {
            "N" => full_name(&self.value),
            "ORG" => parts(&self.value, ';').join(", "),
            "ADR" => parts(&self.value, ';').join(", "),
            "CATEGORIES" => parts(&self.value, ',').join(", "),
            "TEL" => unescaped(self.value.strip_prefix("tel:").unwrap_or(&self.value)),
            "EMAIL" => unescaped(self.value.strip_prefix("mailto:").unwrap_or(&self.value)),
            OTHER => {
                let value = unescaped(&self.value);
                let (key, value) = value.split_once('=')?;
                return Some((format!("{ATTRIBUTE_COLUMN}{key}"), value.to_owned()));
            }
            name if READ.contains(&name) => unescaped(&self.value),
            _ => return None,
        };
        let value = value.trim().to_owned();
        (!value.is_empty()).then(|| (self.name.clone(), value))
    }
}

/// Family; given; additional; prefix; suffix.
fn full_name(value: &str) -> String {
    let parts: Vec<String> = split(value, ';').iter().map(|part| unescaped(part).replace(',', " ")).collect();
    let part = |place: usize| parts.get(place).map_or("", |part| part.trim());
    let words = [part(3), part(1), part(2), part(0), part(4)];
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Parts that are not empty.
fn parts(value: &str, separator: char) -> Vec<String> {
    let parts = split(value, separator).into_iter().map(|part| unescaped(part).trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

/// Splits at separators before which no backslash stands.
fn split(value: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut begin, mut is_escaped) = (Vec::new(), 0, false);
    for (place, character) in value.char_indices() {
        if character == separator && !is_escaped {
            parts.push(&value[begin..place]);
            begin = place + character.len_utf8();
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    parts.push(&value[begin..]);
    parts
}

fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        text.push(match character {
            '\\' => match characters.next() {
                Some('n' | 'N') => '\n',
                Some(other) => other,
                None => '\\',
            },
            other => other,
        });
    }
    text
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace(',', "\\,")
        .replace(';', "\\;")
        .replace("\r\n", "\\n")
        .replace(['\n', '\r'], "\\n")
}

fn quoted_printable(value: &str, parameters: &str) -> String {
    let bytes = value.as_bytes();
    let (mut decoded, mut place) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(place) {
        let pair = bytes.get(place + 1..place + 3).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()).filter(|_| *byte == b'=') {
            Some(code) => {
                decoded.push(code);
                place += 3;
            }
            None => {
                decoded.push(*byte);
                place += 1;
            }
        }
    }
    let text = match String::from_utf8(decoded) {
        Ok(text) if !parameters.contains("8859-1") => text,
        Ok(text) => text,
        Err(error) => error.into_bytes().into_iter().map(windows_1252).collect(),
    };
    // What stands behind `=0D=0A` is one value still.
    text.replace("\r\n", "\n")
}

/// One contact as a card.
pub(crate) fn card(contact: &ContactView) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| folded(&mut text, &format!("{name}:{value}"));
    line("BEGIN", "VCARD");
    line("VERSION", "4.0");
    let first = contact.identities.first().map_or("", |identity| identity.address.as_str());
    line("FN", &escaped(if contact.name.is_empty() { first } else { &contact.name }));
    for identity in &contact.identities {
        match identity.channel {
            Channel::Email | Channel::Console => line("EMAIL", &escaped(&identity.address)),
            Channel::Sms | Channel::Whatsapp => line("TEL;VALUE=uri", &format!("tel:{}", identity.address)),
        }
    }
    for (key, value) in &contact.attributes {
        let value = value.shown();
        match PROPERTIES.iter().find(|(attribute, _)| attribute == key) {
            // Its parts were put together by commas, and stay one text.
            Some((_, property)) => line(property, &escaped(&value)),
            None => line(OTHER, &escaped(&format!("{key}={value}"))),
        }
    }
    for (property, value) in [("TZ", &contact.time_zone), ("LANG", &contact.locale)] {
        if let Some(value) = value {
            line(property, &escaped(value));
        }
    }
    line("REV", &contact.created_at.to_string());
    line("END", "VCARD");
    text
}

/// Lines of at most 75 bytes (RFC 6350 section 3.2), never cut within a character.
fn folded(text: &mut String, line: &str) {
    let mut rest = line;
    while rest.len() > FOLD_AT {
        let at = rest.floor_char_boundary(FOLD_AT);
        text.push_str(&rest[..at]);
        text.push_str("\r\n ");
        rest = &rest[at..];
    }
    text.push_str(rest);
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use domain::clock::Timestamp;
    use domain::contact::{AttributeValue, Attributes};
    use domain::ids::Id;
    use proptest::prelude::*;

    use super::*;
    use crate::contacts::view::IdentityView;

    fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
        let table = read(text);
        let named = |row: &TableRow| {
            let cells = table.columns.iter().cloned().zip(row.cells.iter().cloned());
            cells.filter(|(_, cell)| !cell.is_empty()).collect()
        };
        table.rows.iter().map(named).collect()
    }

    #[test]
    fn a_card_of_each_version_is_read() {
        let three = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;Jane;Q.;Dr.;\r\nFN:Dr. Jane Q. Doe\r\nORG:Acme\\, Inc.;Sales\r\n\
                     EMAIL;TYPE=INTERNET:jane@example.com\r\nitem1.EMAIL:j@example.com\r\nTEL;TYPE=CELL:+1 555 010\r\n 0123\r\n\
                     NOTE:Likes\\ntea\\; a lot\r\nCATEGORIES:vip,press\r\nPHOTO;ENCODING=b:aGVsbG8=\r\nEND:VCARD\r\n";
        let row = &rows(three)[0];
        assert_eq!(row["FN"], "Dr. Jane Q. Doe");
        assert_eq!(row["EMAIL"], "jane@example.com\nj@example.com");
        assert_eq!(row["TEL"], "+1 555 0100123");
        assert_eq!(row["ORG"], "Acme, Inc., Sales");
        assert_eq!(row["NOTE"], "Likes\ntea; a lot");
        assert_eq!(row["CATEGORIES"], "vip, press");
        let four = "BEGIN:VCARD\nVERSION:4.0\nFN;X=\"a:b\":Joe\nTEL;VALUE=uri;TYPE=\"voice,home\":tel:+4930123456\nEND:VCARD\n\
                    BEGIN:VCARD\nN:Roe;Ann\nBDAY:1970-01-02\n";
        assert_eq!(rows(four)[0]["TEL"], "+4930123456");
        assert_eq!(rows(four)[0]["FN"], "Joe");
        assert_eq!((rows(four)[1]["FN"].as_str(), rows(four)[1]["BDAY"].as_str()), ("Ann Roe", "1970-01-02"));
        let two = "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=\n=BCrgen\n\
                   NOTE;ENCODING=QUOTED-PRINTABLE:Stra=DFe 1\nEND:VCARD";
        assert_eq!(rows(two)[0]["FN"], "Jürgen Müller");
        assert_eq!(rows(two)[0]["NOTE"], "Straße 1");
    }

    fn contact(name: &str, texts: [&str; 3]) -> ContactView {
        let attributes: Attributes = [("company", texts[0]), ("note", texts[1]), ("plan", texts[2])]
            .into_iter()
            .map(|(key, value)| (key.to_owned(), AttributeValue::Text(value.to_owned())))
            .collect();
        let identity = |channel, address: &str| IdentityView { channel, address: address.to_owned() };
        ContactView {
            id: Id::from_u128(1),
            name: name.to_owned(),
            identities: vec![
                identity(Channel::Email, "jane@example.com"),
                identity(Channel::Sms, "+15550100123"),
                identity(Channel::Email, "j@example.com"),
            ],
            attributes,
            owner: None,
            time_zone: Some("Europe/Berlin".to_owned()),
            locale: Some("de-AT".to_owned()),
            merged_into: None,
            created_at: Timestamp::from_micros(0),
            last_seen_at: None,
            suppressions: None,
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_back(
            name in "[!-~äß€🙂]([ -~äß€🙂]{0,100}[!-~])?", texts in proptest::array::uniform3("[!-~äß]([ -~äß€\n]{0,90}[!-~])?")
        ) {
            let texts = texts.each_ref().map(String::as_str);
            let text = card(&contact(&name, texts));
            prop_assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
            let row = &rows(&text)[0];
            prop_assert_eq!(&row["FN"], &name);
            prop_assert_eq!(&row["EMAIL"], "jane@example.com\nj@example.com");
            prop_assert_eq!(&row["TEL"], "+15550100123");
            prop_assert_eq!(&row["ORG"], texts[0]);
            prop_assert_eq!(&row["NOTE"], texts[1]);
            prop_assert_eq!(&row["attribute:plan"], texts[2]);
            prop_assert_eq!(&row["TZ"], "Europe/Berlin");
        }

        #[test]
        fn no_text_makes_reading_fail(text in "\\PC*|(BEGIN:VCARD|END:VCARD|N|FN|EMAIL|[:;,=\\\\\r\n \"A-F0-9]){0,80}") {
            drop(read(&text));
        }
    }
}
