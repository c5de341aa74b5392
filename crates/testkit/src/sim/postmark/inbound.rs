//! A mail that came in, as the inbound stream hands it over.

use serde_json::{Value, json};

/// Whole, as the switch "Include raw email content" has it, or in fields only.
pub(super) fn body(whole: bool, to: &str, raw: &str) -> Value {
    let parsed = mail::parse(raw.as_bytes());
    let from = parsed.from.as_ref();
    let address = from.map(|from| from.address.as_str());
    let headers: Vec<Value> = parsed
        .headers
        .iter()
        .filter(|(name, _)| !["from", "to", "subject", "date"].contains(&name.to_lowercase().as_str()))
        .map(|(name, value)| json!({ "Name": name, "Value": value.trim() }))
        .collect();
    let files: Vec<Value> = parsed
        .parts
        .iter()
        .map(|part| {
            json!({
                "Name": part.filename,
                "Content": net::signature::base64(&part.bytes),
                "ContentType": part.content_type,
                "ContentLength": part.bytes.len(),
                "ContentID": part.content_id.clone().unwrap_or_default(),
            })
        })
        .collect();
    let mut body = json!({
        "From": address,
        "FromFull": { "Email": address, "Name": from.and_then(|from| from.name.clone()).unwrap_or_default() },
        "To": to,
        "OriginalRecipient": to,
        "Subject": parsed.subject,
        // The id is the vendor's own, and the same for both forms.
        "MessageID": net::signature::sha256_hex(raw.as_bytes()),
        "Date": "Fri, 20 Nov 2026 11:59:00 +0000",
        "TextBody": parsed.text.unwrap_or_default(),
        "HtmlBody": parsed.html.unwrap_or_default(),
        "StrippedTextReply": "",
        "Headers": headers,
        "Attachments": files,
    });
    if whole {
        body["RawEmail"] = json!(raw);
    }
    body
}
