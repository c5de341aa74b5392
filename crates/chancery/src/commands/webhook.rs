//! `chancery webhook`: programs that are told of events.

use std::time::Duration;

use clap::{Args, Subcommand};
use domain::clock::Timestamp;
use domain::ids::{WebhookDeliveryId, WebhookId};
use domain::webhook::DeliveryState;
use engine::Engine;
use engine::webhooks::{NewWebhook, RotateSecret, WebhookReplay, WebhookView};

use super::{operator, with_engine};
use crate::output;
use crate::settings::Settings;

/// How long a test waits for the running server to send it.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(200);

#[derive(Debug, Subcommand)]
pub enum Webhook {
    /// List webhooks with their health
    List {
        #[arg(long)]
        json: bool,
    },
    /// Add a webhook; its secret is shown this once
    Add(Add),
    /// Remove a webhook with its log
    Remove { id: WebhookId },
    /// Send a test event by the running server, and tell what came back
    Test {
        id: WebhookId,
        #[arg(long)]
        json: bool,
    },
    /// Send again what happened since a time, with the ids that it had
    Replay {
        id: WebhookId,
        /// Such as 2026-11-20T09:30:00Z
        #[arg(long)]
        since: Timestamp,
        /// Only what did not arrive
        #[arg(long)]
        only_failed: bool,
        #[arg(long)]
        json: bool,
    },
    /// Give a webhook a new secret; the old one signs as well for a while
    Rotate {
        id: WebhookId,
        /// How long, in hours
        #[arg(long, default_value_t = 24)]
        overlap_hours: u32,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub struct Add {
    /// Where it is, such as https://example.com/hook
    url: String,
    /// What it gets, separated by commas: *, message.*, message.delivered
    #[arg(long, default_value = "*")]
    events: String,
    #[arg(long, default_value = "")]
    description: String,
    #[arg(long)]
    json: bool,
}

impl Webhook {
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        with_engine(&settings, async |engine| match self {
            Webhook::List { json } => {
                for webhook in engine.webhooks(&operator()).await? {
                    output::result(json, &webhook, &summary(&webhook))?;
                }
                Ok(())
            }
            Webhook::Add(add) => add.run(engine).await,
            Webhook::Remove { id } => {
                engine.remove_webhook(&operator(), id).await?;
                output::line("removed");
                Ok(())
            }
            Webhook::Test { id, json } => test(engine, id, json).await,
            Webhook::Replay { id, since, only_failed, json } => {
                let replay = WebhookReplay { since, only_failed };
                let done = engine.replay_webhook(&operator(), id, replay).await?;
                let sentence = format!("{} deliveries are sent again by the running server", done.replayed);
                output::result(json, &done, &sentence)
            }
            Webhook::Rotate { id, overlap_hours, json } => {
                let rotate = RotateSecret { overlap_hours: Some(overlap_hours) };
                let done = engine.rotate_webhook_secret(&operator(), id, rotate).await?;
                let sentence = format!(
                    "{}\n(shown only now; the old secret signs as well until {})",
                    done.secret, done.old_expires_at
                );
                output::result(json, &done, &sentence)
            }
        })
        .await
    }
}

impl Add {
    async fn run(self, engine: &Engine) -> anyhow::Result<()> {
        let new = NewWebhook {
            url: self.url,
            description: self.description,
            events: self.events.split(',').map(|word| word.trim().to_owned()).collect(),
        };
        let created = engine.add_webhook(&operator(), new).await?;
        let sentence = format!("{}\n(shown only now; the webhook is {})", created.secret, created.webhook.id);
        output::result(self.json, &created, &sentence)
    }
}

async fn test(engine: &Engine, id: WebhookId, json: bool) -> anyhow::Result<()> {
    let delivery = engine.test_webhook(&operator(), id).await?.id;
    let deadline = engine.clock().now().plus(PATIENCE);
    while engine.webhook_delivery(&operator(), delivery).await?.delivery.state == DeliveryState::Waiting {
        if engine.clock().now() > deadline {
            anyhow::bail!("it was not sent yet; is the server running? The delivery is {delivery}");
        }
        tokio::time::sleep(LOOK).await;
    }
    tell(engine, delivery, json).await
}

async fn tell(engine: &Engine, id: WebhookDeliveryId, json: bool) -> anyhow::Result<()> {
    let detail = engine.webhook_delivery(&operator(), id).await?;
    let took = detail.attempts_made.last().map_or(0, |attempt| attempt.took_ms);
    let is_delivered = detail.delivery.state == DeliveryState::Delivered;
    let sentence = match (&detail.delivery.last_error, detail.delivery.last_status) {
        (None, Some(status)) => format!("delivered: the answer was {status}, after {took} ms"),
        (error, _) => format!("failed: {}", error.as_deref().unwrap_or("no answer")),
    };
    output::result(json, &detail, &sentence)?;
    anyhow::ensure!(is_delivered, "the webhook did not take the test");
    Ok(())
}

fn summary(webhook: &WebhookView) -> String {
    let trouble = webhook.disabled_reason.as_ref().or(webhook.last_error.as_ref());
    let trouble = trouble.map(|words| format!("\n    {words}")).unwrap_or_default();
    format!("{}  {}  {}  {}{trouble}", webhook.id, webhook.state, webhook.events.join(","), webhook.url)
}
