//! What our providers are given in front of a simulated vendor.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::channel::Channel;
use domain::clock::{Clock, Timestamp};
use domain::ids::MessageId;
use domain::outgoing::Outgoing;
use net::http::{Client, GuardPolicy};
use providers::Surroundings;

pub fn surroundings(clock: &Clock) -> Surroundings {
    Surroundings {
        http: Client::new(GuardPolicy { allow_private: true, allow_loopback: true }),
        clock: clock.clone(),
        console: Arc::new(|_| {}),
        hello_name: "client.example.com".to_owned(),
    }
}

pub fn message(number: u128) -> Outgoing {
    let id = MessageId::from_u128(number);
    Outgoing {
        id,
        channel: Channel::Email,
        return_path: None,
        from: "Support <support@example.com>".parse().unwrap(),
        to: vec!["Jane Doe <jane@example.com>".parse().unwrap()],
        cc: Vec::new(),
        bcc: Vec::new(),
        reply_to: None,
        subject: "Your order".to_owned(),
        text: Some("Hello".to_owned()),
        html: None,
        attachments: Vec::new(),
        rfc_message_id: format!("{}@example.com", id.suffix()),
        in_reply_to: None,
        references: Vec::new(),
        headers: BTreeMap::new(),
        date: Timestamp::from_micros(1_795_185_398_000_000),
        attempt: 1,
        trial: 1,
    }
}
