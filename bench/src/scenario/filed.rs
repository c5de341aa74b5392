//! After crashes: compares the mails that were carried in with what the server has filed.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::http::api::Api;
use crate::output::say;
use crate::post::letter::{Belongs, Letter, Ours};

/// Of each kind of fault so many are described.
const SHOWN: usize = 5;

/// What is wrong; everything zero is a clean run.
#[derive(Debug, Default)]
pub struct Filed {
    pub filed: u64,
    /// Not there at all.
    pub lost: u64,
    /// Filed again.
    pub doubled: u64,
    /// Filed, and nobody sent it.
    pub strange: u64,
    /// Filed with other bytes than were sent.
    pub altered: u64,
    /// Replies that are not in the conversation of what they answer.
    pub apart: u64,
    /// Mails in a conversation with others that they have nothing to do with.
    pub mixed: u64,
    /// Bounces of ours that were not noted once and only once at their message.
    pub bounces_wrong: u64,
    /// People whose address more than one contact has.
    pub contacts_doubled: u64,
    /// Conversations whose count of messages is wrong, and counts of conversations that are.
    pub counts_wrong: u64,
    /// Entries of the journal that nobody has worked on, and that could not be worked on.
    pub waiting: u64,
    pub failed: u64,
}

impl Filed {
    pub fn faults(&self) -> u64 {
        self.lost
            + self.doubled
            + self.strange
            + self.altered
            + self.apart
            + self.mixed
            + self.bounces_wrong
            + self.contacts_doubled
            + self.counts_wrong
            + self.waiting
            + self.failed
    }
}

/// A filed mail.
struct Found {
    message: String,
    conversation: String,
}

/// Looks at everything through the API.
pub async fn judge(api: &Api, letters: &[Letter], ours: &[Ours]) -> Result<Filed> {
    let mut verdict = Filed::default();
    let found = find(api, letters, &mut verdict).await?;
    count(letters, &found, &mut verdict);
    check_threads(letters, ours, &found, &mut verdict);
    check_bytes(api, letters, &found, &mut verdict).await?;
    check_bounces(api, letters, ours, &mut verdict).await?;
    check_counts(api, ours, &mut verdict).await?;
    check_contacts(api, &mut verdict).await?;
    check_journal(api, &mut verdict).await?;
    Ok(verdict)
}

/// What was filed, by letter: by its Message-ID, else by its subject, else by its bytes.
async fn find(api: &Api, letters: &[Letter], verdict: &mut Filed) -> Result<HashMap<usize, Vec<Found>>> {
    let by_id: HashMap<&str, usize> = letters
        .iter()
        .enumerate()
        .filter_map(|(number, letter)| Some((letter.message_id.as_deref()?, number)))
        .collect();
    let by_subject: HashMap<&str, usize> = letters
        .iter()
        .enumerate()
        .filter(|(_, letter)| letter.message_id.is_none())
        .map(|(number, letter)| (letter.subject.as_str(), number))
        .collect();
    let mut found: HashMap<usize, Vec<Found>> = HashMap::new();
    let mut nameless = Vec::new();
    api.walk("/v1/messages?direction=inbound", |message| {
        let text = |field: &str| message[field].as_str().unwrap_or_default().to_owned();
        let filed = Found { message: text("id"), conversation: text("conversation_id") };
        let (id, subject) = (text("rfc_message_id"), text("subject"));
        let number = by_id.get(id.as_str()).or_else(|| by_subject.get(subject.as_str()));
        match number {
            Some(number) => found.entry(*number).or_default().push(filed),
            None => nameless.push(filed),
        }
    })
    .await?;
    for filed in nameless {
        let raw = raw(api, &filed.message).await?;
        let number = letters.iter().position(|letter| raw.ends_with(&letter.bytes));
        match number {
            Some(number) => found.entry(number).or_default().push(filed),
            None => {
                verdict.strange += 1;
                show(verdict.strange, || format!("{} is of nobody: {}", filed.message, beginning(&raw)));
            }
        }
    }
    verdict.filed = found.values().map(|filed| filed.len() as u64).sum();
    Ok(found)
}

fn count(letters: &[Letter], found: &HashMap<usize, Vec<Found>>, verdict: &mut Filed) {
    for (number, letter) in letters.iter().enumerate() {
        let filed = found.get(&number).map_or(0, Vec::len) as u64;
        let expected = match letter.belongs {
            Belongs::BounceOf(_) => 0..=0,
            Belongs::Foreign => 0..=1,
            _ => 1..=1,
        };
        if filed < *expected.start() {
            verdict.lost += 1;
            show(verdict.lost, || format!("letter {number} is lost: {}", beginning(&letter.bytes)));
        }
        if filed > *expected.end() {
            verdict.doubled += filed - expected.end();
            show(verdict.doubled, || {
                let names: Vec<&str> = found[&number].iter().map(|filed| filed.message.as_str()).collect();
                format!("letter {number} ({:?}) is filed {filed} times: {}", letter.belongs, names.join(", "))
            });
        }
    }
}

/// Every thread in one conversation, every conversation of one thread.
fn check_threads(letters: &[Letter], ours: &[Ours], found: &HashMap<usize, Vec<Found>>, verdict: &mut Filed) {
    let home = |belongs: Belongs| match belongs {
        Belongs::Ours(index) => Some(ours[index].conversation.as_str()),
        _ => None,
    };
    let mut threads: HashMap<usize, HashMap<&str, Vec<usize>>> = HashMap::new();
    let mut tenants: HashMap<&str, HashSet<Belonging>> = HashMap::new();
    for (number, letter) in letters.iter().enumerate() {
        let Some(filed) = found.get(&number).and_then(|filed| filed.first()) else { continue };
        tenants.entry(&filed.conversation).or_default().insert(Belonging::of(number, letter.belongs));
        if let Belongs::Thread(thread) = letter.belongs {
            threads.entry(thread).or_default().entry(&filed.conversation).or_default().push(number);
        }
        if home(letter.belongs).is_some_and(|home| home != filed.conversation) {
            verdict.apart += 1;
            show(verdict.apart, || {
                format!("letter {number} answers a message of ours and is in {}", filed.conversation)
            });
        }
    }
    for conversations in threads.values().filter(|conversations| conversations.len() > 1) {
        let all: usize = conversations.values().map(Vec::len).sum();
        let largest = conversations.values().map(Vec::len).max().unwrap_or(0);
        verdict.apart += (all - largest) as u64;
        show(verdict.apart, || format!("one thread, several conversations: {conversations:?}"));
    }
    for (conversation, belongings) in tenants.iter().filter(|(_, belongings)| belongings.len() > 1) {
        verdict.mixed += belongings.len() as u64 - 1;
        show(verdict.mixed, || format!("{conversation} holds {belongings:?}"));
    }
}

/// What may share a conversation.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Belonging {
    Thread(usize),
    Ours(usize),
    Alone(usize),
    /// The same words from the same sender: the same subject joins them.
    Bounces,
}

impl Belonging {
    fn of(number: usize, belongs: Belongs) -> Self {
        match belongs {
            Belongs::Thread(thread) => Self::Thread(thread),
            Belongs::Ours(index) => Self::Ours(index),
            Belongs::Alone => Self::Alone(number),
            Belongs::BounceOf(_) | Belongs::Foreign => Self::Bounces,
        }
    }
}

/// The raw mail is what was sent, to the byte; what relays put above it may differ.
async fn check_bytes(
    api: &Api,
    letters: &[Letter],
    found: &HashMap<usize, Vec<Found>>,
    verdict: &mut Filed,
) -> Result<()> {
    for (number, filed) in found {
        for filed in filed {
            let raw = raw(api, &filed.message).await?;
            if !raw.ends_with(&letters[*number].bytes) {
                verdict.altered += 1;
                show(verdict.altered, || format!("letter {number} ({}) has other bytes", filed.message));
            }
        }
    }
    Ok(())
}

async fn check_bounces(api: &Api, letters: &[Letter], ours: &[Ours], verdict: &mut Filed) -> Result<()> {
    let bounced: HashSet<usize> = letters
        .iter()
        .filter_map(|letter| if let Belongs::BounceOf(index) = letter.belongs { Some(index) } else { None })
        .collect();
    for (index, message) in ours.iter().enumerate() {
        let story = api.get(&format!("/v1/messages/{}", message.id)).await?;
        let state = story["state"].as_str().unwrap_or_default();
        let events = story["events"].as_array().into_iter().flatten();
        let is_bounce =
            |event: &&Value| event["kind"].as_str().is_some_and(|kind| kind.starts_with("bounced"));
        let noted = events.filter(is_bounce).count();
        let expected = usize::from(bounced.contains(&index));
        if noted != expected || (state == "bounced") != (expected == 1) {
            verdict.bounces_wrong += 1;
            show(verdict.bounces_wrong, || {
                format!("{} is {state} with {noted} bounces: {}", message.id, story["events"])
            });
        }
    }
    Ok(())
}

/// Counters are kept in rows of their own: they must agree with what they count.
async fn check_counts(api: &Api, ours: &[Ours], verdict: &mut Filed) -> Result<()> {
    let mut listed: HashMap<String, (i64, String, bool)> = HashMap::new();
    for target in ["/v1/conversations", "/v1/conversations?tray=true"] {
        api.walk(target, |conversation| {
            let text = |field: &str| conversation[field].as_str().unwrap_or_default().to_owned();
            let count = conversation["message_count"].as_i64().unwrap_or(-1);
            let in_tray = conversation["in_tray"].as_bool().unwrap_or(false);
            listed.insert(text("id"), (count, text("state"), in_tray));
        })
        .await?;
    }
    let mut messages: HashMap<String, i64> = HashMap::new();
    api.walk("/v1/messages", |message| {
        *messages.entry(message["conversation_id"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    })
    .await?;
    for (conversation, (count, ..)) in &listed {
        if messages.get(conversation) != Some(count) {
            verdict.counts_wrong += 1;
            let is = messages.get(conversation);
            show(verdict.counts_wrong, || format!("{conversation} says {count} messages and has {is:?}"));
        }
    }
    verdict.counts_wrong +=
        messages.keys().filter(|conversation| !listed.contains_key(*conversation)).count() as u64;
    verdict.counts_wrong +=
        ours.iter().filter(|message| !listed.contains_key(&message.conversation)).count() as u64;
    let counts = api.get("/v1/conversations/counts").await?;
    let open = listed.values().filter(|(_, state, in_tray)| state == "open" && !in_tray).count() as i64;
    let tray = listed.values().filter(|(_, _, in_tray)| *in_tray).count() as i64;
    for (name, expected) in [("open", open), ("tray", tray)] {
        if counts[name].as_i64() != Some(expected) {
            verdict.counts_wrong += 1;
            show(verdict.counts_wrong, || {
                format!("`{name}` is counted as {}, and there are {expected}", counts[name])
            });
        }
    }
    Ok(())
}

async fn check_contacts(api: &Api, verdict: &mut Filed) -> Result<()> {
    let mut owners: HashMap<String, u64> = HashMap::new();
    api.walk("/v1/contacts", |contact| {
        for identity in contact["identities"].as_array().into_iter().flatten() {
            *owners.entry(identity["address"].as_str().unwrap_or_default().to_lowercase()).or_default() += 1;
        }
    })
    .await?;
    verdict.contacts_doubled = owners.values().filter(|contacts| **contacts > 1).count() as u64;
    Ok(())
}

async fn check_journal(api: &Api, verdict: &mut Filed) -> Result<()> {
    verdict.waiting = api.walk("/v1/journal?state=received", |_| {}).await?;
    let mut failed = Vec::new();
    api.walk("/v1/journal?state=failed", |entry| failed.push(entry.clone())).await?;
    for entry in failed {
        verdict.failed += 1;
        show(verdict.failed, || format!("the journal gave up: {entry}"));
    }
    Ok(())
}

async fn raw(api: &Api, message: &str) -> Result<Vec<u8>> {
    api.bytes(&format!("/v1/messages/{message}/raw")).await.with_context(|| format!("the bytes of {message}"))
}

fn beginning(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(300).collect::<String>().escape_debug().to_string()
}

fn show(count: u64, words: impl FnOnce() -> String) {
    if count as usize <= SHOWN {
        say(&format!("  {}", words()));
    }
}

/// For the line of figures.
pub fn as_json(verdict: &Filed) -> Vec<(&'static str, Value)> {
    vec![
        ("filed", verdict.filed.into()),
        ("doubled", verdict.doubled.into()),
        ("strange", verdict.strange.into()),
        ("altered", verdict.altered.into()),
        ("apart", verdict.apart.into()),
        ("mixed", verdict.mixed.into()),
        ("bounces_wrong", verdict.bounces_wrong.into()),
        ("contacts_doubled", verdict.contacts_doubled.into()),
        ("counts_wrong", verdict.counts_wrong.into()),
        ("journal_waiting", verdict.waiting.into()),
        ("journal_failed", verdict.failed.into()),
    ]
}
