//! Mail that a route hands to us: taken apart into a form, or whole in one of its fields, or kept at Mailgun. Pure.
//! <https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/>

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::address::EmailAddress;
use domain::outgoing::File;
use serde_json::Value;

use super::{signature, stored};
use crate::form::{self, Form};
use crate::provider::{Fact, RawRequest, ReceivedMail, StoredMail, Unreadable};

/// The fact in a form: a mail, or where it is kept.
pub(super) fn read(request: &RawRequest) -> Result<Fact, Unreadable> {
    let form = form::read(request)?;
    let token = signature::of(request).map(|signed| signed.token);
    // What Mailgun keeps can be found among its events as well, by the same place.
    let key = form.text("message-url").and_then(|place| stored::key(&place)).or(token);
    let dedupe_key = key.unwrap_or_else(|| net::signature::sha256_hex(&request.body));
    let envelope_from = form.text("sender").and_then(|sender| sender.parse().ok());
    let envelope_to = addresses(&form.text("recipient").unwrap_or_default());
    if let Some(whole) = form.get("body-mime") {
        return Ok(Fact::Mail(ReceivedMail {
            dedupe_key,
            envelope_from,
            envelope_to,
            raw: whole.bytes.clone(),
        }));
    }
    if let Some(place) = kept_at(&form) {
        return Ok(Fact::Stored(StoredMail { dedupe_key, place, envelope_from, envelope_to }));
    }
    if form.get("body-plain").is_none() && form.get("message-headers").is_none() {
        return Err(Unreadable("the form holds no mail".to_owned()));
    }
    let raw = Bytes::from(mail::rebuild(&fields(&form)));
    Ok(Fact::Mail(ReceivedMail { dedupe_key, envelope_from, envelope_to, raw }))
}

/// The address of a mail that Mailgun keeps, when its files did not come along.
fn kept_at(form: &Form) -> Option<String> {
    let place = form.text("message-url").filter(|place| !place.is_empty())?;
    let files: Vec<Value> = serde_json::from_str(&form.text("attachments")?).ok()?;
    (!files.is_empty() && files_of(form).is_empty()).then_some(place)
}

fn fields(form: &Form) -> mail::Fields {
    let mut fields = mail::Fields {
        headers: headers(&form.text("message-headers").unwrap_or_default()),
        text: form.text("body-plain"),
        html: form.text("body-html").filter(|html| !html.is_empty()),
        files: files_of(form),
    };
    for (name, field) in [("From", "from"), ("To", "To"), ("Subject", "subject"), ("Date", "Date")] {
        fields.complete(name, form.text(field).as_deref());
    }
    fields.complete("Message-ID", form.text("Message-Id").as_deref());
    fields.complete("To", form.text("recipient").as_deref());
    fields.complete("From", form.text("sender").as_deref());
    fields
}

/// `[["From","Jane <jane@example.com>"],…]`.
fn headers(list: &str) -> Vec<(String, String)> {
    serde_json::from_str(list).unwrap_or_default()
}

/// The parts `attachment-1`, `attachment-2` and so on, with their content ids.
fn files_of(form: &Form) -> Vec<File> {
    let named: BTreeMap<String, String> =
        form.text("content-id-map").and_then(|map| serde_json::from_str(&map).ok()).unwrap_or_default();
    let content_id = |part: &str| {
        let (id, _) = named.iter().find(|(_, named)| *named == part)?;
        Some(id.trim_matches(['<', '>']).to_owned())
    };
    let is_file =
        |name: &str| name.strip_prefix("attachment-").is_some_and(|rest| rest.parse::<u32>().is_ok());
    form.fields
        .iter()
        .filter(|field| is_file(&field.name))
        .map(|field| File {
            filename: field
                .filename
                .clone()
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| field.name.clone()),
            content_type: field.content_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned()),
            content_id: content_id(&field.name),
            bytes: field.bytes.as_ref().into(),
        })
        .collect()
}

pub(super) fn addresses(list: &str) -> Vec<EmailAddress> {
    list.split(',').filter_map(|address| address.parse().ok()).collect()
}
