//! The protocol of one session as a pure machine: bytes and answers go in, steps come out. It never waits and never
//! touches the network, so it can be fuzzed.

use std::collections::VecDeque;

use domain::address::EmailAddress;

use super::chunk::Chunk;
use super::command::{Command, Greeting, Mail, Wrong};
use super::hops::{MOST_HOPS, hops};
use super::lines::{Body, BodyFault, BodyReader, Input, Line};
use crate::smtp::Reply;

/// What is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Between mail servers (RFC 5321): one reply for a message.
    Smtp,
    /// From a mail server to where mail ends (RFC 2033): one reply for each recipient of a message.
    Lmtp,
}

/// What a session allows.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub hostname: String,
    pub protocol: Protocol,
    pub max_message_bytes: usize,
    pub max_line_bytes: usize,
    pub max_recipients: usize,
    pub max_errors: u32,
    pub offers_tls: bool,
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Reply(Reply),
    /// Nothing; ask for the next step.
    Continue,
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
    rules: Rules,
    input: Input,
    state: State,
    /// Replies that are to be given before anything else.
    more_replies: VecDeque<Reply>,
    hello: String,
    extended: bool,
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
    /// In a chunk.
    Chunk(Envelope, Body, Chunk),
    /// Between two chunks.
    Chunked(Envelope, Body),
    /// In a chunk that was not asked for; then the reply, and on as before.
    UnwantedChunk(Chunk, Reply, Option<Envelope>),
    /// Waits for the answer about a message.
    Delivering,
}

#[derive(Debug)]
struct Envelope {
    mail: Mail,
    to: Vec<EmailAddress>,
}

impl Session {
    pub(super) fn new(rules: Rules) -> Session {
        Session {
            rules,
            input: Input::default(),
            state: State::Idle,
            more_replies: VecDeque::new(),
            hello: String::new(),
            extended: false,
            secure: false,
            errors: 0,
            closing: false,
        }
    }

    pub(super) fn greeting(&self) -> Reply {
        let protocol = match self.rules.protocol {
            Protocol::Smtp => "ESMTP",
            Protocol::Lmtp => "LMTP",
        };
        Reply::new(220, format!("{} {protocol} Chancery", self.rules.hostname))
    }

    /// What the client called itself.
    pub(super) fn hello(&self) -> &str {
        &self.hello
    }

    pub(super) fn is_extended(&self) -> bool {
        self.extended
    }

    /// Who the message is from that is being given; `None` also for `<>`.
    pub(super) fn from(&self) -> Option<&EmailAddress> {
        match &self.state {
            State::Envelope(envelope)
            | State::Asking(envelope, _)
            | State::Body(envelope, _)
            | State::Chunk(envelope, ..)
            | State::Chunked(envelope, _) => envelope.mail.from.as_ref(),
            State::Idle | State::UnwantedChunk(..) | State::Delivering => None,
        }
    }

    /// How many bytes of the message that is being given are in memory.
    pub(super) fn held(&self) -> usize {
        match &self.state {
            State::Body(_, reader) => reader.body().held(),
            State::Chunk(_, body, _) | State::Chunked(_, body) => body.held(),
            _ => 0,
        }
    }

    /// There is no memory for the message that is being given: it is read on, and then refused for now.
    pub(super) fn no_room(&mut self) {
        match &mut self.state {
            State::Body(_, reader) => reader.body_mut().let_go(BodyFault::NoRoom),
            State::Chunk(_, body, _) | State::Chunked(_, body) => body.let_go(BodyFault::NoRoom),
            _ => {}
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
        if let Some(reply) = self.more_replies.pop_front() {
            return Some(Step::Reply(reply));
        }
        if self.closing {
            return Some(Step::Close);
        }
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Body(envelope, mut reader) => {
                if !reader.read(&mut self.input) {
                    self.state = State::Body(envelope, reader);
                    return None;
                }
                Some(self.message(envelope, reader.finish()))
            }
            State::Chunk(envelope, mut body, mut chunk) => {
                if !chunk.receive(&mut self.input, &mut body, self.rules.max_message_bytes) {
                    self.state = State::Chunk(envelope, body, chunk);
                    return None;
                }
                Some(self.chunk_received(envelope, body, chunk))
            }
            State::UnwantedChunk(mut chunk, reply, envelope) => {
                if !chunk.let_go(&mut self.input) {
                    self.state = State::UnwantedChunk(chunk, reply, envelope);
                    return None;
                }
                self.state = envelope.map_or(State::Idle, State::Envelope);
                Some(Step::Reply(reply))
            }
            other => {
                self.state = other;
                self.line()
            }
        }
    }

    fn line(&mut self) -> Option<Step> {
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
            // LMTP owes a reply to each RCPT that it accepted, also to one that came twice.
            let counts = self.rules.protocol == Protocol::Lmtp || !envelope.to.contains(&address);
            if answer.is_positive() && counts {
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
        self.extended = false;
        self.state = State::Idle;
    }

    fn command(&mut self, command: Command) -> Step {
        match command {
            Command::Hello { name, greeting } => self.greeted(name, greeting),
            Command::Mail(mail) => self.mail(mail),
            Command::Recipient(address) => self.recipient(address),
            Command::Data => self.data(),
            Command::Chunk(Some(chunk)) => self.chunk(chunk),
            Command::Chunk(None) => {
                // How many bytes follow is not known, and they must not be read as commands.
                self.closing = true;
                reply(501, "5.5.4 the size of the chunk is not understood")
            }
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
            Command::StartTls if self.rules.offers_tls && !self.secure => {
                if matches!(self.state, State::Idle) {
                    Step::StartTls
                } else {
                    self.wrong(503, "5.5.1 not inside a message")
                }
            }
            Command::StartTls | Command::NotOffered => self.wrong(502, "5.5.1 not offered"),
            Command::Unknown => self.wrong(500, "5.5.2 not understood"),
        }
    }

    fn greeted(&mut self, name: String, greeting: Greeting) -> Step {
        match (self.rules.protocol, greeting) {
            (Protocol::Smtp, Greeting::Lhlo) => return self.wrong(500, "5.5.1 this is SMTP: say EHLO"),
            (Protocol::Lmtp, Greeting::Ehlo | Greeting::Helo) => {
                return self.wrong(500, "5.5.1 this is LMTP: say LHLO");
            }
            _ => {}
        }
        if name.is_empty() {
            return self.wrong(501, "5.5.4 say your name");
        }
        self.hello = name;
        self.state = State::Idle;
        self.extended = greeting != Greeting::Helo;
        if !self.extended {
            return reply(250, self.rules.hostname.clone());
        }
        let mut text = format!(
            "{}\nSIZE {}\n8BITMIME\nSMTPUTF8\nPIPELINING\nCHUNKING\nENHANCEDSTATUSCODES",
            self.rules.hostname, self.rules.max_message_bytes
        );
        if self.rules.offers_tls && !self.secure {
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
        if mail.size.is_some_and(|size| size > self.rules.max_message_bytes) {
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
        if envelope.to.len() >= self.rules.max_recipients {
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
                let reader = BodyReader::new(self.rules.max_message_bytes, self.rules.max_line_bytes);
                self.state = State::Body(envelope, reader);
                reply(354, "go on; end with a dot on a line of its own")
            }
            State::Chunked(..) => self.wrong(503, "5.5.1 a message that began with BDAT ends with it"),
            _ => self.wrong(503, "5.5.1 MAIL and RCPT come first"),
        }
    }

    /// The bytes follow whatever we say, so they are read in every case.
    fn chunk(&mut self, chunk: Chunk) -> Step {
        let unwanted = |text: &str| Reply::new(503, format!("5.5.1 {text}"));
        self.state = match std::mem::replace(&mut self.state, State::Idle) {
            State::Envelope(envelope) if envelope.to.is_empty() => {
                self.errors += 1;
                let refusal = Reply::new(554, "5.5.1 no valid recipients");
                State::UnwantedChunk(chunk, refusal, Some(envelope))
            }
            State::Envelope(envelope) => State::Chunk(envelope, Body::default(), chunk),
            State::Chunked(envelope, body) => State::Chunk(envelope, body, chunk),
            _ => {
                self.errors += 1;
                State::UnwantedChunk(chunk, unwanted("MAIL and RCPT come first"), None)
            }
        };
        if self.errors >= self.rules.max_errors {
            return self.too_many_errors();
        }
        Step::Continue
    }

    fn chunk_received(&mut self, envelope: Envelope, body: Body, chunk: Chunk) -> Step {
        if chunk.last {
            return self.message(envelope, body);
        }
        if let Some(fault) = body.fault {
            // The chunks that follow are unwanted, up to the next MAIL.
            return Step::Reply(refusal_of(fault));
        }
        self.state = State::Chunked(envelope, body);
        reply(250, "2.0.0 go on")
    }

    fn message(&mut self, envelope: Envelope, body: Body) -> Step {
        let refusal = match body.fault {
            Some(fault) => {
                self.errors += u32::from(fault == BodyFault::BareLineEnd);
                Some(refusal_of(fault))
            }
            None if hops(&body.bytes) >= MOST_HOPS => {
                Some(Reply::new(554, "5.4.6 this mail goes in circles"))
            }
            None => None,
        };
        let Envelope { mail, to } = envelope;
        if let Some(refusal) = refusal {
            if self.rules.protocol == Protocol::Lmtp {
                self.more_replies.extend(std::iter::repeat_n(refusal.clone(), to.len() - 1));
            }
            return Step::Reply(refusal);
        }
        self.state = State::Delivering;
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
        if self.errors >= self.rules.max_errors {
            return self.too_many_errors();
        }
        reply(code, text)
    }

    fn too_many_errors(&mut self) -> Step {
        self.closing = true;
        reply(421, "4.7.0 too many errors")
    }
}

fn refusal_of(fault: BodyFault) -> Reply {
    match fault {
        BodyFault::TooLarge => Reply::new(552, "5.3.4 too large"),
        BodyFault::BareLineEnd => Reply::new(554, "5.6.11 lines end with CR LF and nothing else"),
        BodyFault::LongLine => Reply::new(554, "5.6.0 a line is too long"),
        BodyFault::NoRoom => Reply::new(452, "4.3.1 too much mail at once, come back later"),
    }
}

fn reply(code: u16, text: impl Into<String>) -> Step {
    Step::Reply(Reply::new(code, text))
}

#[cfg(test)]
mod tests;
