//! The customers: they write in over SMTP, read what they get, and answer after a moment.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::address::{EmailAddress, Mailbox};
use domain::channel::Channel;
use domain::ids::MessageId;
use domain::outgoing::Outgoing;
use engine::Engine;
use net::smtp::client::{Envelope, Pool, Security, SmtpConfig, Timeouts};
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::DOMAIN;
use super::script::{CLOSING, ROLES, Role};
use crate::sim::{smtp, smtp2go};

/// A pause between two letters to the bakery at the beginning, and later.
const FIRST_PAUSES: Duration = Duration::from_millis(700);
const LATER_PAUSES: Duration = Duration::from_secs(20);
/// How long a customer thinks about an answer.
const THINKING: Duration = Duration::from_secs(4);

/// Something that a customer got from the bakery.
struct Received {
    to: String,
    subject: String,
    message_id: String,
    reply_to: Option<Mailbox>,
    references: Vec<String>,
    text: String,
}

pub(super) struct Customers {
    engine: Engine,
    pool: Pool,
    smtp2go: Arc<smtp2go::Smtp2go>,
    mailbox: mpsc::UnboundedSender<Received>,
    letters: mpsc::UnboundedReceiver<Received>,
    /// How many answers each has given.
    answered: Mutex<HashMap<String, usize>>,
    written: u128,
}

impl Customers {
    pub(super) fn new(engine: Engine, door: SocketAddr, smtp2go: Arc<smtp2go::Smtp2go>) -> Customers {
        let config = SmtpConfig {
            host: door.ip().to_string(),
            port: door.port(),
            security: Security::None,
            credentials: None,
            hello_name: "mx.customers.example.com".to_owned(),
            timeouts: Timeouts::default(),
            root_ca_pem: None,
        };
        let (mailbox, letters) = mpsc::unbounded_channel();
        let answered = Mutex::default();
        Customers { engine, pool: Pool::new(config, 2), smtp2go, mailbox, letters, answered, written: 0 }
    }

    /// Delivers what the bakery sends through a mail server into the customers' mailbox.
    pub(super) fn read_mail_of(&self, server: &smtp::Server) {
        let mailbox = self.mailbox.clone();
        server.watch(move |taken| {
            if let Some(received) = read(taken) {
                // The town may be closing.
                drop(mailbox.send(received));
            }
        });
    }

    /// Writes, reads and answers until the town closes.
    pub(super) async fn live(mut self) {
        let mut next = 0;
        let mut seen = HashSet::new();
        loop {
            let pause = if next < ROLES.len() { FIRST_PAUSES } else { LATER_PAUSES };
            tokio::select! {
                () = tokio::time::sleep(pause) => {
                    if let Some(role) = ROLES.get(next) {
                        self.write_in(role).await;
                        next += 1;
                    } else {
                        self.read_newsletters(&mut seen);
                    }
                }
                Some(letter) = self.letters.recv() => self.answer(letter).await,
            }
        }
    }

    async fn write_in(&mut self, role: &Role) {
        let html = role.html.then(|| {
            let paragraphs: Vec<String> = role
                .opening
                .split("\n\n")
                .map(|part| format!("<p>{}</p>", part.replace('\n', "<br>")))
                .collect();
            paragraphs.concat()
        });
        let to = Mailbox::bare(format!("support@{DOMAIN}").parse().expect("a valid address"));
        self.send(role, to, role.subject, role.opening.to_owned(), html, Vec::new()).await;
    }

    /// What went out through SMTP2GO reaches its customers as well.
    fn read_newsletters(&self, seen: &mut HashSet<String>) {
        for taken in self.smtp2go.taken() {
            if !seen.insert(taken.email_id.clone()) {
                continue;
            }
            let Some(to) = taken.recipients.first() else { continue };
            let id = taken.header("Message-ID").unwrap_or_default().trim_matches(['<', '>']).to_owned();
            let received = Received {
                to: to.clone(),
                subject: taken.subject.clone(),
                message_id: id.clone(),
                reply_to: taken.header("Reply-To").and_then(|text| text.parse().ok()),
                references: vec![id],
                text: String::new(),
            };
            drop(self.mailbox.send(received));
        }
    }

    async fn answer(&mut self, letter: Received) {
        let Some(role) = ROLES.iter().find(|role| letter.to.eq_ignore_ascii_case(role.address)) else {
            return;
        };
        tokio::time::sleep(THINKING).await;
        let count = {
            let mut answered = self.answered.lock();
            let count = answered.entry(role.address.to_owned()).or_default();
            *count += 1;
            *count
        };
        let words = match role.answers.get(count - 1) {
            Some(words) => words,
            None if count == role.answers.len() + 1 => CLOSING,
            // A conversation has to end some time.
            None => return,
        };
        let quoted: String = letter.text.lines().map(|line| format!("> {line}\n")).collect();
        let text = format!("{words}\n\nOn Monday, Sunny Bakery wrote:\n{quoted}");
        let to = letter
            .reply_to
            .unwrap_or_else(|| Mailbox::bare(format!("support@{DOMAIN}").parse().expect("a valid address")));
        let mut references = letter.references;
        references.push(letter.message_id);
        let subject = if letter.subject.starts_with("Re: ") {
            letter.subject
        } else {
            format!("Re: {}", letter.subject)
        };
        self.send(role, to, &subject, text, None, references).await;
    }

    async fn send(
        &mut self,
        role: &Role,
        to: Mailbox,
        subject: &str,
        text: String,
        html: Option<String>,
        references: Vec<String>,
    ) {
        self.written += 1;
        let name = (!role.name.is_empty()).then(|| role.name.to_owned());
        let from = Mailbox { name, address: role.address.parse().expect("a valid address") };
        let mail = Outgoing {
            id: MessageId::from_u128(self.written),
            channel: Channel::Email,
            return_path: None,
            from: from.clone(),
            to: vec![to.clone()],
            cc: Vec::new(),
            bcc: Vec::new(),
            reply_to: None,
            subject: subject.to_owned(),
            text: Some(text),
            html,
            attachments: Vec::new(),
            rfc_message_id: format!("letter-{}@{}", self.written, from.address.domain()),
            in_reply_to: references.last().cloned(),
            references,
            headers: std::collections::BTreeMap::new(),
            date: self.engine.clock().now(),
            attempt: 1,
            trial: 1,
        };
        let recipients: [&EmailAddress; 1] = [&to.address];
        let envelope = Envelope { from: Some(&from.address), to: &recipients, id: None };
        let outcome = self.pool.send(envelope, &mail::compose(&mail)).await;
        tracing::debug!(class = %outcome.class(), "A customer wrote in.");
    }
}

fn read(taken: &smtp::Taken) -> Option<Received> {
    let parsed = mail::parse(&taken.bytes);
    Some(Received {
        to: taken.to.first()?.clone(),
        subject: parsed.subject.unwrap_or_default(),
        message_id: parsed.message_id?,
        reply_to: parsed.reply_to.into_iter().next(),
        references: parsed.references,
        text: parsed.text.unwrap_or_default(),
    })
}
