//! `chancery webhook`: programs that are told of events.

use std::time::Duration;

use clap::{Args, Subcommand};
use domain::clock::Timestamp;
use domain::ids::{WebhookDeliveryId, WebhookId, WebhookReplayId};
use domain::webhook::DeliveryState;
use engine::Engine;
use engine::webhooks::{
    NewWebhook, NewWebhookReplay, ReplayState, RotateSecret, WebhookReplayView, WebhookView,
};

use super::{operator, with_engine};
use crate::output;
use crate::settings::Settings;

/// How long a command waits for the running server to do something.
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(200);
const TOLD_EVERY: Duration = Duration::from_secs(1);

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
    /// Let the running server send again what happened since a time, with the ids that it had
    Replay(Replay),
    /// Show how far a replay is
    ReplayState {
        id: WebhookReplayId,
        /// Until it has ended
        #[arg(long)]
        wait: bool,
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

#[derive(Debug, Args)]
pub struct Replay {
    id: WebhookId,
    /// Such as 2026-11-20T09:30:00Z
    #[arg(long)]
    since: Timestamp,
    /// Only what did not arrive
    #[arg(long)]
    only_failed: bool,
    /// Until all of it is on its way
    #[arg(long)]
    wait: bool,
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
                output::line("removed")
            }
            Webhook::Test { id, json } => test(engine, id, json).await,
            Webhook::Replay(replay) => replay.run(engine).await,
            Webhook::ReplayState { id, wait, json } => {
                let replay = engine.webhook_replay(&operator(), id).await?;
                follow(engine, replay, wait, json).await
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

impl Replay {
    async fn run(self, engine: &Engine) -> anyhow::Result<()> {
        let asked = NewWebhookReplay { since: self.since, only_failed: self.only_failed };
        let replay = engine.replay_webhook(&operator(), self.id, asked).await?;
        follow(engine, replay, self.wait, self.json).await
    }
}

/// Tells how far a replay is; with `wait`, when it has ended, and on the way for those who watch.
async fn follow(engine: &Engine, begun: WebhookReplayView, wait: bool, json: bool) -> anyhow::Result<()> {
    let (mut replay, mut told) = (begun, engine.clock().now());
    let mut deadline = told.plus(PATIENCE);
    while wait && replay.state == ReplayState::Running {
        tokio::time::sleep(LOOK).await;
        let (now, before) = (engine.clock().now(), replay.done);
        replay = engine.webhook_replay(&operator(), replay.id).await?;
        if replay.done > before {
            deadline = now.plus(PATIENCE);
        }
        if now > deadline {
            anyhow::bail!("it does not go on; is the server running? The replay is {}", replay.id);
        }
        if now.since(told) >= TOLD_EVERY && replay.state == ReplayState::Running {
            told = now;
            output::notice(&progress(&replay));
        }
    }
    output::result(json, &replay, &progress(&replay))?;
    anyhow::ensure!(!wait || replay.state == ReplayState::Done, "the replay was cancelled");
    Ok(())
}

fn progress(replay: &WebhookReplayView) -> String {
    let WebhookReplayView { id, state, total, done, replayed, .. } = replay;
    let reason = replay.reason.as_ref().map(|words| format!(". {words}")).unwrap_or_default();
    format!("{id}  {state}  {done} of {total} events, {replayed} sent again{reason}")
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
