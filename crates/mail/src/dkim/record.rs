//! What is published in the DNS for a key, in the forms that people need to enter it.

/// The longest string of a TXT record (RFC 1035 section 3.3).
const LONGEST_STRING: usize = 255;

/// One TXT record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Without a dot at the end.
    pub name: String,
    pub value: String,
}

impl Record {
    /// The value in strings of at most 255 bytes; receivers put them together again.
    #[must_use]
    pub fn strings(&self) -> Vec<&str> {
        let mut rest = self.value.as_str();
        let mut strings = Vec::with_capacity(2);
        while rest.len() > LONGEST_STRING {
            let (one, after) = rest.split_at(LONGEST_STRING);
            strings.push(one);
            rest = after;
        }
        strings.push(rest);
        strings
    }

    /// A line of a zone file.
    #[must_use]
    pub fn zone_line(&self) -> String {
        let strings: Vec<String> = self.strings().iter().map(|string| format!("\"{string}\"")).collect();
        match strings.as_slice() {
            [one] => format!("{}. IN TXT {one}", self.name),
            several => format!("{}. IN TXT ( {} )", self.name, several.join(" ")),
        }
    }

    /// Whether a published text has the same public key, however it is written otherwise.
    #[must_use]
    pub fn has_key_of(&self, published: &str) -> bool {
        let key = tag(&self.value, "p");
        key.is_some() && key == tag(published, "p")
    }

    /// Whether a published text says that its key is no longer good.
    #[must_use]
    pub fn is_revoked(published: &str) -> bool {
        tag(published, "p").is_some_and(|key| key.is_empty())
    }
}

/// A tag of a tag list, without white space.
fn tag(list: &str, wanted: &str) -> Option<String> {
    list.split(';')
        .filter_map(|part| part.split_once('='))
        .find(|(name, _)| name.trim() == wanted)
        .map(|(_, value)| value.chars().filter(|character| !character.is_whitespace()).collect())
}
