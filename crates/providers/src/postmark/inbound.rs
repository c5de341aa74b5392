//! A mail that came in, as Postmark tells it: whole when `RawEmail` is switched on, else in fields. Pure.
//! <https://postmarkapp.com/developer/webhooks/inbound-webhook>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::address::EmailAddress;
use domain::outgoing::File;
use mail::Fields;
use serde::Deserialize;
use serde_json::Value;

use crate::provider::{ReceivedMail, Unreadable};

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Inbound {
    from: Option<String>,
    from_full: Option<Person>,
    to: Option<String>,
    cc: Option<String>,
    original_recipient: Option<String>,
    subject: Option<String>,
    #[serde(rename = "MessageID")]
    message_id: Option<String>,
    reply_to: Option<String>,
    date: Option<String>,
    text_body: Option<String>,
    html_body: Option<String>,
    headers: Vec<Header>,
    attachments: Vec<Attachment>,
    raw_email: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Person {
    email: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Header {
    name: String,
    value: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct Attachment {
    name: Option<String>,
    content: Option<String>,
    /// The test posts of the vendor's site call it so.
    data: Option<String>,
    content_type: Option<String>,
    #[serde(rename = "ContentID")]
    content_id: Option<String>,
}

/// The mail.
pub(super) fn read(event: Value) -> Result<ReceivedMail, Unreadable> {
    let inbound: Inbound = serde_json::from_value(event)
        .map_err(|error| Unreadable(format!("not a mail of Postmark: {error}")))?;
    let id = inbound
        .message_id
        .clone()
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Unreadable("the mail has no MessageID".to_owned()))?;
    let envelope_to = inbound.original_recipient.as_deref().and_then(|address| address.parse().ok());
    let envelope_from = inbound.envelope_from();
    let raw = match inbound.raw_email.as_deref().filter(|raw| !raw.trim().is_empty()) {
        Some(raw) => raw.as_bytes().to_vec(),
        None => mail::rebuild(&inbound.into_fields(&id)?),
    };
    Ok(ReceivedMail {
        dedupe_key: format!("inbound:{id}"),
        envelope_from,
        envelope_to: envelope_to.into_iter().collect(),
        raw: raw.into(),
    })
}

impl Inbound {
    /// The envelope's sender comes as a header.
    fn envelope_from(&self) -> Option<EmailAddress> {
        let path = self.headers.iter().find(|header| header.name.eq_ignore_ascii_case("return-path"))?;
        path.value.trim().trim_matches(['<', '>']).parse().ok()
    }

    fn into_fields(self, id: &str) -> Result<Fields, Unreadable> {
        let from = self.from_full.as_ref().and_then(Person::written).or(self.from);
        let mut fields = Fields {
            headers: self.headers.into_iter().map(|header| (header.name, header.value)).collect(),
            text: self.text_body.filter(|text| !text.is_empty()),
            html: self.html_body.filter(|html| !html.is_empty()),
            files: self.attachments.into_iter().map(Attachment::into_file).collect::<Result<_, _>>()?,
        };
        fields.complete("From", from.as_deref());
        fields.complete("To", self.to.as_deref());
        fields.complete("Cc", self.cc.as_deref());
        fields.complete("Reply-To", self.reply_to.as_deref());
        fields.complete("Subject", self.subject.as_deref());
        fields.complete("Date", self.date.as_deref());
        fields.complete("Message-ID", Some(&format!("<{id}@inbound.postmarkapp.com>")));
        Ok(fields)
    }
}

impl Person {
    fn written(&self) -> Option<String> {
        let address: EmailAddress = self.email.as_deref()?.parse().ok()?;
        let name = self.name.clone().filter(|name| !name.trim().is_empty());
        Some(crate::letter::written(&domain::address::Mailbox { name, address }))
    }
}

impl Attachment {
    fn into_file(self) -> Result<File, Unreadable> {
        let packed = self.content.or(self.data).unwrap_or_default();
        let packed: String = packed.split_ascii_whitespace().collect();
        let bytes = STANDARD
            .decode(packed)
            .map_err(|error| Unreadable(format!("an attachment is not base 64: {error}")))?;
        Ok(File {
            filename: self.name.unwrap_or_else(|| "attachment".to_owned()),
            content_type: self.content_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
            content_id: self
                .content_id
                .map(|id| id.trim().trim_start_matches("cid:").trim_matches(['<', '>']).to_owned())
                .filter(|id| !id.is_empty()),
            bytes: bytes.into(),
        })
    }
}
