//! What a forwarded message says below the words of the one who passes it on.

use domain::address::Mailbox;
use domain::ids::{MessageId, TenantId};
use domain::invalid::Invalid;
use domain::message::Direction;
use mail::RemoteImages;
use store::messages::{self, Body, Message};

use super::request::NewMessage;
use crate::Error;
use crate::core::Core;

const LINE: &str = "---------- Forwarded message ----------";

/// Adds the forwarded message to what is sent; its files come by [`super::files`].
pub(super) async fn add(
    core: &Core,
    tenant: TenantId,
    new: &mut NewMessage,
    id: MessageId,
) -> Result<(), Error> {
    let found = core
        .store
        .read(move |tx| {
            let message = messages::get(tx, tenant, id)?;
            Ok::<_, store::Error>(message.zip(messages::body(tx, tenant, id)?))
        })
        .await?;
    let (message, body) =
        found.ok_or_else(|| Invalid::at("/forward_of", "there is no message with this id"))?;
    if new.subject.is_none() {
        new.subject = Some(subject(&message.subject));
    }
    let headers = headers(&message, &body);
    if let Some(html) = passed_on_html(new, &headers, &body) {
        new.html = Some(html);
    }
    let mut text = new.text.take().unwrap_or_default();
    text.push_str(&format!("\n\n{LINE}\n"));
    for (name, value) in &headers {
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push('\n');
    text.push_str(&whole_text(&body));
    new.text = Some(text.trim_start().to_owned());
    Ok(())
}

fn subject(subject: &str) -> String {
    let begins = subject.trim_start().get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("fwd:"));
    if begins { subject.to_owned() } else { format!("Fwd: {subject}") }
}

fn headers(message: &Message, body: &Body) -> Vec<(&'static str, String)> {
    let list =
        |mailboxes: &[Mailbox]| mailboxes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let date = match message.direction {
        // As the sender dated it, when he did.
        Direction::Inbound => {
            body.envelope.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("date"))
        }
        Direction::Outbound => None,
    };
    let date = date.map_or_else(|| message.created_at.to_string(), |(_, value)| value.clone());
    let mut headers = Vec::new();
    headers.extend(body.envelope.from.as_ref().map(|from| ("From", from.to_string())));
    headers.push(("Date", date));
    headers.push(("Subject", message.subject.clone()));
    headers.push(("To", list(&body.envelope.to)));
    if !body.envelope.cc.is_empty() {
        headers.push(("Cc", list(&body.envelope.cc)));
    }
    headers
}

/// Everything it said, also what lists fold away.
fn whole_text(body: &Body) -> String {
    let envelope = &body.envelope;
    let pieces = [body.text.as_deref(), envelope.signature.as_deref(), envelope.quoted.as_deref()];
    pieces.into_iter().flatten().map(str::trim_end).collect::<Vec<_>>().join("\n\n")
}

/// The HTML form, when either side has one. What came from outside is cleaned before it goes out again.
fn passed_on_html(new: &NewMessage, headers: &[(&str, String)], body: &Body) -> Option<String> {
    if new.html.is_none() && body.html.is_none() {
        return None;
    }
    let mut html = new.html.clone().unwrap_or_else(|| paragraphs(new.text.as_deref().unwrap_or_default()));
    html.push_str(&format!("<br><div>{LINE}<br>"));
    for (name, value) in headers {
        html.push_str(&format!("{name}: {}<br>", escaped(value)));
    }
    html.push_str("</div><br>");
    match &body.html {
        Some(original) => html.push_str(&mail::sanitise_html(original, RemoteImages::Allow).html),
        None => html.push_str(&paragraphs(&whole_text(body))),
    }
    Some(html)
}

fn paragraphs(text: &str) -> String {
    format!("<div>{}</div>", escaped(text).replace('\n', "<br>\n"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_marked_once() {
        assert_eq!(subject("Invoice"), "Fwd: Invoice");
        assert_eq!(subject("FWD: Invoice"), "FWD: Invoice");
        assert_eq!(subject("é"), "Fwd: é");
    }
}
