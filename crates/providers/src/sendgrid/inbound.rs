//! Mail that Inbound Parse hands to us: taken apart into a form, or whole in one of its fields. Pure.
//! <https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/setting-up-the-inbound-parse-webhook>

use std::collections::BTreeMap;

use bytes::Bytes;
use domain::address::EmailAddress;
use domain::outgoing::File;
use serde::Deserialize;

use crate::form::{self, Field, Form};
use crate::provider::{RawRequest, ReceivedMail, Unreadable};

/// Whether a request is a mail; events come as JSON.
pub(super) fn is_mail(request: &RawRequest) -> bool {
    let content_type = request.header("content-type").unwrap_or_default().trim_start().to_ascii_lowercase();
    content_type.starts_with("multipart/form-data")
        || content_type.starts_with("application/x-www-form-urlencoded")
}

/// The mail in a form.
pub(super) fn read(request: &RawRequest) -> Result<ReceivedMail, Unreadable> {
    let form = form::read(request)?;
    let envelope: Envelope =
        form.text("envelope").and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let raw = match form.get("email") {
        Some(whole) => whole.bytes.clone(),
        None if form.get("headers").is_some() => Bytes::from(mail::rebuild(&fields(&form))),
        None => return Err(Unreadable("the form holds no mail".to_owned())),
    };
    // The vendor gives a mail no id. A repeated webhook has another boundary and the same mail in it.
    let said = format!("{}\n{}", envelope.to.join(","), net::signature::sha256_hex(&raw));
    let addresses = |list: &[String]| list.iter().filter_map(|address| address.parse().ok()).collect();
    let envelope_to: Vec<EmailAddress> = addresses(&envelope.to);
    Ok(ReceivedMail {
        dedupe_key: net::signature::sha256_hex(said.as_bytes()),
        envelope_from: envelope.from.parse().ok(),
        envelope_to,
        raw,
    })
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Envelope {
    to: Vec<String>,
    from: String,
}

fn fields(form: &Form) -> mail::Fields {
    let charsets: BTreeMap<String, String> = json(form, "charsets");
    let text = |name: &str| {
        let field = form.get(name)?;
        Some(decoded(field, charsets.get(name).map_or("utf-8", String::as_str)))
            .filter(|text| !text.is_empty())
    };
    let mut fields = mail::Fields {
        headers: headers(&text("headers").unwrap_or_default()),
        text: text("text"),
        html: text("html"),
        files: files(form),
    };
    for (header, name) in [("From", "from"), ("To", "to"), ("Cc", "cc"), ("Subject", "subject")] {
        fields.complete(header, text(name).as_deref());
    }
    fields
}

/// A field in the charset that is named for it. Our parser of mail knows all charsets, so the field becomes a small mail.
fn decoded(field: &Field, charset: &str) -> String {
    let is_name = charset.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
    let is_utf8 = charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("us-ascii");
    if is_utf8 || !is_name || charset.is_empty() {
        return field.text();
    }
    let head =
        format!("Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
    let small = [head.as_bytes(), &field.bytes].concat();
    mail::parse(&small).text.unwrap_or_else(|| field.text())
}

/// The block of headers as it stood in the mail, with folded lines.
fn headers(block: &str) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in block.lines() {
        match (headers.last_mut(), line.starts_with([' ', '\t'])) {
            (Some((_, value)), true) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            _ => {
                if let Some((name, value)) = line.split_once(':') {
                    headers.push((name.trim().to_owned(), value.trim().to_owned()));
                }
            }
        }
    }
    headers
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct About {
    filename: Option<String>,
    name: Option<String>,
    r#type: Option<String>,
    #[serde(rename = "content-id")]
    content_id: Option<String>,
}

/// The parts `attachment1`, `attachment2` and so on, with what `attachment-info` and `content-ids` say of them.
fn files(form: &Form) -> Vec<File> {
    let mut about: BTreeMap<String, About> = json(form, "attachment-info");
    let named: BTreeMap<String, String> = json(form, "content-ids");
    let is_file =
        |name: &str| name.strip_prefix("attachment").is_some_and(|rest| rest.parse::<u32>().is_ok());
    form.fields
        .iter()
        .filter(|field| is_file(&field.name))
        .map(|field| {
            let about = about.remove(&field.name).unwrap_or_default();
            let id = named.iter().find(|(_, part)| **part == field.name).map(|(id, _)| id.clone());
            File {
                filename: [about.filename, about.name, field.filename.clone()]
                    .into_iter()
                    .flatten()
                    .find(|name| !name.is_empty())
                    .unwrap_or_else(|| field.name.clone()),
                content_type: about
                    .r#type
                    .or_else(|| field.content_type.clone())
                    .unwrap_or_else(|| "application/octet-stream".to_owned()),
                content_id: about.content_id.or(id).map(|id| id.trim_matches(['<', '>']).to_owned()),
                bytes: field.bytes.as_ref().into(),
            }
        })
        .collect()
}

/// A field that holds JSON; one that holds none says nothing.
fn json<T: serde::de::DeserializeOwned + Default>(form: &Form, name: &str) -> T {
    form.text(name).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}
