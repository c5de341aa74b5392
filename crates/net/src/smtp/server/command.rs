//! The commands of a client (RFC 5321 section 4.1). Pure.

use domain::address::EmailAddress;

use super::chunk::Chunk;

/// One command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Hello {
        name: String,
        greeting: Greeting,
    },
    Mail(Result<Mail, Wrong>),
    Recipient(Result<EmailAddress, Wrong>),
    Data,
    /// `None` when it cannot be told how many bytes follow.
    Chunk(Option<Chunk>),
    Reset,
    Noop,
    Verify,
    Help,
    Quit,
    StartTls,
    /// Known and not offered here.
    NotOffered,
    Unknown,
}

/// With which word the other side greets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Greeting {
    Helo,
    Ehlo,
    Lhlo,
}

/// `MAIL FROM`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mail {
    /// `None` is `<>`.
    pub from: Option<EmailAddress>,
    pub size: Option<usize>,
    pub utf8: bool,
}

/// What is wrong with a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Syntax,
    Address,
    Parameter,
}

impl Command {
    pub(super) fn read(line: &[u8]) -> Command {
        let Ok(line) = std::str::from_utf8(line) else { return Command::Unknown };
        let line = line.trim_end();
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => hello(rest, Greeting::Ehlo),
            "HELO" => hello(rest, Greeting::Helo),
            "LHLO" => hello(rest, Greeting::Lhlo),
            "MAIL" => Command::Mail(mail(rest)),
            "RCPT" => Command::Recipient(recipient(rest)),
            "DATA" if rest.is_empty() => Command::Data,
            "BDAT" => Command::Chunk(Chunk::read(rest)),
            "RSET" if rest.is_empty() => Command::Reset,
            "NOOP" => Command::Noop,
            "VRFY" | "EXPN" => Command::Verify,
            "HELP" => Command::Help,
            "QUIT" => Command::Quit,
            "STARTTLS" if rest.is_empty() => Command::StartTls,
            "AUTH" | "ETRN" | "TURN" | "BURL" => Command::NotOffered,
            _ => Command::Unknown,
        }
    }
}

fn hello(name: &str, greeting: Greeting) -> Command {
    let name = name.split_ascii_whitespace().next().unwrap_or_default();
    let kept: String = name.chars().filter(|character| !character.is_control()).take(255).collect();
    Command::Hello { name: kept, greeting }
}

fn mail(rest: &str) -> Result<Mail, Wrong> {
    let (path, parameters) = path(rest, "FROM:")?;
    let from = if path.is_empty() { None } else { Some(address(path)?) };
    let mut mail = Mail { from, size: None, utf8: false };
    for parameter in parameters {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name.to_ascii_uppercase().as_str() {
            "SIZE" => mail.size = Some(value.parse().map_err(|_| Wrong::Parameter)?),
            "BODY" if value.eq_ignore_ascii_case("7BIT") || value.eq_ignore_ascii_case("8BITMIME") => {}
            "SMTPUTF8" if value.is_empty() => mail.utf8 = true,
            // Who signed in elsewhere (RFC 4954); we have no use for it.
            "AUTH" => {}
            _ => return Err(Wrong::Parameter),
        }
    }
    Ok(mail)
}

fn recipient(rest: &str) -> Result<EmailAddress, Wrong> {
    let (path, mut parameters) = path(rest, "TO:")?;
    if parameters.next().is_some() {
        return Err(Wrong::Parameter);
    }
    address(path)
}

/// The path between `<` and `>`, and the words after it.
fn path<'a>(rest: &'a str, keyword: &str) -> Result<(&'a str, impl Iterator<Item = &'a str>), Wrong> {
    let start = rest.get(..keyword.len()).ok_or(Wrong::Syntax)?;
    if !start.eq_ignore_ascii_case(keyword) {
        return Err(Wrong::Syntax);
    }
    // A space after the colon is wrong and common.
    let path = rest[keyword.len()..].trim_start().strip_prefix('<').ok_or(Wrong::Syntax)?;
    let (path, parameters) = path.split_once('>').ok_or(Wrong::Syntax)?;
    if !parameters.is_empty() && !parameters.starts_with(' ') {
        return Err(Wrong::Syntax);
    }
    Ok((path, parameters.split_ascii_whitespace()))
}

fn address(path: &str) -> Result<EmailAddress, Wrong> {
    // A source route is to be ignored (RFC 5321 appendix C).
    let mailbox =
        if path.starts_with('@') { path.split_once(':').map_or(path, |(_, mailbox)| mailbox) } else { path };
    mailbox.parse().map_err(|_| Wrong::Address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_in_any_case() {
        let hello = |name: &str, greeting| Command::Hello { name: name.to_owned(), greeting };
        let mail = |from: Option<&str>, size, utf8| {
            Command::Mail(Ok(Mail { from: from.map(|from| from.parse().unwrap()), size, utf8 }))
        };
        for (line, command) in [
            ("EHLO mx.example.com", hello("mx.example.com", Greeting::Ehlo)),
            ("helo x y", hello("x", Greeting::Helo)),
            ("lhlo x", hello("x", Greeting::Lhlo)),
            ("BDAT 12 LAST", Command::Chunk(Some(Chunk { left: 12, last: true }))),
            ("BDAT x", Command::Chunk(None)),
            ("AUTH PLAIN", Command::NotOffered),
            ("MAIL FROM:<jane@example.com>", mail(Some("jane@example.com"), None, false)),
            ("mail from: <> SIZE=12 BODY=8BITMIME SMTPUTF8", mail(None, Some(12), true)),
            ("MAIL FROM:<@relay.example:jane@example.com>", mail(Some("jane@example.com"), None, false)),
            ("MAIL FROM:jane@example.com", Command::Mail(Err(Wrong::Syntax))),
            ("MAIL FROM:<jane>", Command::Mail(Err(Wrong::Address))),
            ("MAIL FROM:<jane@example.com> SIZE=x", Command::Mail(Err(Wrong::Parameter))),
            ("MAIL FROM:<jane@example.com> RET=FULL", Command::Mail(Err(Wrong::Parameter))),
            ("MAIL", Command::Mail(Err(Wrong::Syntax))),
            ("RCPT TO:<joe@example.com>", Command::Recipient(Ok("joe@example.com".parse().unwrap()))),
            ("RCPT TO:<>", Command::Recipient(Err(Wrong::Address))),
            ("RCPT TO:<jöe@example.com>", Command::Recipient(Ok("jöe@example.com".parse().unwrap()))),
            ("DATA", Command::Data),
            ("DATA now", Command::Unknown),
            ("vrfy jane", Command::Verify),
            ("QUIT", Command::Quit),
            ("STARTTLS", Command::StartTls),
            ("STARTTLS x", Command::Unknown),
            ("GET / HTTP/1.1", Command::Unknown),
            ("", Command::Unknown),
        ] {
            assert_eq!(Command::read(line.as_bytes()), command, "{line}");
        }
    }
}
