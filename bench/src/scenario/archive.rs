//! A business that has been at work for years: conversations of four messages with its customers, in words of a
//! language, spread over people, tags and states. Filled through the front door, and kept for the next run.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::NEVER_IN_THIS_RUN;
use super::desk::{self, Desk};
use super::inbound::wait_until_processed;
use crate::chance::Chance;
use crate::figures::rounded;
use crate::http::api::Api;
use crate::load::{Load, Look, Write, any_success};
use crate::output::say;
use crate::people::Person;
use crate::product::Installation;
use crate::settings::Settings;
use crate::watch;
use crate::words::{Language, unique};

/// Where a filled folder notes what is in it.
const NOTE: &str = "bench-archive.json";
/// A text; with headers, subject and address a message has about 1 KiB.
const TEXT_BYTES: usize = 900;
/// Conversations that go on and on.
const LONG_ONES: u64 = 20;
const BATCH: u64 = 500;

/// A filled installation.
pub struct Archive {
    pub installation: Installation,
    pub messages: u64,
    /// Openings of customers have the numbers below this one.
    pub threads: u64,
    pub account: String,
    pub desk: Desk,
    /// How long it took to fill.
    pub seconds: f64,
}

/// How the messages divide: a quarter opens a conversation, others are answers of customers, most are ours.
#[derive(Debug, Clone, Copy)]
struct Shares {
    openings: u64,
    answers: u64,
    ours: u64,
}

impl Shares {
    fn of(messages: u64) -> Self {
        let openings = messages / 4;
        let answers = messages * 15 / 100;
        let ours = (messages - openings - answers).div_ceil(BATCH) * BATCH;
        Self { openings, answers, ours }
    }
}

/// Customers are at most so many; then each has more than two threads.
const MOST_CUSTOMERS: u64 = 15_000;

/// Who opened the thread.
pub fn opener(thread: u64, threads: u64) -> Person {
    Person(thread % (threads / 2).clamp(1, MOST_CUSTOMERS))
}

/// A fresh archive of so many messages.
pub async fn fill(settings: &Settings, label: &str, messages: u64) -> Result<Archive> {
    let shares = Shares::of(messages);
    let installation = Installation::prepare(settings, label)?;
    let account = installation.add_smtp(installation.address)?;
    let mut server = installation.start().await?;
    let api = server.api.clone();
    let language = Arc::new(Language::learn());
    let begun = watch::now();

    let filler = Filler {
        api: api.clone(),
        address: installation.address,
        language,
        account: account.clone(),
        shares,
    };
    filler.post("openings", shares.openings, 32, filler.openings(), any_success()).await?;
    wait_until_processed(&api, watch::now()).await?;
    filler.post("answers", shares.answers, 32, filler.answers(), any_success()).await?;
    wait_until_processed(&api, watch::now()).await?;
    let conversations = conversations(&api).await?;
    let (write, look) = filler.ours(&conversations);
    filler.post("batches", shares.ours / BATCH, 4, write, look).await?;
    let desk = desk::set_up(&api).await?;
    desk.work_off(&api, installation.address, &conversations).await?;

    let seconds = watch::seconds_since(begun);
    let messages = shares.openings + shares.answers + shares.ours;
    say(&format!("  filled {messages} messages in {seconds:.1} s ({:.0}/s)", messages as f64 / seconds));
    server.stop().await?;
    drop(server);
    let note = json!({
        "key": installation.key,
        "database": installation.database.name(),
        "messages": messages,
        "threads": shares.openings,
        "account": account,
        "desk": desk.note(),
        "seconds": rounded(seconds),
    });
    std::fs::write(installation.folder().join(NOTE), note.to_string())?;
    Ok(Archive { installation, messages, threads: shares.openings, account, desk, seconds })
}

/// What an earlier run with `--keep` has filled.
pub fn reopen(settings: &Settings, folder: &Path) -> Result<Archive> {
    let path = folder.join(NOTE);
    let note = std::fs::read_to_string(&path)
        .with_context(|| format!("{} was not filled by a benchmark", folder.display()))?;
    let note: Value = serde_json::from_str(&note)?;
    let text = |field: &str| note[field].as_str().with_context(|| format!("the note has no {field}"));
    let number = |field: &str| note[field].as_u64().with_context(|| format!("the note has no {field}"));
    let installation = Installation::reopen(settings, folder, text("key")?, note["database"].as_str())?;
    Ok(Archive {
        installation,
        messages: number("messages")?,
        threads: number("threads")?,
        account: text("account")?.to_owned(),
        desk: Desk::from_note(&note["desk"])?,
        seconds: note["seconds"].as_f64().unwrap_or_default(),
    })
}

/// Ids of all conversations.
pub async fn conversations(api: &Api) -> Result<Vec<String>> {
    let mut ids = Vec::new();
    api.walk("/v1/conversations", |conversation| {
        ids.extend(conversation["id"].as_str().map(str::to_owned));
    })
    .await?;
    Ok(ids)
}

struct Filler {
    api: Api,
    address: std::net::SocketAddr,
    language: Arc<Language>,
    account: String,
    shares: Shares,
}

impl Filler {
    async fn post(&self, what: &str, count: u64, clients: usize, write: Write, look: Look) -> Result<()> {
        let begun = watch::now();
        let report = Load { address: self.address, clients, write, look }.closed(0, count).await;
        report.complain();
        if report.bad() > 0 {
            bail!("the archive could not be filled: {}", report.first_fault().unwrap_or_default());
        }
        let seconds = watch::seconds_since(begun);
        say(&format!("  {count} {what} in {seconds:.1} s ({:.0}/s)", count as f64 / seconds));
        Ok(())
    }

    /// Number `n` opens thread `n`.
    fn openings(&self) -> Write {
        let threads = self.shares.openings;
        self.mails(move |number, _| (number, opener(number, threads), None))
    }

    /// Answers of customers in threads of theirs, some of which go on and on.
    fn answers(&self) -> Write {
        let threads = self.shares.openings;
        self.mails(move |number, chance| {
            let thread = if number % 50 == 0 { number / 50 % LONG_ONES } else { chance.within(0..threads) };
            (threads + number, opener(thread, threads), Some(thread))
        })
    }

    /// Posts of mails: `who` says for each its own number, its writer and the thread it answers.
    fn mails(
        &self,
        who: impl Fn(u64, &mut Chance) -> (u64, Person, Option<u64>) + Send + Sync + 'static,
    ) -> Write {
        let (api, language) = (self.api.clone(), Arc::clone(&self.language));
        let target = format!("/v1/inbound/email?account={}", self.account);
        Arc::new(move |post, _, out| {
            let mut chance = Chance::from_seed(post);
            let (number, person, answers) = who(post, &mut chance);
            let mut mail =
                format!("From: {} <{}>\r\nTo: support@example.com\r\n", person.name(), person.address());
            mail.push_str(&format!("Message-ID: <archive-{number}@customers.example.com>\r\n"));
            if let Some(thread) = answers {
                let parent = format!("<archive-{thread}@customers.example.com>");
                mail.push_str(&format!(
                    "In-Reply-To: {parent}\r\nReferences: {parent}\r\nSubject: Re: {}\r\n",
                    subject(thread, &language)
                ));
            } else {
                mail.push_str(&format!("Subject: {}\r\n", subject(number, &language)));
            }
            mail.push_str("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n");
            language.write(&mut chance, TEXT_BYTES, "\r\n", &mut mail);
            mail.push_str(&format!("\r\n{}\r\n", unique(number)));
            api.write("POST", &target, "Content-Type: message/rfc822\r\n", mail.as_bytes(), out);
        })
    }

    /// Our answers, in batches, spread over all conversations; none is sent in this run.
    fn ours(&self, conversations: &[String]) -> (Write, Look) {
        let (api, language) = (self.api.clone(), Arc::clone(&self.language));
        let conversations: Arc<[String]> = conversations.into();
        let first = self.shares.openings + self.shares.answers;
        let write: Write = Arc::new(move |call, _, out| {
            let mut body = String::with_capacity(BATCH as usize * 1_200);
            body.push_str(r#"{"messages":["#);
            for index in 0..BATCH {
                let number = call * BATCH + index;
                let mut chance = Chance::from_seed(number);
                // Two in a row would wait for each other; a stride of its own size does not.
                let conversation =
                    &conversations[(number.wrapping_mul(7_919) % conversations.len() as u64) as usize];
                if index > 0 {
                    body.push(',');
                }
                body.push_str(&format!(
                    r#"{{"conversation_id":"{conversation}","send_at":"{NEVER_IN_THIS_RUN}","priority":"bulk","text":""#
                ));
                language.write(&mut chance, TEXT_BYTES, "\\n", &mut body);
                body.push_str(&format!(r#"\n{}"}}"#, unique(first + number)));
            }
            body.push_str("]}");
            api.write_post("/v1/messages/batch", &format!("archive-{call}"), body.as_bytes(), out);
        });
        let look: Look = Arc::new(|_, reply| {
            let ids = reply.body.windows(5).filter(|window| window == b"\"msg_").count() as u64;
            (ids < BATCH)
                .then(|| format!("a batch of {BATCH} was answered with {ids} ids: {}", reply.words()))
        });
        (write, look)
    }
}

/// Words, and the thread's number.
fn subject(thread: u64, language: &Language) -> String {
    let mut chance = Chance::from_seed(thread).branch(9);
    let mut words: Vec<&str> = (0..3).map(|_| language.between(20..2_000, &mut chance)).collect();
    words.dedup();
    format!("{} {thread}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::{Shares, opener};
    use crate::people::Person;

    #[test]
    fn every_message_has_its_share_and_every_customer_several_threads() {
        let Shares { openings, answers, ours } = Shares::of(1_000_000);
        assert_eq!((openings, answers, ours), (250_000, 150_000, 600_000));
        assert_eq!(opener(3, 10), opener(8, 10));
        assert_eq!(opener(0, 1), Person(0));
    }
}
