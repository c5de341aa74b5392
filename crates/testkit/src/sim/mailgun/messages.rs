//! `POST /v3/{domain}/messages`: what the real one refuses is refused, the rest is taken.

use domain::address::Mailbox;
use domain::clock::Timestamp;
use serde_json::json;

use super::super::form::{self, Part};
use super::super::http::{Request, Turn};
use super::{Shared, error, ok};

const LARGEST_REQUEST: usize = 52_400 * 1024;
const MOST_RECIPIENTS: usize = 1000;
/// All headers, variables, options and template fields together.
const LARGEST_OPTIONS: usize = 16 * 1024;
/// The fields beside those with a name of the sender's choice.
const FIELDS: &[&str] = &[
    "from",
    "to",
    "cc",
    "bcc",
    "subject",
    "text",
    "html",
    "amp-html",
    "attachment",
    "inline",
    "template",
    "recipient-variables",
];
const OPTIONS: &[&str] = &["o:", "h:", "v:", "t:"];

/// One message that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    /// Without angle brackets.
    pub id: String,
    pub at: Timestamp,
    /// To, Cc and Bcc: addresses only.
    pub recipients: Vec<String>,
    /// Every field but files, in order.
    pub fields: Vec<(String, String)>,
    pub files: Vec<File>,
}

/// A file that went with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// `attachment` or `inline`.
    pub field: String,
    pub filename: String,
    pub content_type: String,
    pub bytes: Vec<u8>,
}

impl Taken {
    /// The first field of that name, in any case.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

pub(super) fn send(shared: &Shared, request: &Request) -> Turn {
    if request.body.len() > LARGEST_REQUEST {
        return error(413, "request size exceeds 52.4MiB limit");
    }
    match read(shared, form::read(request)) {
        Err(sentence) => error(400, &sentence),
        Ok(taken) => {
            let id = taken.id.clone();
            shared.taken.lock().push(taken);
            ok(json!({ "id": format!("<{id}>"), "message": "Queued. Thank you." }))
        }
    }
}

fn read(shared: &Shared, parts: Vec<Part>) -> Result<Taken, String> {
    let (files, fields): (Vec<Part>, Vec<Part>) =
        parts.into_iter().partition(|part| matches!(part.name.as_str(), "attachment" | "inline"));
    let fields: Vec<(String, String)> =
        fields.into_iter().map(|part| (part.name.clone(), part.text())).collect();
    let field = |name: &str| {
        fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    };
    let from = field("from").ok_or("from parameter is missing")?;
    from.parse::<Mailbox>()
        .map_err(|_| "from parameter is not a valid address. please check documentation")?;
    let mut recipients: Vec<String> = Vec::new();
    for name in ["to", "cc", "bcc"] {
        for (_, value) in fields.iter().filter(|(known, _)| known == name) {
            let mailbox: Mailbox = value.parse().map_err(|_| {
                format!("{name} parameter is not a valid address. please check documentation")
            })?;
            let address = mailbox.address.as_str().to_owned();
            if !recipients.contains(&address) {
                recipients.push(address);
            }
        }
    }
    field("to").ok_or("to parameter is missing")?;
    if recipients.len() > MOST_RECIPIENTS {
        return Err("too many recipients".to_owned());
    }
    if !["text", "html", "amp-html", "template"]
        .iter()
        .any(|name| field(name).is_some_and(|text| !text.is_empty()))
    {
        return Err(
            "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified".to_owned()
        );
    }
    let is_option = |name: &str| OPTIONS.iter().any(|prefix| name.starts_with(prefix));
    if let Some((name, _)) =
        fields.iter().find(|(name, _)| !FIELDS.contains(&name.as_str()) && !is_option(name))
    {
        return Err(format!("{name} is not a parameter"));
    }
    let options: usize =
        fields.iter().filter(|(name, _)| is_option(name)).map(|(name, value)| name.len() + value.len()).sum();
    if options > LARGEST_OPTIONS {
        return Err(
            "Send options (parameters starting with o:, h:, v:, or t:) are limited to 16KB total".to_owned()
        );
    }
    if field("o:testmode").is_some_and(|word| word != "yes") {
        return Err("o:testmode parameter must be yes".to_owned());
    }
    let given = field("h:message-id").map(|id| id.trim_matches(['<', '>']).to_owned());
    let at = shared.options.clock.now();
    let made = || format!("20261120120000.{:016x}@{}", shared.number(), shared.options.domain);
    Ok(Taken {
        id: given.unwrap_or_else(made),
        at,
        recipients,
        // A part without a file name is dropped without a word.
        files: files.into_iter().filter_map(file).collect(),
        fields,
    })
}

fn file(part: Part) -> Option<File> {
    Some(File {
        field: part.name,
        filename: part.filename.filter(|name| !name.is_empty())?,
        content_type: part.content_type.unwrap_or_default(),
        bytes: part.bytes,
    })
}
