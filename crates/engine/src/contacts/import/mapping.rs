//! Which column of a file is what of a contact: said by whoever imports, or guessed from the header in several languages.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use domain::contact::attribute_key;
use domain::invalid::{Faults, Invalid};

use crate::contacts::file::{ATTRIBUTE_COLUMN, Table};

/// What a column becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Name,
    FirstName,
    LastName,
    Email,
    Phone,
    TimeZone,
    Locale,
    Attribute(String),
    Ignore,
}

impl FromStr for Target {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Target, &'static str> {
        const EXPECTED: &str = "expected name, first_name, last_name, email, phone, time_zone, locale, ignore, or \
                                attribute: and a key such as attribute:company";
        Ok(match text {
            "name" => Target::Name,
            "first_name" => Target::FirstName,
            "last_name" => Target::LastName,
            "email" => Target::Email,
            "phone" => Target::Phone,
            "time_zone" => Target::TimeZone,
            "locale" => Target::Locale,
            "ignore" | "" => Target::Ignore,
            other => {
                let key = other.strip_prefix(ATTRIBUTE_COLUMN).ok_or(EXPECTED)?;
                attribute_key(key).map_err(|_| EXPECTED)?;
                Target::Attribute(key.to_owned())
            }
        })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Target::Name => "name",
            Target::FirstName => "first_name",
            Target::LastName => "last_name",
            Target::Email => "email",
            Target::Phone => "phone",
            Target::TimeZone => "time_zone",
            Target::Locale => "locale",
            Target::Ignore => "ignore",
            Target::Attribute(key) => return write!(formatter, "{ATTRIBUTE_COLUMN}{key}"),
        })
    }
}

/// Headers in small letters, without what is no letter.
const WORDS: &[(&str, &[&str])] = &[
    (
        "name",
        &[
            "name",
            "fn",
            "fullname",
            "displayname",
            "contact",
            "contactname",
            "customer",
            "customername",
            "kontakt",
            "kunde",
            "vollständigername",
            "nom",
            "nomcomplet",
            "nombre",
            "nombrecompleto",
            "nome",
            "nomecompleto",
            "nominativo",
            "naam",
            "volledigenaam",
            "imięinazwisko",
            "namn",
            "navn",
            "nimi",
            "jméno",
            "isim",
            "имя",
            "фио",
            "名前",
            "氏名",
            "姓名",
            "이름",
        ],
    ),
    (
        "first_name",
        &[
            "firstname",
            "givenname",
            "forename",
            "vorname",
            "prénom",
            "prenom",
            "primernombre",
            "nombredepila",
            "primeironome",
            "voornaam",
            "imię",
            "imie",
            "förnamn",
            "fornavn",
            "etunimi",
            "křestníjméno",
        ],
    ),
    (
        "last_name",
        &[
            "lastname",
            "surname",
            "familyname",
            "nachname",
            "familienname",
            "nomdefamille",
            "apellido",
            "apellidos",
            "cognome",
            "sobrenome",
            "apelido",
            "achternaam",
            "nazwisko",
            "efternamn",
            "etternavn",
            "efternavn",
            "sukunimi",
            "příjmení",
            "фамилия",
        ],
    ),
    (
        "email",
        &[
            "email",
            "emails",
            "mail",
            "emailaddress",
            "emailaddresses",
            "primaryemail",
            "workemail",
            "emailadresse",
            "mailadresse",
            "adressemail",
            "adresseemail",
            "courriel",
            "correo",
            "correoelectrónico",
            "correoelectronico",
            "indirizzoemail",
            "endereçodeemail",
            "emailadres",
            "adresemail",
            "epost",
            "epostadress",
            "sähköposti",
            "электроннаяпочта",
            "メールアドレス",
            "电子邮件",
            "이메일",
        ],
    ),
    (
        "phone",
        &[
            "phone",
            "phones",
            "tel",
            "telephone",
            "phonenumber",
            "mobile",
            "mobilephone",
            "cell",
            "cellphone",
            "sms",
            "telefon",
            "telefonnummer",
            "handy",
            "handynummer",
            "mobil",
            "mobiltelefon",
            "rufnummer",
            "téléphone",
            "numérodetéléphone",
            "portable",
            "teléfono",
            "telefono",
            "móvil",
            "cellulare",
            "telefone",
            "celular",
            "telemóvel",
            "telefoonnummer",
            "telefoon",
            "mobiel",
            "numertelefonu",
            "puhelin",
            "телефон",
            "電話番号",
            "电话",
        ],
    ),
    ("time_zone", &["timezone", "tz", "zeitzone", "fuseauhoraire", "zonahoraria", "fusoorario"]),
    ("locale", &["locale", "lang", "language", "sprache", "langue", "idioma", "lingua", "taal", "język"]),
    (
        "attribute:company",
        &[
            "company",
            "companyname",
            "organization",
            "organisation",
            "org",
            "account",
            "business",
            "firma",
            "unternehmen",
            "entreprise",
            "société",
            "empresa",
            "azienda",
            "società",
            "bedrijf",
            "företag",
        ],
    ),
    ("attribute:title", &["title", "jobtitle", "position", "funktion", "poste", "cargo", "functie"]),
    (
        "attribute:note",
        &["note", "notes", "comment", "comments", "notiz", "notizen", "bemerkung", "remarque"],
    ),
    ("attribute:categories", &["categories", "category", "groups", "kategorie", "kategorien", "catégorie"]),
    (
        "attribute:birthday",
        &["birthday", "bday", "dateofbirth", "geburtstag", "geburtsdatum", "anniversaire"],
    ),
    ("attribute:website", &["website", "url", "webseite", "homepage", "siteweb"]),
    ("attribute:address", &["address", "adr", "adresse", "anschrift", "dirección", "indirizzo", "adres"]),
    // What our own export has beside these.
    ("ignore", &["id", "owner", "createdat", "lastseenat"]),
];

/// What the columns of a file probably are.
pub(super) fn suggested(columns: &[String]) -> BTreeMap<String, String> {
    columns.iter().map(|column| (column.clone(), target_of(column).to_string())).collect()
}

fn target_of(column: &str) -> Target {
    if column.starts_with(ATTRIBUTE_COLUMN)
        && let Ok(target) = column.parse()
    {
        return target;
    }
    // `Email 2` and `Phone (work)` are more of the same.
    let plain = column.split(['(', '[', '/']).next().unwrap_or_default();
    let letters: String = plain.to_lowercase().chars().filter(|c| c.is_alphabetic()).collect();
    let known = WORDS.iter().find(|(_, headers)| headers.contains(&letters.as_str()));
    match known.and_then(|(target, _)| target.parse().ok()) {
        Some(target) => target,
        None => key_of(column).map_or(Target::Ignore, Target::Attribute),
    }
}

/// A header as the key of an attribute; nothing when no character of it may stand in one.
fn key_of(column: &str) -> Option<String> {
    let mut key = String::new();
    for character in column.chars() {
        match character.to_ascii_lowercase() {
            plain if plain.is_ascii_lowercase() || plain.is_ascii_digit() => key.push(plain),
            'ä' | 'Ä' => key.push_str("ae"),
            'ö' | 'Ö' => key.push_str("oe"),
            'ü' | 'Ü' => key.push_str("ue"),
            'ß' => key.push_str("ss"),
            'é' | 'è' | 'ê' | 'É' => key.push('e'),
            _ if key.ends_with('_') || key.is_empty() => {}
            _ => key.push('_'),
        }
    }
    key.truncate(60);
    let key = key.trim_end_matches('_').to_owned();
    (!key.is_empty()).then_some(key)
}

/// What each column becomes, in the order of the columns; those that are not named are left out.
///
/// # Errors
/// Names the columns that are not there, and what is no target.
pub(super) fn targets(table: &Table, mapping: &BTreeMap<String, String>) -> Result<Vec<Target>, Invalid> {
    let mut faults = Faults::default();
    let mut targets = vec![Target::Ignore; table.columns.len()];
    for (column, word) in mapping {
        let pointer = format!("/mapping/{}", column.replace('~', "~0").replace('/', "~1"));
        let target = faults.take(pointer.as_str(), word.parse::<Target>());
        let places: Vec<usize> = table
            .columns
            .iter()
            .enumerate()
            .filter(|(_, name)| *name == column)
            .map(|(place, _)| place)
            .collect();
        if places.is_empty() {
            faults.note(pointer, format!("the file has no such column; it has {}", table.columns.join(", ")));
        }
        for place in places {
            targets[place] = target.clone().unwrap_or(Target::Ignore);
        }
    }
    let says_who = |target: &Target| matches!(target, Target::Email | Target::Phone);
    if !targets.iter().any(says_who) {
        faults.note("/mapping", "expected a column that is email or phone: by these contacts are told apart");
    }
    faults.finish()?;
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_understood_in_several_languages() {
        for (header, target) in [
            ("E-Mail-Adresse", "email"),
            ("Email 2", "email"),
            ("Correo electrónico", "email"),
            ("Nom de famille", "last_name"),
            ("Vorname", "first_name"),
            ("FULL NAME", "name"),
            ("Telefon (Arbeit)", "phone"),
            ("TEL", "phone"),
            ("Firma", "attribute:company"),
            ("attribute:vip", "attribute:vip"),
            ("Kunden-Nr.", "attribute:kunden_nr"),
            ("Größe", "attribute:groesse"),
            ("created_at", "ignore"),
            ("", "ignore"),
            ("№", "ignore"),
        ] {
            assert_eq!(target_of(header).to_string(), target, "{header}");
        }
    }

    #[test]
    fn every_word_is_a_target() {
        for (target, _) in WORDS {
            assert!(target.parse::<Target>().is_ok(), "{target}");
        }
    }
}
