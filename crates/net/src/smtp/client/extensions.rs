//! What a server offers in its answer to EHLO.

/// The extensions that we use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Extensions {
    pub pipelining: bool,
    pub eight_bit: bool,
    pub utf8: bool,
    pub start_tls: bool,
    /// Reports on delivery can be asked for (RFC 3461).
    pub dsn: bool,
    /// The largest message in bytes; `None` when the server names no limit.
    pub max_bytes: Option<u64>,
    pub size: bool,
    pub plain: bool,
    pub login: bool,
    pub cram_md5: bool,
    pub xoauth2: bool,
}

impl Extensions {
    /// Reads the lines after the greeting line.
    pub(super) fn read(text: &str) -> Extensions {
        let mut extensions = Extensions::default();
        for line in text.lines().skip(1) {
            // `AUTH=` is how servers before RFC 4954 wrote it.
            let mut words = line.split([' ', '=']).filter(|word| !word.is_empty());
            let Some(keyword) = words.next() else { continue };
            match keyword.to_ascii_uppercase().as_str() {
                "PIPELINING" => extensions.pipelining = true,
                "8BITMIME" => extensions.eight_bit = true,
                "SMTPUTF8" => extensions.utf8 = true,
                "STARTTLS" => extensions.start_tls = true,
                "DSN" => extensions.dsn = true,
                "SIZE" => {
                    extensions.size = true;
                    extensions.max_bytes =
                        words.next().and_then(|word| word.parse().ok()).filter(|size| *size > 0);
                }
                "AUTH" => words.for_each(|word| extensions.note_mechanism(word)),
                _ => {}
            }
        }
        extensions
    }

    /// Whether the server takes credentials at all.
    pub(super) fn takes_credentials(&self) -> bool {
        self.plain || self.login || self.cram_md5 || self.xoauth2
    }

    fn note_mechanism(&mut self, word: &str) {
        match word.to_ascii_uppercase().as_str() {
            "PLAIN" => self.plain = true,
            "LOGIN" => self.login = true,
            "CRAM-MD5" => self.cram_md5 = true,
            "XOAUTH2" => self.xoauth2 = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_read_in_any_case() {
        let text = "mx.example.com\nPIPELINING\nsize 1000\n8BITMIME\nAUTH PLAIN login\nAUTH=CRAM-MD5\nSTARTTLS\nX-ODD";
        let extensions = Extensions::read(text);
        assert!(extensions.pipelining && extensions.eight_bit && extensions.start_tls && !extensions.utf8);
        assert!(extensions.plain && extensions.login && extensions.cram_md5 && !extensions.xoauth2);
        assert_eq!(extensions.max_bytes, Some(1000));
        assert_eq!(Extensions::read("mx PIPELINING"), Extensions::default());
        assert_eq!(Extensions::read("mx\nSIZE 0").max_bytes, None);
    }
}
