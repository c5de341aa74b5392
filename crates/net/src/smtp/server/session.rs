//! The protocol of one session as a pure machine: bytes and answers go in, steps come out. It never waits and never
//! touches the network, so it can be fuzzed.

use domain::address::EmailAddress;

use super::command::{Command, Mail, Wrong};
use super::lines::{Body, BodyFault, BodyReader, Input, Line};
use crate::smtp::Reply;

/// After so many wrong commands the other side is no mail server.
const MAX_ERRORS: u32 = 20;

/// What a session allows.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub hostname: String,
    pub max_message_bytes: usize,
    pub max_recipients: usize,
    pub offers_tls: bool,
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Reply(Reply),
    /// Ask about the recipient, then call [`Session::recipient_answered`].
    AskRecipient(EmailAddress),
    /// Hand over the message, then call [`Session::message_answered`].
    Deliver {
        from: Option<EmailAddress>,
        to: Vec<EmailAddress>,
        bytes: Vec<u8>,
        utf8: bool,
    },
    /// Send what is to be sent and begin TLS, then call [`Session::secured`].
    StartTls,
    /// Send what is to be sent and close.
    Close,
}

/// One session.
#[derive(Debug)]
pub(super) struct Session {
    limits: Limits,
    input: Input,
    state: State,
    hello: String,
    secure: bool,
    errors: u32,
    closing: bool,
}

#[derive(Debug)]
enum State {
    Idle,
    Envelope(Envelope),
    /// Waits for the answer about this recipient.
    Asking(Envelope, EmailAddress),
    Body(Envelope, BodyReader),
    /// Waits for the answer about a message.
    Delivering,
}

#[derive(Debug)]
struct Envelope {
    mail: Mail,
    to: Vec<EmailAddress>,
}

impl Session {
    pub(super) fn new(limits: Limits) -> Session {
        Session {
            limits,
            input: Input::default(),
            state: State::Idle,
            hello: String::new(),
            secure: false,
            errors: 0,
            closing: false,
        }
    }

    pub(super) fn greeting(&self) -> Reply {
        Reply::new(220, format!("{} ESMTP Chancery", self.limits.hostname))
    }

    /// What the client called itself.
    pub(super) fn hello(&self) -> &str {
        &self.hello
    }

    /// Who the message is from that is being given; `None` also for `<>`.
    pub(super) fn from(&self) -> Option<&EmailAddress> {
        match &self.state {
            State::Envelope(envelope) | State::Asking(envelope, _) | State::Body(envelope, _) => {
                envelope.mail.from.as_ref()
            }
            State::Idle | State::Delivering => None,
        }
    }

    /// Whether nothing is under way that would be lost.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle) && self.input.is_empty()
    }

    pub(super) fn receive(&mut self, bytes: &[u8]) {
        self.input.push(bytes);
    }

    /// The next step, or nothing until more bytes come.
    pub(super) fn next(&mut self) -> Option<Step> {
        if self.closing {
            return Some(Step::Close);
        }
        if let State::Body(_, reader) = &mut self.state {
            if !reader.read(&mut self.input) {
                return None;
            }
            let State::Body(envelope, reader) = std::mem::replace(&mut self.state, State::Idle) else {
                return None;
            };
            return Some(self.message(envelope, reader.finish()));
        }
        match self.input.line()? {
            Line::Command(line) => Some(self.command(Command::read(&line))),
            Line::Malformed => {
                // The client and we may not agree where its lines end: nothing more can be trusted.
                self.closing = true;
                Some(reply(500, "5.5.2 lines end with CR LF and are shorter"))
            }
        }
    }

    /// The answer to [`Step::AskRecipient`].
    pub(super) fn recipient_answered(&mut self, answer: &Reply) {
        if let State::Asking(mut envelope, address) = std::mem::replace(&mut self.state, State::Idle) {
            if answer.is_positive() && !envelope.to.contains(&address) {
                envelope.to.push(address);
            }
            self.state = State::Envelope(envelope);
        }
        if !answer.is_positive() {
            self.errors += 1;
        }
    }

    /// The answer to [`Step::Deliver`].
    pub(super) fn message_answered(&mut self) {
        self.state = State::Idle;
    }

    /// TLS has begun: everything that was said before is forgotten (RFC 3207 section 4.2).
    pub(super) fn secured(&mut self) {
        self.secure = true;
        self.input.clear();
        self.hello.clear();
        self.state = State::Idle;
    }

    fn command(&mut self, command: Command) -> Step {
        match command {
            Command::Hello { name, extended } => self.greeted(name, extended),
            Command::Mail(mail) => self.mail(mail),
            Command::Recipient(address) => self.recipient(address),
            Command::Data => self.data(),
            Command::Reset => {
                self.state = State::Idle;
                reply(250, "2.0.0 forgotten")
            }
            Command::Noop => reply(250, "2.0.0 here"),
            Command::Verify => reply(252, "2.1.5 try, and I shall see"),
            Command::Help => reply(214, "2.0.0 see RFC 5321"),
            Command::Quit => {
                self.closing = true;
                reply(221, "2.0.0 good-bye")
            }
            Command::StartTls if self.limits.offers_tls && !self.secure => {
                if matches!(self.state, State::Idle) {
                    Step::StartTls
                } else {
                    self.wrong(503, "5.5.1 not inside a message")
                }
            }
            Command::StartTls => self.wrong(502, "5.5.1 not offered"),
            Command::Unknown => self.wrong(500, "5.5.2 not understood"),
        }
    }

    fn greeted(&mut self, name: String, extended: bool) -> Step {
        if name.is_empty() {
            return self.wrong(501, "5.5.4 say your name");
        }
        self.hello = name;
        self.state = State::Idle;
        if !extended {
            return reply(250, self.limits.hostname.clone());
        }
        let mut text = format!(
            "{}\nSIZE {}\n8BITMIME\nSMTPUTF8\nPIPELINING\nENHANCEDSTATUSCODES",
            self.limits.hostname, self.limits.max_message_bytes
        );
        if self.limits.offers_tls && !self.secure {
            text.push_str("\nSTARTTLS");
        }
        reply(250, text)
    }

    fn mail(&mut self, mail: Result<Mail, Wrong>) -> Step {
        if self.hello.is_empty() {
            return self.wrong(503, "5.5.1 say hello first");
        }
        if !matches!(self.state, State::Idle) {
            return self.wrong(503, "5.5.1 one message after the other");
        }
        let mail = match mail {
            Ok(mail) => mail,
            Err(wrong) => return self.wrong_command(wrong, "5.1.7"),
        };
        if mail.size.is_some_and(|size| size > self.limits.max_message_bytes) {
            return self.wrong(552, "5.3.4 too large");
        }
        if mail.from.as_ref().is_some_and(EmailAddress::is_international) && !mail.utf8 {
            return self.wrong(553, "5.6.7 such an address needs SMTPUTF8");
        }
        self.state = State::Envelope(Envelope { mail, to: Vec::new() });
        reply(250, "2.1.0 ok")
    }

    fn recipient(&mut self, address: Result<EmailAddress, Wrong>) -> Step {
        let State::Envelope(envelope) = std::mem::replace(&mut self.state, State::Idle) else {
            return self.wrong(503, "5.5.1 MAIL comes first");
        };
        let address = match address {
            Ok(address) => address,
            Err(wrong) => {
                self.state = State::Envelope(envelope);
                return self.wrong_command(wrong, "5.1.3");
            }
        };
        if envelope.to.len() >= self.limits.max_recipients {
            self.state = State::Envelope(envelope);
            return reply(452, "4.5.3 too many recipients at once");
        }
        if address.is_international() && !envelope.mail.utf8 {
            self.state = State::Envelope(envelope);
            return self.wrong(553, "5.6.7 such an address needs SMTPUTF8");
        }
        self.state = State::Asking(envelope, address.clone());
        Step::AskRecipient(address)
    }

    fn data(&mut self) -> Step {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Envelope(envelope) if envelope.to.is_empty() => {
                self.state = State::Envelope(envelope);
                self.wrong(554, "5.5.1 no valid recipients")
            }
            State::Envelope(envelope) => {
                self.state = State::Body(envelope, BodyReader::new(self.limits.max_message_bytes));
                reply(354, "go on; end with a dot on a line of its own")
            }
            _ => self.wrong(503, "5.5.1 MAIL and RCPT come first"),
        }
    }

    fn message(&mut self, envelope: Envelope, body: Body) -> Step {
        match body.fault {
            Some(BodyFault::TooLarge) => return reply(552, "5.3.4 too large"),
            Some(BodyFault::BareLineEnd) => {
                return self.wrong(554, "5.6.11 lines end with CR LF and nothing else");
            }
            None => {}
        }
        self.state = State::Delivering;
        let Envelope { mail, to } = envelope;
        Step::Deliver { from: mail.from, to, bytes: body.bytes, utf8: mail.utf8 }
    }

    fn wrong_command(&mut self, wrong: Wrong, address_code: &str) -> Step {
        match wrong {
            Wrong::Syntax => self.wrong(501, "5.5.4 the address stands between < and >"),
            Wrong::Address => self.wrong(501, &format!("{address_code} no usable address")),
            Wrong::Parameter => self.wrong(555, "5.5.4 a parameter that is not known here"),
        }
    }

    fn wrong(&mut self, code: u16, text: &str) -> Step {
        self.errors += 1;
        if self.errors >= MAX_ERRORS {
            self.closing = true;
            return reply(421, "4.7.0 too many errors");
        }
        reply(code, text)
    }
}

fn reply(code: u16, text: impl Into<String>) -> Step {
    Step::Reply(Reply::new(code, text))
}

#[cfg(test)]
mod tests;
