//! A received mail as `GET /emails/receiving/{id}` gives it: with a place where it lies whole, or in fields. Pure.
//! <https://resend.com/docs/api-reference/emails/retrieve-received-email>

use bytes::Bytes;
use domain::outgoing::File;
use mail::Fields;
use net::http::Response;
use serde::Deserialize;
use serde_json::Value;

use crate::provider::NotDone;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Email {
    id: Option<String>,
    from: Option<String>,
    to: Option<Vec<String>>,
    cc: Option<Vec<String>>,
    reply_to: Option<Vec<String>>,
    subject: Option<String>,
    message_id: Option<String>,
    text: Option<String>,
    html: Option<String>,
    headers: Option<Value>,
    attachments: Option<Vec<Attachment>>,
    raw: Option<Raw>,
}

#[derive(Deserialize)]
struct Raw {
    download_url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Attachment {
    id: String,
    #[serde(default)]
    filename: Option<String>,
    #[serde(default)]
    content_type: Option<String>,
    #[serde(default)]
    content_id: Option<String>,
}

/// Whether a text from outside can be part of a path.
pub(super) fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Whether an address that Resend named may be visited: with TLS, or beside an API that has none.
pub(super) fn may_fetch(url: &str, base_url: &str) -> bool {
    let authority = |url: &str| url.parse::<http::Uri>().ok().and_then(|url| url.authority().cloned());
    match url.parse::<http::Uri>() {
        Ok(read) if read.scheme_str() == Some("https") => read.host().is_some(),
        Ok(read) if read.scheme_str() == Some("http") => {
            base_url.starts_with("http://") && authority(url) == authority(base_url)
        }
        _ => false,
    }
}

pub(super) fn decode(answer: &Response) -> Result<Email, NotDone> {
    serde_json::from_slice(&answer.body)
        .map_err(|error| NotDone::Never(format!("the received mail is not what Resend answers: {error}")))
}

/// Where a file lies.
pub(super) fn decode_attachment(answer: &Response) -> Result<String, NotDone> {
    let root: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    match root.get("download_url").and_then(Value::as_str) {
        Some(url) => Ok(url.to_owned()),
        None => Err(NotDone::Later("Resend does not say where the file lies".to_owned())),
    }
}

impl Email {
    pub(super) fn download_url(&self) -> Option<&str> {
        self.raw.as_ref()?.download_url.as_deref().filter(|url| !url.is_empty())
    }

    pub(super) fn attachments(&self) -> &[Attachment] {
        self.attachments.as_deref().unwrap_or_default()
    }

    /// The mail as MIME.
    pub(super) fn rebuild(self, files: Vec<File>) -> Vec<u8> {
        let joined = |list: &Option<Vec<String>>| list.as_ref().map(|list| list.join(", "));
        let (to, cc, reply_to) = (joined(&self.to), joined(&self.cc), joined(&self.reply_to));
        let message_id = self.message_id.or_else(|| self.id.map(|id| format!("<{id}@received.resend.com>")));
        let mut fields = Fields {
            headers: self.headers.map(headers).unwrap_or_default(),
            text: self.text.filter(|text| !text.is_empty()),
            html: self.html.filter(|html| !html.is_empty()),
            files,
        };
        fields.complete("From", self.from.as_deref());
        fields.complete("To", to.as_deref());
        fields.complete("Cc", cc.as_deref());
        fields.complete("Reply-To", reply_to.as_deref());
        fields.complete("Subject", self.subject.as_deref());
        fields.complete("Message-ID", message_id.as_deref());
        mail::rebuild(&fields)
    }
}

/// Headers come as an object, whose values may be lists, or as a list of names and values.
fn headers(given: Value) -> Vec<(String, String)> {
    let texts = |value: Value| match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.into_iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    match given {
        Value::Object(object) => object
            .into_iter()
            .flat_map(|(name, value)| texts(value).into_iter().map(move |text| (name.clone(), text)))
            .collect(),
        Value::Array(list) => list
            .into_iter()
            .filter_map(|one| {
                let text = |name: &str| one.get(name).and_then(Value::as_str).map(str::to_owned);
                Some((text("name")?, text("value")?))
            })
            .collect(),
        _ => Vec::new(),
    }
}

impl Attachment {
    pub(super) fn id(&self) -> Result<&str, NotDone> {
        if is_id(&self.id) {
            Ok(&self.id)
        } else {
            Err(NotDone::Never("a file's id is not an id of Resend".to_owned()))
        }
    }

    pub(super) fn file(&self, bytes: Bytes) -> File {
        let content_id = self.content_id.as_deref().map(|id| id.trim().trim_matches(['<', '>']));
        File {
            filename: self.filename.clone().unwrap_or_else(|| "attachment".to_owned()),
            content_type: self.content_type.clone().unwrap_or_else(|| "application/octet-stream".to_owned()),
            content_id: content_id.filter(|id| !id.is_empty()).map(str::to_owned),
            bytes: bytes.as_ref().into(),
        }
    }
}
