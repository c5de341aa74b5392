//! `chancery listen`: shows what happens on a server, or gives it to a program on this machine as a webhook would.

mod forward;
mod stream;

use anyhow::Context as _;
use clap::Args;
use domain::webhook::EventPattern;

use crate::output;
use crate::settings::Settings;
use forward::Forward;
use stream::{Stream, StreamedEvent};

#[derive(Debug, Args)]
pub struct Listen {
    /// The server [default: the public URL of the settings, or the address it listens on]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// An API key that may read events; to forward, also messages, conversations and contacts
    #[arg(long, env = "CHANCERY_API_KEY", hide_env_values = true)]
    key: String,
    /// What to tell, separated by commas: *, message.*, message.delivered
    #[arg(long, default_value = "*")]
    events: String,
    /// Post each event there, signed with a secret that is printed at the start
    #[arg(long, value_name = "URL")]
    forward_to: Option<String>,
    /// Begin behind this event instead of now
    #[arg(long, value_name = "NUMBER")]
    after: Option<i64>,
    /// Print each event as a line of JSON
    #[arg(long)]
    json: bool,
}

impl Listen {
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        let patterns = self
            .events
            .split(',')
            .map(|word| word.trim().parse().with_context(|| format!("--events {word}")))
            .collect::<anyhow::Result<Vec<EventPattern>>>()?;
        let server =
            self.server.or(settings.public_url).unwrap_or_else(|| format!("http://{}", settings.listen));
        let server = server.trim_end_matches('/').to_owned();
        let mut stream = Stream::new(&server, &self.key, self.after);
        let forward = match &self.forward_to {
            Some(url) => Some(Forward::new(url, &server, &self.key)?),
            None => None,
        };
        if let Some(forward) = &forward {
            output::notice(&format!("Events go to {}, signed with this secret:", forward.url()));
            output::notice(&format!("\n    {}\n", forward.secret()));
        }
        stream.begin().await?;
        output::notice(&format!("Listening to {server}; Ctrl-C ends it."));
        loop {
            let event = stream.next().await?;
            if !patterns.iter().any(|pattern| pattern.matches(event.kind)) {
                continue;
            }
            let outcome = match &forward {
                Some(forward) => Some(forward.send(&event).await),
                None => None,
            };
            tell(&event, outcome.as_deref(), self.json)?;
        }
    }
}

fn tell(event: &StreamedEvent, outcome: Option<&str>, json: bool) -> anyhow::Result<()> {
    let ids: Vec<String> = event
        .data
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| match value.as_str() {
            Some(text) if name.ends_with("_id") => text.to_owned(),
            Some(text) => format!("{name}={text}"),
            None => format!("{name}={value}"),
        })
        .collect();
    let outcome_shown = outcome.map(|words| format!("  → {words}")).unwrap_or_default();
    let sentence = format!("{}  #{}  {}  {}{outcome_shown}", event.at, event.seq, event.kind, ids.join(" "));
    let mut value =
        serde_json::json!({ "seq": event.seq, "type": event.kind, "at": event.at, "data": event.data });
    if let Some(outcome) = outcome {
        value["forwarded"] = serde_json::Value::from(outcome);
    }
    output::result(json, &value, &sentence)
}
