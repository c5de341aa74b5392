//! `chancery send`: one message from the command line. A running server sends it; without one, this command does.

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use domain::ids::{AccountId, MessageId};
use domain::message::MessageState;
use engine::Engine;
use engine::send::{AttachmentRequest, MessageRequest, OneOrMany};
use serde_json::json;

use super::operator;
use crate::settings::Settings;
use crate::{house, output};

#[derive(Debug, Args)]
pub struct Send {
    /// jane@example.com, or "Jane Doe <jane@example.com>"; repeat it for several
    #[arg(long, required = true)]
    to: Vec<String>,
    #[arg(long)]
    subject: Option<String>,
    /// The text; read from standard input when it is -
    #[arg(long)]
    text: Option<String>,
    #[arg(long)]
    html: Option<String>,
    /// A file to attach; repeat it for several
    #[arg(long, value_name = "FILE")]
    attach: Vec<std::path::PathBuf>,
    /// The channel account; chosen by priority when absent
    #[arg(long)]
    account: Option<AccountId>,
    /// Who it comes from: the address of one of the accounts
    #[arg(long)]
    from: Option<String>,
    /// How many seconds to wait for the outcome
    #[arg(long, default_value_t = 30)]
    wait: u64,
    #[arg(long)]
    json: bool,
}

impl Send {
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        house::require_database(&settings)?;
        house::prepare_folder(&settings.data)?;
        // Only where no server works on the folder may this command send by itself.
        let lock = if settings.database_url.is_none() { house::lock(&settings.data).ok() } else { None };
        let public_url = settings.public_url.clone().unwrap_or_else(|| format!("http://{}", settings.listen));
        let engine = house::open(&settings, public_url, lock.is_some()).await?;
        if lock.is_some() {
            engine.start().await?;
        } else {
            engine.connect_without_sending().await?;
        }
        let done = self.send(&engine).await;
        engine.stop().await;
        done
    }

    async fn send(self, engine: &Engine) -> anyhow::Result<()> {
        let (json, wait) = (self.json, Duration::from_secs(self.wait));
        let request = self.request()?;
        let answer = engine.accept_message(&operator(), request, None).await?;
        let accepted = answer.accepted.first().context("the message was accepted without an answer")?;
        let state = settled(engine, accepted.id, wait).await?;
        let message = engine.message(&operator(), accepted.id).await?.message;
        let reason =
            message.state_reason.as_ref().map(|reason| format!(": {}", reason.detail)).unwrap_or_default();
        let value = json!({ "id": accepted.id, "state": state, "conversation_id": accepted.conversation_id, "reason": message.state_reason });
        output::result(json, &value, &format!("{} {state}{reason}", accepted.id))
    }

    fn request(self) -> anyhow::Result<MessageRequest> {
        let text = match self.text.as_deref() {
            Some("-") => Some(std::io::read_to_string(std::io::stdin())?),
            _ => self.text,
        };
        let mut attachments = Vec::new();
        for path in &self.attach {
            let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
            let filename =
                path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            attachments.push(AttachmentRequest::of_bytes(filename, &bytes));
        }
        Ok(MessageRequest {
            to: OneOrMany::Many(self.to),
            subject: self.subject,
            text,
            html: self.html,
            attachments,
            account: self.account,
            from: self.from,
            ..MessageRequest::default()
        })
    }
}

/// Looks until the message is settled or the time is over.
async fn settled(engine: &Engine, id: MessageId, wait: Duration) -> anyhow::Result<MessageState> {
    let deadline = tokio::time::Instant::now() + wait;
    loop {
        let state = engine.message(&operator(), id).await?.message.state;
        let is_waiting = matches!(state, MessageState::Queued | MessageState::Sending);
        if !is_waiting || tokio::time::Instant::now() >= deadline {
            return Ok(state);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
