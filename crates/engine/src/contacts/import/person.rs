//! What one row says of a person, checked field by field.

use domain::channel::Channel;
use domain::contact::{self, AttributeValue, MOST_ATTRIBUTES, address_key};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::mapping::Target;
use crate::contacts::file::TableRow;

/// Why a row was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RowFault {
    /// As a spreadsheet counts: the header is row 1. Cards of a vCard file are counted from 1.
    pub row: u32,
    /// The column; empty when it is about the whole row.
    pub field: String,
    /// What was expected there.
    pub detail: String,
}

/// Somebody, as a row has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub name: String,
    pub identities: Vec<(Channel, String)>,
    pub attributes: Vec<(String, String)>,
    pub time_zone: Option<String>,
    pub locale: Option<String>,
}

impl Person {
    /// Reads a row; `columns` and `targets` are in the order of its cells.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(super) fn of(
        row: &TableRow,
        columns: &[String],
        targets: &[Target],
    ) -> Result<Person, Vec<RowFault>> {
        let mut faults = Vec::new();
        let mut person = Person::default();
        let (mut first, mut last) = (String::new(), String::new());
        let mut national = Vec::new();
        for (place, target) in targets.iter().enumerate() {
            let cell = row.cell(place).trim();
            if cell.is_empty() {
                continue;
            }
            let column = columns.get(place).map_or("", String::as_str);
            let mut fault = |detail: &str| {
                faults.push(RowFault {
                    row: row.number,
                    field: column.to_owned(),
                    detail: detail.to_owned(),
                });
            };
            match target {
                Target::Ignore => {}
                Target::Name => match contact::name(&in_one_line(cell)) {
                    Ok(name) => person.name = name,
                    Err(error) => fault(error.0),
                },
                Target::FirstName => first = in_one_line(cell),
                Target::LastName => last = in_one_line(cell),
                Target::Email => {
                    for text in cell.split([';', ',', '\n', ' ', '\t']).filter(|text| !text.is_empty()) {
                        match contact::address(Channel::Email, text.trim_matches(['<', '>'])) {
                            Ok(address) => person.add(Channel::Email, address),
                            Err(error) => fault(error.0),
                        }
                    }
                }
                Target::Phone => {
                    for text in cell.split([';', ',', '\n']).map(str::trim).filter(|text| !text.is_empty()) {
                        match contact::phone(text) {
                            Ok(number) => person.add(Channel::Sms, number),
                            Err(_) => national.push((column, text.to_owned())),
                        }
                    }
                }
                Target::TimeZone => match contact::time_zone(cell) {
                    Ok(zone) => person.time_zone = Some(zone),
                    Err(error) => fault(error.0),
                },
                Target::Locale => match contact::locale(cell) {
                    Ok(locale) => person.locale = Some(locale),
                    Err(error) => fault(error.0),
                },
                Target::Attribute(key) => {
                    match contact::attribute_value(&AttributeValue::Text(cell.to_owned())) {
                        Ok(()) => person.note(key, cell),
                        Err(error) => fault(error.0),
                    }
                }
            }
        }
        if person.name.is_empty() {
            match contact::name(format!("{first} {last}").trim()) {
                Ok(name) => person.name = name,
                Err(error) => {
                    faults.push(RowFault {
                        row: row.number,
                        field: String::new(),
                        detail: error.0.to_owned(),
                    });
                }
            }
        }
        person.keep_national(row, national, &mut faults);
        if person.attributes.len() > MOST_ATTRIBUTES {
            let detail = format!("expected at most {MOST_ATTRIBUTES} attributes");
            faults.push(RowFault { row: row.number, field: String::new(), detail });
        }
        if person.identities.is_empty() && faults.is_empty() {
            let detail = "expected an email address or a phone number with its country".to_owned();
            faults.push(RowFault { row: row.number, field: String::new(), detail });
        }
        if faults.is_empty() { Ok(person) } else { Err(faults) }
    }

    fn add(&mut self, channel: Channel, address: String) {
        let is_known = |(known, other): &(Channel, String)| {
            *known == channel && address_key(other) == address_key(&address)
        };
        if !self.identities.iter().any(is_known) {
            self.identities.push((channel, address));
        }
    }

    /// Two columns for one attribute are lines of it.
    fn note(&mut self, key: &str, value: &str) {
        match self.attributes.iter_mut().find(|(known, _)| known == key) {
            Some((_, held)) => {
                held.push('\n');
                held.push_str(value);
            }
            None => self.attributes.push((key.to_owned(), value.to_owned())),
        }
    }

    /// A number without its country reaches nobody, but people can read it; alone it does not tell who it is.
    fn keep_national(&mut self, row: &TableRow, national: Vec<(&str, String)>, faults: &mut Vec<RowFault>) {
        if self.identities.is_empty() {
            for (column, _) in national {
                let detail = "expected a phone number with its country, such as +15550100123".to_owned();
                faults.push(RowFault { row: row.number, field: column.to_owned(), detail });
            }
            return;
        }
        for (_, number) in national {
            self.note("phone", &number);
        }
    }
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
