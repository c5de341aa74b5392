//! Prints messages instead of sending them. For development and for trying things out.

use std::sync::Arc;

use domain::channel::Channel;
use domain::failure::{LookUp, Outcome, Words};
use domain::invalid::Invalid;
use domain::outgoing::Outgoing;
use futures_util::future::BoxFuture;
use net::check::CheckStep;

use crate::connect::Surroundings;
use crate::manifest::{Capabilities, Manifest};
use crate::provider::{LookUpRequest, Provider};
use crate::settings;

pub(crate) static MANIFEST: Manifest = Manifest {
    name: "console",
    title: "Console",
    summary: "Prints messages on the server's console and sends nothing.",
    channels: &[Channel::Console, Channel::Email],
    capabilities: Capabilities {
        attachments: true,
        inline_images: true,
        custom_headers: true,
        keeps_message_id: true,
        look_up: true,
        sandbox: true,
        international_addresses: true,
        look_up_after_seconds: Some(0),
        ..Capabilities::NONE
    },
    webhook_headers: &[],
    provider_id_in: None,
    links: &[],
    guide: include_str!("README.md"),
    schema: settings::schema_of::<ConsoleSettings>,
    connect,
};

/// Settings of the console provider.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct ConsoleSettings {
    /// The sender of messages that name none, for example `Support <support@example.com>`.
    #[schemars(title = "Sender", extend("x-order" = 1))]
    from: Option<String>,
    /// How many lines of the text are printed. 0 prints the head only.
    #[schemars(title = "Lines of text", extend("x-order" = 2), range(max = 1000), default = "default_lines")]
    lines: Option<u32>,
    /// Has no effect: nothing is sent anywhere. It is accepted because every provider has it.
    #[schemars(title = "Base URL", extend("x-order" = 3))]
    #[expect(dead_code, reason = "accepted for all providers alike")]
    base_url: Option<String>,
}

fn default_lines() -> Option<u32> {
    Some(20)
}

struct Console {
    print: Arc<dyn Fn(&str) + Send + Sync>,
    lines: usize,
}

fn connect(given: serde_json::Value, surroundings: &Surroundings) -> Result<Arc<dyn Provider>, Invalid> {
    let read: ConsoleSettings = settings::read(given)?;
    settings::sender(read.from.as_deref())?;
    let lines = read.lines.or_else(default_lines).unwrap_or_default();
    Ok(Arc::new(Console { print: Arc::clone(&surroundings.console), lines: lines as usize }))
}

impl Provider for Console {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    fn send<'a>(&'a self, message: &'a Outgoing) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            (self.print)(&shown(message, self.lines));
            Outcome::Sent {
                provider_id: Some(format!("console-{}", message.id)),
                words: Words::plain("printed on the console"),
                refused: Vec::new(),
            }
        })
    }

    fn check(&self) -> BoxFuture<'_, Vec<CheckStep>> {
        Box::pin(async { vec![CheckStep::passed("console", "messages are printed, nothing is sent")] })
    }

    /// Printing twice does no harm, so whatever is not known to be printed is printed again.
    fn look_up<'a>(&'a self, _: &'a LookUpRequest) -> BoxFuture<'a, LookUp> {
        Box::pin(async { LookUp::NotFound })
    }
}

/// The message as it is printed.
fn shown(message: &Outgoing, lines: usize) -> String {
    let to: Vec<String> = message.recipients().iter().map(ToString::to_string).collect();
    let mut shown =
        format!("{}  {} -> {}  {}", message.id, message.from.address, to.join(", "), message.subject);
    for file in &message.attachments {
        shown.push_str(&format!(
            "\n  [{}: {}, {} bytes]",
            file.filename,
            file.content_type,
            file.bytes.len()
        ));
    }
    let text = message.text.as_deref().or(message.html.as_deref()).unwrap_or_default();
    for line in text.lines().take(lines) {
        shown.push_str("\n  ");
        shown.push_str(line);
    }
    // A message must not be able to colour or clear the operator's screen.
    shown.chars().filter(|character| !character.is_control() || *character == '\n').collect()
}
