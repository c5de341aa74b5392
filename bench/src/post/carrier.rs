//! Carriers that do not give up: each repeats a mail over broken connections and restarts until the server has
//! answered for it, as a mail server does with its queue.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use parking_lot::Mutex;
use tokio::task::JoinSet;

use super::letter::Letter;
use super::round::{Door, Posting};
use crate::chance::Chance;
use crate::http::api::Api;
use crate::http::connection::Connection;
use crate::product::Doors;
use crate::smtp::client::{Answer, Client, Envelope, Hello, How};
use crate::watch;

/// A mail that nobody answered for so long is a failure of the run, not of a connection.
const GIVE_UP_SECONDS: f64 = 180.0;

/// Where to carry what.
#[derive(Debug, Clone)]
pub struct Round {
    pub letters: Arc<Vec<Letter>>,
    pub postings: Arc<Vec<Posting>>,
    pub api: Api,
    /// The account that mails handed to the API are for.
    pub account: String,
    pub doors: Doors,
}

/// What the carriers have done so far.
#[derive(Debug, Default)]
pub struct Progress {
    next: AtomicUsize,
    released: AtomicUsize,
    answered: AtomicUsize,
    repeated: AtomicUsize,
    refused: Mutex<Vec<String>>,
    gave_up: AtomicBool,
}

/// The carriers at work.
pub struct Carriers {
    tasks: JoinSet<Result<()>>,
    progress: Arc<Progress>,
}

impl Carriers {
    pub fn start(round: &Round, count: u64, chance: &Chance) -> Self {
        let progress = Arc::new(Progress::default());
        let mut tasks = JoinSet::new();
        for number in 0..count {
            let carrier = Carrier {
                round: round.clone(),
                progress: Arc::clone(&progress),
                chance: chance.branch(number),
                smtp: None,
                lmtp: None,
                api: None,
            };
            tasks.spawn(carrier.work());
        }
        Self { tasks, progress }
    }

    /// Lets postings below that number begin.
    pub fn release(&self, postings: usize) {
        self.progress.released.fetch_max(postings, Ordering::Relaxed);
    }

    pub fn answered(&self) -> usize {
        self.progress.answered.load(Ordering::Relaxed)
    }

    pub fn repeated(&self) -> usize {
        self.progress.repeated.load(Ordering::Relaxed)
    }

    /// What was refused for good, in words.
    pub fn refused(&self) -> Vec<String> {
        self.progress.refused.lock().clone()
    }

    pub fn gave_up(&self) -> bool {
        self.progress.gave_up.load(Ordering::Relaxed)
    }

    /// Waits until every mail is answered for.
    pub async fn finish(&mut self) -> Result<()> {
        self.release(usize::MAX);
        while let Some(ended) = self.tasks.join_next().await {
            ended??;
        }
        Ok(())
    }
}

struct Carrier {
    round: Round,
    progress: Arc<Progress>,
    chance: Chance,
    smtp: Option<Client>,
    lmtp: Option<Client>,
    api: Option<Connection>,
}

impl Carrier {
    async fn work(mut self) -> Result<()> {
        loop {
            let number = self.progress.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.round.postings.len() {
                return Ok(());
            }
            while number >= self.progress.released.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            self.carry(number).await.inspect_err(|_| self.progress.gave_up.store(true, Ordering::Relaxed))?;
            self.progress.answered.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn carry(&mut self, number: usize) -> Result<()> {
        let mut posting = self.round.postings[number].clone();
        let begun = watch::now();
        let mut trouble;
        loop {
            match self.attempt(&posting).await {
                Ok(Answer::Taken) => return Ok(()),
                Ok(Answer::Refused(words)) => {
                    self.forget(posting.door);
                    self.progress
                        .refused
                        .lock()
                        .push(format!("letter {} by {:?}: {words}", posting.letter, posting.door));
                    return Ok(());
                }
                Ok(Answer::Later(words)) => trouble = words,
                Err(error) => trouble = format!("{error:#}"),
            }
            self.forget(posting.door);
            if posting.how == How::BrokenOff {
                posting.how = How::Data;
            }
            self.progress.repeated.fetch_add(1, Ordering::Relaxed);
            if watch::seconds_since(begun) > GIVE_UP_SECONDS {
                bail!(
                    "letter {} was not answered for within {GIVE_UP_SECONDS} s; the last: {trouble}",
                    posting.letter
                );
            }
            tokio::time::sleep(Duration::from_millis(self.chance.within(2..15))).await;
        }
    }

    fn forget(&mut self, door: Door) {
        match door {
            Door::Smtp => self.smtp = None,
            Door::Lmtp => self.lmtp = None,
            Door::Api => self.api = None,
        }
    }

    async fn attempt(&mut self, posting: &Posting) -> Result<Answer> {
        let Doors { smtp, lmtp } = self.round.doors;
        let letter = &self.round.letters[posting.letter];
        match (posting.door, smtp, lmtp) {
            (Door::Smtp, Some(address), _) => {
                by_mail(&mut self.smtp, address, Hello::Smtp, letter, posting).await
            }
            (Door::Lmtp, _, Some(address)) => {
                by_mail(&mut self.lmtp, address, Hello::Lmtp, letter, posting).await
            }
            _ => self.by_api(posting).await,
        }
    }

    async fn by_api(&mut self, posting: &Posting) -> Result<Answer> {
        let letter = &self.round.letters[posting.letter];
        let mut headers =
            format!("Content-Type: message/rfc822\r\nX-Envelope-To: {}\r\n", letter.envelope_to.join(", "));
        if let Some(from) = &letter.envelope_from {
            headers.push_str(&format!("X-Envelope-From: {from}\r\n"));
        }
        if let Some(key) = &posting.idempotency_key {
            headers.push_str(&format!("Idempotency-Key: {key}\r\n"));
        }
        let target = format!("/v1/inbound/email?account={}", self.round.account);
        let mut request = Vec::with_capacity(posting.bytes.len() + 512);
        self.round.api.write("POST", &target, &headers, &posting.bytes, &mut request);
        if self.api.as_ref().is_none_or(|connection| !connection.is_usable()) {
            self.api = Some(Connection::open(self.round.api.address).await?);
        }
        let connection = self.api.as_mut().expect("it was just opened");
        let reply = connection.call(&request).await?;
        Ok(match reply.status {
            200..300 => Answer::Taken,
            409 | 429 | 500.. => Answer::Later(reply.words()),
            _ => Answer::Refused(reply.words()),
        })
    }
}

async fn by_mail(
    line: &mut Option<Client>,
    address: SocketAddr,
    hello: Hello,
    letter: &Letter,
    posting: &Posting,
) -> Result<Answer> {
    let client = match line {
        Some(client) => client,
        None => line.insert(Client::greet(address, hello).await?),
    };
    let envelope = Envelope { from: letter.envelope_from.as_deref(), to: &letter.envelope_to };
    client.deliver(envelope, &posting.bytes, posting.how).await
}
