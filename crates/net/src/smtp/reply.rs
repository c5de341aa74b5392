//! A reply of an SMTP server: three digits and words (RFC 5321 section 4.2), with the enhanced code in front of the
//! words (RFC 3463).

use std::fmt;

/// One reply, its lines joined by line feeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    /// Begins with the enhanced code when there is one: `5.1.1 no such mailbox`.
    pub text: String,
}

impl Reply {
    #[must_use]
    pub fn new(code: u16, text: impl Into<String>) -> Reply {
        Reply { code, text: text.into() }
    }

    /// 2xx.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// 4xx: it may work later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// 5xx: it will not work.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        (500..600).contains(&self.code)
    }

    /// Class, subject and detail, such as `(5, 1, 1)`, when the words begin with them.
    #[must_use]
    pub fn enhanced(&self) -> Option<(u8, u16, u16)> {
        let word = self.text.split_ascii_whitespace().next()?;
        let mut numbers = word.split('.');
        let class = numbers.next()?.parse().ok()?;
        let subject = numbers.next()?.parse().ok()?;
        let detail = numbers.next()?.parse().ok()?;
        (numbers.next().is_none() && matches!(class, 2 | 4 | 5)).then_some((class, subject, detail))
    }

    /// The code as people know it: `550 5.1.1`.
    #[must_use]
    pub fn code_text(&self) -> String {
        match self.enhanced() {
            Some((class, subject, detail)) => format!("{} {class}.{subject}.{detail}", self.code),
            None => self.code.to_string(),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.code, self.text)
    }
}
