//! A message and answers with which the tests of every provider begin.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use domain::channel::Channel;
use domain::clock::Timestamp;
use domain::ids::MessageId;
use domain::outgoing::{DeliveryReport, File, Outgoing};
use http::{HeaderMap, StatusCode};
use net::http::Response;

use crate::provider::{Fact, LookUpRequest, RawRequest};

pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_795_185_398_000_000);

pub(crate) fn id() -> MessageId {
    "msg_01h455vb4pex5vsknk084sn02q".parse().unwrap()
}

/// A message with everything that a message can have.
pub(crate) fn message() -> Outgoing {
    Outgoing {
        id: id(),
        channel: Channel::Email,
        return_path: None,
        from: "Support, Inc. <support@example.com>".parse().unwrap(),
        to: vec!["Jane Döe <jane@example.com>".parse().unwrap()],
        cc: vec!["joe@example.com".parse().unwrap()],
        bcc: vec!["ann@example.com".parse().unwrap()],
        reply_to: Some("support+tok@example.com".parse().unwrap()),
        subject: "Your order".to_owned(),
        text: Some("Hello".to_owned()),
        html: Some("<p>Hello <img src=\"cid:logo\"></p>".to_owned()),
        attachments: vec![
            file("logo.png", "image/png", Some("logo"), b"\x89PNG"),
            file("invoice.pdf", "application/pdf", None, b"%PDF"),
        ],
        rfc_message_id: "01h455vb4pex5vsknk084sn02q@example.com".to_owned(),
        in_reply_to: Some("b@example.com".to_owned()),
        references: vec!["a@example.com".to_owned(), "b@example.com".to_owned()],
        headers: BTreeMap::from([
            ("X-Note".to_owned(), "one\r\ntwo".to_owned()),
            ("Content-Type".to_owned(), "text/evil".to_owned()),
            ("List-Unsubscribe".to_owned(), "<https://example.com/u/1>".to_owned()),
            ("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned()),
        ]),
        date: NOW,
        attempt: 1,
        trial: 1,
    }
}

fn file(name: &str, content_type: &str, content_id: Option<&str>, bytes: &[u8]) -> File {
    File {
        filename: name.to_owned(),
        content_type: content_type.to_owned(),
        content_id: content_id.map(str::to_owned),
        bytes: bytes.into(),
    }
}

pub(crate) fn answer(status: u16, body: &str) -> Response {
    Response {
        status: StatusCode::from_u16(status).unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

pub(crate) fn webhook(body: &str) -> RawRequest {
    RawRequest { body: Bytes::copy_from_slice(body.as_bytes()), ..RawRequest::default() }
}

/// The reports among the facts.
pub(crate) fn reports(facts: Vec<Fact>) -> Vec<DeliveryReport> {
    facts
        .into_iter()
        .map(|fact| match fact {
            Fact::Report(report) => report,
            other => panic!("not a report: {other:?}"),
        })
        .collect()
}

/// A question about the message, whose last attempt ended at this time.
pub(crate) fn look_up(sent_until: Timestamp) -> LookUpRequest {
    LookUpRequest {
        message_id: id(),
        rfc_message_id: "01h455vb4pex5vsknk084sn02q@example.com".to_owned(),
        provider_id: None,
        recipients: vec!["jane@example.com".to_owned()],
        sent_from: sent_until.minus(Duration::from_secs(30)),
        sent_until,
    }
}
