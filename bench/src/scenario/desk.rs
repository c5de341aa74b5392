//! The people behind the desk of an archive, their tags, and what they did with its conversations.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::http::api::Api;
use crate::load::{Load, any_success};
use crate::output::say;
use crate::watch;

/// One word each, so that a search can name them.
const AGENTS: [&str; 6] = ["Samira", "Kim", "Priya", "Tobias", "Lena", "Marcus"];
const TAGS: [&str; 12] = [
    "billing",
    "shipping",
    "returns",
    "bug",
    "vip",
    "question",
    "complaint",
    "press",
    "wholesale",
    "legal",
    "praise",
    "spam",
];
const COLORS: [&str; 9] = ["gray", "red", "orange", "amber", "green", "teal", "blue", "violet", "pink"];
/// As many conversations as one call may change.
const BULK: usize = 500;

/// Names and ids.
#[derive(Debug, Clone)]
pub struct Desk {
    pub agents: Vec<(String, String)>,
    pub tags: Vec<(String, String)>,
}

/// Adds people and tags.
pub async fn set_up(api: &Api) -> Result<Desk> {
    let mut desk = Desk { agents: Vec::new(), tags: Vec::new() };
    for name in AGENTS {
        let email = format!("{}@business.example.com", name.to_lowercase());
        let user = json!({"name": name, "email": email, "password": "bench-password-8417", "role": "agent"});
        desk.agents.push((name.to_owned(), created(api, "/v1/users", &user).await?));
    }
    for (name, color) in TAGS.iter().zip(COLORS.iter().cycle()) {
        let tag = json!({"name": name, "color": color});
        desk.tags.push(((*name).to_owned(), created(api, "/v1/tags", &tag).await?));
    }
    Ok(desk)
}

async fn created(api: &Api, target: &str, body: &Value) -> Result<String> {
    let answer = api.send("POST", target, body).await?;
    answer["id"].as_str().map(str::to_owned).with_context(|| format!("POST {target} answered no id"))
}

impl Desk {
    /// Resolves most conversations, gives half of them to somebody and tags two in five.
    pub async fn work_off(&self, api: &Api, address: SocketAddr, conversations: &[String]) -> Result<()> {
        let mut chance = Chance::from_seed(11);
        let mut changes: HashMap<String, Vec<&str>> = HashMap::new();
        for conversation in conversations {
            changes.entry(self.change(&mut chance).to_string()).or_default().push(conversation);
        }
        let calls: Vec<String> = changes
            .into_iter()
            .flat_map(|(change, ids)| {
                ids.chunks(BULK)
                    .map(|ids| format!(r#"{{"ids":{},"change":{change}}}"#, json!(ids)))
                    .collect::<Vec<_>>()
            })
            .collect();
        let (count, begun) = (calls.len() as u64, watch::now());
        let asking = api.clone();
        let write = Arc::new(move |call: u64, _: u64, out: &mut Vec<u8>| {
            asking.write_post(
                "/v1/conversations/bulk",
                &format!("desk-{call}"),
                calls[call as usize].as_bytes(),
                out,
            );
        });
        let report = Load { address, clients: 2, write, look: any_success() }.closed(0, count).await;
        report.complain();
        if report.bad() > 0 {
            bail!("the conversations could not be changed: {}", report.first_fault().unwrap_or_default());
        }
        say(&format!(
            "  {} conversations worked off in {:.1} s",
            conversations.len(),
            watch::seconds_since(begun)
        ));
        Ok(())
    }

    fn change(&self, chance: &mut Chance) -> Value {
        let state = match chance.within(0..20) {
            0..12 => "resolved",
            12..15 => "pending",
            _ => "open",
        };
        let mut change = json!({"state": state});
        if chance.hits(0.5) {
            let (_, id) = &self.agents[chance.within(0..self.agents.len() as u64) as usize];
            change["assignee_id"] = json!(id);
        }
        if chance.hits(0.4) {
            // The first tags are used far more than the last.
            let most = chance.within(1..self.tags.len() as u64 + 1);
            let (_, id) = &self.tags[chance.within(0..most) as usize];
            change["add_tags"] = json!([id]);
        }
        change
    }

    pub fn note(&self) -> Value {
        json!({"agents": self.agents, "tags": self.tags})
    }

    pub fn from_note(note: &Value) -> Result<Self> {
        let pairs = |field: &str| {
            serde_json::from_value(note[field].clone()).with_context(|| format!("the note has no {field}"))
        };
        Ok(Self { agents: pairs("agents")?, tags: pairs("tags")? })
    }
}
