//! After crashes: compares what was answered 202 with what the sink took and what the server says.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Result;

use crate::chance::Chance;
use crate::http::api::Api;
use crate::ledger::Ledger;
use crate::output::say;
use crate::stubborn::Accepted;
use crate::watch;

/// Neither the sink nor the server moves for so long: the drain is over.
const STANDSTILL_SECONDS: f64 = 30.0;
const SAMPLE: u64 = 100;

/// What happened to the accepted messages.
#[derive(Debug, Default)]
pub struct Verdict {
    pub accepted: u64,
    pub arrived: u64,
    /// Accepted, never arrived, and not reported `unknown`.
    pub lost: u64,
    /// Arrivals beyond the first.
    pub duplicates: u64,
    /// Reported `unknown` by the server, and how many of those did arrive.
    pub unknown: u64,
    pub unknown_arrived: u64,
    /// Of a sample: the server's state does not fit what the sink saw.
    pub odd: u64,
}

impl Verdict {
    pub fn is_clean(&self) -> bool {
        self.lost == 0 && self.duplicates == 0 && self.odd == 0
    }
}

/// Waits until the server has nothing queued or under way, or nothing moves any more.
pub async fn drain(api: &Api, ledger: &Ledger) -> Result<bool> {
    let mut seen = ledger.distinct();
    let mut moved = watch::now();
    loop {
        if api.is_drained().await? {
            // The sink enters a message before it answers, so nothing can come behind this.
            return Ok(true);
        }
        if ledger.distinct() != seen {
            seen = ledger.distinct();
            moved = watch::now();
        }
        if watch::seconds_since(moved) > STANDSTILL_SECONDS {
            return Ok(false);
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// Looks at every accepted message, and at a sample of them through the API.
pub async fn judge(
    api: &Api,
    ledger: &Ledger,
    accepted: &[Accepted],
    chance: &mut Chance,
) -> Result<Verdict> {
    let numbers: HashMap<&str, u64> =
        accepted.iter().map(|message| (message.id.as_str(), message.number)).collect();
    let mut verdict = Verdict { accepted: accepted.len() as u64, ..Verdict::default() };
    let mut unknown = HashMap::new();
    api.walk("/v1/messages?state=unknown", |message| {
        let id = message["id"].as_str().unwrap_or_default();
        if let Some(number) = numbers.get(id) {
            unknown.insert(id.to_owned(), *number);
        }
    })
    .await?;
    verdict.unknown = unknown.len() as u64;
    let mut shown = 0;
    for message in accepted {
        let arrivals = ledger.arrivals_of(message.number);
        let is_unknown = unknown.contains_key(&message.id);
        verdict.arrived += u64::from(arrivals > 0);
        verdict.unknown_arrived += u64::from(is_unknown && arrivals > 0);
        let is_lost = arrivals == 0 && !is_unknown;
        verdict.lost += u64::from(is_lost);
        verdict.duplicates += u64::from(arrivals.saturating_sub(1));
        if (is_lost || arrivals > 1) && shown < 5 {
            shown += 1;
            show(api, message, arrivals).await;
        }
    }
    verdict.odd = sample(api, ledger, accepted, chance).await?;
    Ok(verdict)
}

async fn show(api: &Api, message: &Accepted, arrivals: u8) {
    let story = match api.get(&format!("/v1/messages/{}", message.id)).await {
        Ok(story) => {
            format!("state {}, attempts {}, events {}", story["state"], story["attempts"], story["events"])
        }
        Err(error) => format!("{error:#}"),
    };
    say(&format!("  message {} ({}) arrived {arrivals} times: {story}", message.number, message.id));
}

/// How many of a random sample are in a state that does not fit their arrivals.
async fn sample(api: &Api, ledger: &Ledger, accepted: &[Accepted], chance: &mut Chance) -> Result<u64> {
    let mut odd = 0;
    for _ in 0..SAMPLE.min(accepted.len() as u64) {
        let index = usize::try_from(chance.within(0..accepted.len() as u64))?;
        let message = &accepted[index];
        let arrivals = ledger.arrivals_of(message.number);
        let state = match api.get(&format!("/v1/messages/{}", message.id)).await {
            Ok(story) => story["state"].as_str().unwrap_or_default().to_owned(),
            Err(error) => format!("{error:#}"),
        };
        let fits = match arrivals {
            0 => state == "unknown",
            _ => matches!(state.as_str(), "sent" | "delivered" | "unknown"),
        };
        if !fits {
            odd += 1;
            say_odd(odd, message, &state, arrivals);
        }
    }
    Ok(odd)
}

fn say_odd(odd: u64, message: &Accepted, state: &str, arrivals: u8) {
    if odd <= 5 {
        say(&format!(
            "  message {} ({}) is `{state}` but arrived {arrivals} times",
            message.number, message.id
        ));
    }
}
