//! A mail that SES received and handed over whole, by the SNS action of a receipt rule. Pure.
//! <https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use domain::address::EmailAddress;
use serde::Deserialize;

use crate::provider::{ReceivedMail, Unreadable};

#[derive(Deserialize)]
struct Received {
    mail: Mail,
    #[serde(default)]
    receipt: Receipt,
    content: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: String,
    source: Option<String>,
    destination: Option<Vec<String>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Receipt {
    recipients: Option<Vec<String>>,
    action: Action,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Action {
    encoding: Option<String>,
    bucket_name: Option<String>,
}

/// The mail in a notification of type `Received`.
pub(super) fn read(text: &str) -> Result<ReceivedMail, Unreadable> {
    let received: Received = serde_json::from_str(text)
        .map_err(|error| Unreadable(format!("the received mail is not what SES writes: {error}")))?;
    let Received { mail, receipt, content } = received;
    let content = content.ok_or_else(|| without_content(&receipt.action))?;
    let is_base64 =
        receipt.action.encoding.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("base64"));
    let raw = if is_base64 { decoded(&content)? } else { Bytes::from(content) };
    let recipients = receipt.recipients.or(mail.destination).unwrap_or_default();
    Ok(ReceivedMail {
        dedupe_key: format!("received:{}", mail.message_id),
        envelope_from: mail.source.and_then(|source| source.parse::<EmailAddress>().ok()),
        envelope_to: recipients.iter().filter_map(|address| address.parse().ok()).collect(),
        raw,
    })
}

fn decoded(content: &str) -> Result<Bytes, Unreadable> {
    let digits: String = content.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    let raw =
        STANDARD.decode(digits).map_err(|_| Unreadable("the received mail is not base 64".to_owned()))?;
    Ok(raw.into())
}

fn without_content(action: &Action) -> Unreadable {
    let place = action
        .bucket_name
        .as_deref()
        .map(|name| format!(" It is in the S3 bucket {name}."))
        .unwrap_or_default();
    Unreadable(format!(
        "the notification does not hold the mail: the receipt rule needs an SNS action, as mail in S3 is not read.{place}"
    ))
}
