//! A deck of delivery events as vendors tell them: shuffled, some twice, some about messages that nobody knows; written and
//! signed as Mailgun (one in each webhook) and SendGrid (many) do it.

use std::fmt::Write as _;

use anyhow::{Result, anyhow};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::chance::Chance;

/// Of twenty messages one bounces.
const BOUNCING: u64 = 20;
/// The number of the first message that nobody knows.
const STRANGERS: u64 = 1_000_000_000;
/// Events about each message.
const EVENTS: u64 = 3;
pub const MAILGUN_KEY: &str = "key-00000000000000000000000000000000";

/// One event: about a message of ours, or about one that nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    pub message: u64,
    step: u8,
}

/// All events in the order in which they are told.
#[derive(Debug)]
pub struct Deck {
    pub events: Vec<Event>,
    pub messages: u64,
    /// Different events about messages of ours.
    pub distinct: u64,
    pub repeated: u64,
    pub strangers: u64,
}

impl Deck {
    /// About `count` events: a fifth of them repeated, a twentieth about messages that nobody knows.
    pub fn shuffled(count: u64, seed: u64) -> Deck {
        let (repeated, strangers) = (count / 5, count / 20);
        let messages = (count - repeated - strangers) / EVENTS;
        let distinct = messages * EVENTS;
        let mut chance = Chance::from_seed(seed);
        let event = |number: u64| Event { message: number / EVENTS, step: (number % EVENTS) as u8 };
        let mut events: Vec<Event> = (0..distinct).map(event).collect();
        events.extend((0..repeated).map(|_| event(chance.within(0..distinct))));
        events.extend((0..strangers).map(|number| Event { message: STRANGERS + number, step: 1 }));
        for last in (1..events.len()).rev() {
            let other = chance.within(0..last as u64 + 1);
            events.swap(last, usize::try_from(other).expect("it is an index"));
        }
        Deck { events, messages, distinct, repeated, strangers }
    }
}

pub fn bounces(message: u64) -> bool {
    message.is_multiple_of(BOUNCING)
}

/// The state in which a message ends, whatever the order was.
pub fn final_state(message: u64) -> &'static str {
    if bounces(message) { "bounced" } else { "read" }
}

/// The steps of the states that a message goes through; none may follow a higher one.
pub fn rank(state: &str) -> u8 {
    match state {
        "queued" | "sending" => 0,
        "sent" => 1,
        "deferred" => 2,
        "delivered" => 3,
        "read" | "bounced" => 4,
        _ => u8::MAX,
    }
}

/// Signs as the vendors do.
pub struct Signer {
    mailgun: hmac::Key,
    sendgrid: EcdsaKeyPair,
}

impl Signer {
    pub fn new() -> Result<Signer> {
        let sendgrid = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)
            .map_err(|_| anyhow!("no ECDSA key could be made"))?;
        Ok(Signer { mailgun: hmac::Key::new(hmac::HMAC_SHA256, MAILGUN_KEY.as_bytes()), sendgrid })
    }

    /// SendGrid's verification key, as it shows it.
    pub fn verification_key(&self) -> String {
        let der = self.sendgrid.public_key().as_der().expect("a public key can be written");
        STANDARD.encode(der.as_ref())
    }

    /// The body of one webhook of Mailgun; every one has a token of its own, also those that repeat an event.
    pub fn mailgun(&self, post: u64, event: Event, id: Option<&str>, seconds: u64) -> String {
        let token = &hex(digest::digest(&digest::SHA256, &post.to_le_bytes()).as_ref())[..50];
        let tag = hmac::sign(&self.mailgun, format!("{seconds}{token}").as_bytes());
        let mut body = String::with_capacity(1_200);
        let _ = write!(
            body,
            r#"{{"signature":{{"timestamp":"{seconds}","token":"{token}","signature":"{}"}},"event-data":"#,
            hex(tag.as_ref())
        );
        mailgun_event(event, id, seconds, &mut body);
        body.push('}');
        body
    }

    /// The body and the signature of one batch of SendGrid.
    pub fn sendgrid<'a>(
        &self,
        events: impl Iterator<Item = (Event, Option<&'a str>)>,
        seconds: u64,
    ) -> (String, String) {
        let mut body = String::with_capacity(40_000);
        for (number, (event, id)) in events.enumerate() {
            body.push_str(if number == 0 { "[" } else { ",\r\n" });
            sendgrid_event(event, id, seconds, &mut body);
        }
        body.push_str("]\r\n");
        let message = [seconds.to_string().as_bytes(), body.as_bytes()].concat();
        let signature = self.sendgrid.sign(&SystemRandom::new(), &message).expect("a key signs any bytes");
        (body, STANDARD.encode(signature.as_ref()))
    }
}

fn mailgun_event(event: Event, id: Option<&str>, seconds: u64, out: &mut String) {
    let Event { message, step } = event;
    let (name, more) = match (step, bounces(message)) {
        (0, _) => ("accepted", ""),
        (1, false) => (
            "delivered",
            r#","delivery-status":{"code":250,"message":"OK","mx-host":"mx.example.com","attempt-no":1}"#,
        ),
        (1, true) => (
            "failed",
            r#","severity":"temporary","reason":"generic","delivery-status":{"code":451,"message":"4.3.0 Try again later","attempt-no":1}"#,
        ),
        (_, false) => ("opened", r#","ip":"192.0.2.7","client-info":{"client-type":"email client"}"#),
        (_, true) => (
            "failed",
            r#","severity":"permanent","reason":"bounce","delivery-status":{"code":550,"message":"5.1.1 No such user","attempt-no":1}"#,
        ),
    };
    let _ = write!(
        out,
        r#"{{"event":"{name}","id":"ev-{message}-{step}","timestamp":{seconds}.25,"log-level":"info","recipient":"customer-{message}@example.com","recipient-domain":"example.com","tags":["receipt"],"campaigns":[],"user-variables":{{"#
    );
    if let Some(id) = id {
        let _ = write!(out, r#""chancery_id":"{id}""#);
    }
    let _ = write!(
        out,
        r#"}},"message":{{"headers":{{"to":"customer-{message}@example.com","from":"support@example.com","subject":"Your order {message}","message-id":"bench-{message}@mg.example.com"}},"size":1534,"attachments":[]}},"flags":{{"is-test-mode":false,"is-routed":false,"is-authenticated":true}},"domain":{{"name":"mg.example.com"}}{more}}}"#
    );
}

fn sendgrid_event(event: Event, id: Option<&str>, seconds: u64, out: &mut String) {
    let Event { message, step } = event;
    let (name, more) = match (step, bounces(message)) {
        (0, _) => ("processed", ""),
        (1, false) => ("delivered", r#","response":"250 OK","ip":"192.0.2.1","tls":1"#),
        (1, true) => ("deferred", r#","response":"451 4.3.0 Try again later","attempt":"1""#),
        (_, false) => ("open", r#","useragent":"Mozilla/5.0","ip":"192.0.2.7","sg_machine_open":false"#),
        (_, true) => ("bounce", r#","type":"bounce","status":"5.1.1","reason":"550 5.1.1 No such user""#),
    };
    let _ = write!(
        out,
        r#"{{"email":"customer-{message}@example.com","event":"{name}","timestamp":{seconds},"sg_event_id":"ev-{message}-{step}","sg_message_id":"bench-{message}.recvd-5f8-0.0","smtp-id":"<bench-{message}@geopod-ismtpd-1>""#
    );
    if let Some(id) = id {
        let _ = write!(out, r#","chancery_id":"{id}""#);
    }
    let _ = write!(out, "{more}}}");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::{Deck, Event, Signer, final_state, rank};

    #[test]
    fn a_deck_holds_what_it_says() {
        let deck = Deck::shuffled(1_000, 7);
        assert_eq!((deck.messages, deck.distinct, deck.repeated, deck.strangers), (250, 750, 200, 50));
        assert_eq!(deck.events.len(), 1_000);
        let mut seen: Vec<(u64, u8)> = deck.events.iter().map(|event| (event.message, event.step)).collect();
        assert!(seen.windows(2).any(|pair| pair[0] > pair[1]), "it is shuffled");
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 800);
        assert_eq!(deck.events, Deck::shuffled(1_000, 7).events);
        assert!(rank("sent") < rank("delivered") && rank("delivered") < rank(final_state(1)));
    }

    #[test]
    fn every_event_is_json_and_names_its_message() {
        let signer = Signer::new().expect("a key");
        for message in [1, 20] {
            for step in 0..3 {
                let event = Event { message, step };
                let body = signer.mailgun(5, event, Some("msg_1"), 1_795_000_000);
                let value: serde_json::Value = serde_json::from_str(&body).expect("valid JSON");
                assert_eq!(value["event-data"]["user-variables"]["chancery_id"], "msg_1");
                assert_eq!(value["signature"]["signature"].as_str().map(str::len), Some(64));
            }
        }
        let events = (0..3).map(|step| (Event { message: 20, step }, None));
        let (body, signature) = signer.sendgrid(events, 1_795_000_000);
        let value: serde_json::Value = serde_json::from_str(&body).expect("valid JSON");
        assert_eq!(value.as_array().map(Vec::len), Some(3));
        assert_eq!(value[2]["event"], "bounce");
        assert!(signature.starts_with("ME"), "{signature}");
    }
}
