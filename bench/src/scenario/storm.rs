//! storm: 100,000 delivery events, shuffled, a fifth of them twice and a twentieth about messages that nobody knows, while
//! 300 messages a second are sent; (a) one in each webhook, (b) a hundred. At the end every state must be right.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use parking_lot::Mutex;

use super::accept::post_message;
use super::inbound::wait_until_processed;
use crate::figures::{Figures, rounded};
use crate::http::api::Api;
use crate::http::provider::{Behaviour, Provider, Shape};
use crate::ledger::Ledger;
use crate::letters::Outgoing;
use crate::load::{Load, Look, Write, any_success};
use crate::product::Installation;
use crate::settings::Settings;
use crate::storm::{Deck, MAILGUN_KEY, Signer, final_state, rank};
use crate::surroundings::Surroundings;
use crate::watch;

/// Events in a webhook that has many.
const BATCH: u64 = 100;
/// Messages that are watched for a step backwards.
const WATCHED: u64 = 16;
/// No progress for so long is a failure.
const PATIENCE_SECONDS: f64 = 60.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Variant {
    /// One event in each webhook, as Mailgun signs them (HMAC).
    A,
    /// A hundred in each, as SendGrid signs them (ECDSA P-256).
    B,
}

#[derive(Debug, Clone, Args)]
pub struct Options {
    /// One or many events in a webhook.
    #[arg(long, value_enum, default_value = "a")]
    pub variant: Variant,
    /// Messages that are sent each second meanwhile.
    #[arg(long, default_value_t = 300.0)]
    pub per_second: f64,
    /// Seed of the order.
    #[arg(long, default_value_t = 7)]
    pub seed: u64,
}

pub async fn run(settings: &Settings, options: &Options, round: u32) -> Result<Figures> {
    let name = if options.variant == Variant::A { "storm-a" } else { "storm-b" };
    let deck = Arc::new(Deck::shuffled(settings.count(100_000), options.seed));
    let signer = Arc::new(Signer::new()?);
    let most = deck.messages + (options.per_second * 120.0) as u64;
    let ledger = Ledger::new(most);
    let installation = Installation::prepare(settings, name)?;
    let shape = if options.variant == Variant::A { Shape::Mailgun } else { Shape::Sendgrid };
    let provider = Provider::start(Behaviour { shape, ..Behaviour::default() }, ledger.clone()).await?;
    let account = add_account(&installation, options.variant, &provider, &signer)?;
    let mut server = installation.start().await?;
    let hook = hook(&server.api, &account).await?;

    // Whoever bounces is not written to again, so the messages that are sent meanwhile go to others.
    let outgoing = Outgoing { contacts: deck.messages, ..Outgoing::default() };
    let ids = Arc::new(Mutex::new(vec![String::new(); usize::try_from(deck.messages)?]));
    let first = Load {
        address: installation.address,
        clients: 64,
        write: post_message(server.api.clone(), outgoing),
        look: keep_ids(Arc::clone(&ids)),
    };
    first.closed(0, deck.messages).await.complain();
    ledger.wait_for(deck.messages, Duration::from_secs(20)).await;
    super::deliver::settle(&server).await?;
    let ids = Arc::new(std::mem::take(&mut *ids.lock()));
    tokio::time::sleep(Duration::from_secs(1)).await;

    let others =
        Outgoing { contacts: settings.contacts, first_contact: deck.messages, ..Outgoing::default() };
    let live = Load {
        address: installation.address,
        clients: 64,
        write: post_message(server.api.clone(), others),
        look: any_success(),
    };
    let posts = match options.variant {
        Variant::A => deck.events.len() as u64,
        Variant::B => (deck.events.len() as u64).div_ceil(BATCH),
    };
    let load = Load {
        address: installation.address,
        clients: settings.clients(64),
        write: post_events(options.variant, &deck, &signer, &ids, &hook, &installation.address.to_string()),
        look: any_success(),
    };

    let before = Surroundings::measure(installation.folder())?;
    let cpu = server.cpu_seconds();
    let stop = Arc::new(AtomicBool::new(false));
    let latency_before = ledger.latency.count();
    // Only what is sent from now on is timed.
    ledger.latency.clear();
    let begun = watch::now();
    let api = &server.api;
    let storm = async {
        let report = load.closed(0, posts).await;
        let taken_seconds = watch::seconds_since(begun);
        let applied_seconds = wait_until_applied(api, deck.distinct, begun).await;
        stop.store(true, Ordering::Relaxed);
        (report, taken_seconds, applied_seconds)
    };
    let backwards = AtomicU64::new(0);
    let ((report, taken_seconds, applied_seconds), sent, ()) = tokio::join!(
        storm,
        live.open_until(deck.messages, most - deck.messages, options.per_second, Arc::clone(&stop)),
        watch_states(api, &ids, &stop, &backwards),
    );
    let applied_seconds = applied_seconds?;
    report.complain();
    sent.complain();
    let arrived = ledger.wait_for(deck.messages + sent.answered(), Duration::from_secs(20)).await;
    let settled_seconds = wait_until_processed(&server.api, begun).await?;
    let cpu = server.cpu_seconds() - cpu;
    server.must_be_alive()?;

    let memory = server.memory();
    let lost = (deck.messages + sent.answered()).saturating_sub(arrived);
    let (wrong, seen) = wrong_states(&server.api, deck.messages).await?;
    let missing = (deck.messages + sent.answered()).saturating_sub(seen);
    let doubled = doubled_events(&server.api, &ids).await?;
    let counted = applied(&server.api).await?;
    let backwards = backwards.into_inner();
    let told = deck.events.len() as u64;
    let mut figures = Figures::new(name, installation.database.label(), round, &before)
        .work(told, applied_seconds)
        .latency(&ledger.latency)
        .cpu(cpu, told)
        .lost(lost + missing)
        .with("taken_seconds", rounded(taken_seconds))
        .with("settled_seconds", rounded(settled_seconds))
        .with("webhook_p50_ms", report.latency.percentile_ms(0.5))
        .with("webhook_p99_ms", report.latency.percentile_ms(0.99))
        .with("pushed_back", report.pushed_back())
        .with("sent_meanwhile", sent.answered())
        .with("sent_before", latency_before)
        .with("send_accept_p99_ms", sent.latency.percentile_ms(0.99))
        .with("send_pushed_back", sent.pushed_back())
        .with("distinct", deck.distinct)
        .with("repeated", deck.repeated)
        .with("strangers", deck.strangers)
        .with("wrong_states", wrong)
        .with("backwards", backwards)
        .with("doubled_events", doubled);
    let miscounted = counted.abs_diff(deck.distinct);
    figures.bad = report.bad() + sent.bad() + lost + missing + wrong + backwards + doubled + miscounted;
    figures.rss_mib = Some(memory.rss_mib);
    figures.pss_mib = Some(memory.pss_mib);
    server.stop().await?;
    drop(server);
    installation.discard()?;
    Ok(figures)
}

fn add_account(
    installation: &Installation,
    variant: Variant,
    provider: &Provider,
    signer: &Signer,
) -> Result<String> {
    let base_url = ("base_url", format!("http://{}", provider.address));
    let from = ("from", "support@example.com".to_owned());
    match variant {
        Variant::A => installation.add_channel(
            "mailgun",
            &[
                base_url,
                from,
                ("api_key", MAILGUN_KEY.to_owned()),
                ("webhook_signing_key", MAILGUN_KEY.to_owned()),
                ("domain", "mg.example.com".to_owned()),
            ],
        ),
        Variant::B => installation.add_channel(
            "sendgrid",
            &[
                base_url,
                from,
                ("api_key", "SG.00000000.00000000000000000000".to_owned()),
                ("event_verification", signer.verification_key()),
            ],
        ),
    }
}

/// The path at which the account takes webhooks.
async fn hook(api: &Api, account: &str) -> Result<String> {
    let account = api.get(&format!("/v1/channel-accounts/{account}")).await?;
    let url = account["webhook_url"].as_str().context("the account has no webhook address")?;
    let from = url.find("/hooks/").with_context(|| format!("`{url}` is no webhook address"))?;
    Ok(url[from..].to_owned())
}

fn keep_ids(ids: Arc<Mutex<Vec<String>>>) -> Look {
    Arc::new(move |number, reply| {
        let answer: serde_json::Value = serde_json::from_slice(reply.body).unwrap_or_default();
        let id = answer["id"].as_str()?.to_owned();
        let mut ids = ids.lock();
        *ids.get_mut(usize::try_from(number).ok()?)? = id;
        None
    })
}

fn post_events(
    variant: Variant,
    deck: &Arc<Deck>,
    signer: &Arc<Signer>,
    ids: &Arc<Vec<String>>,
    hook: &str,
    host: &str,
) -> Write {
    use std::io::Write as _;
    let (deck, signer, ids) = (Arc::clone(deck), Arc::clone(signer), Arc::clone(ids));
    let head = format!("POST {hook} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n");
    let seconds = UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_secs());
    Arc::new(move |number, _, out| {
        let index = |number: u64| usize::try_from(number).expect("it is an index");
        let id_of = |message: u64| ids.get(index(message)).map(String::as_str);
        let (headers, body) = match variant {
            Variant::A => {
                let event = deck.events[index(number)];
                (String::new(), signer.mailgun(number, event, id_of(event.message), seconds))
            }
            Variant::B => {
                let end = deck.events.len().min(index((number + 1) * BATCH));
                let events = &deck.events[index(number * BATCH)..end];
                let events = events.iter().map(|event| (*event, id_of(event.message)));
                let (body, signature) = signer.sendgrid(events, seconds);
                let headers = format!(
                    "X-Twilio-Email-Event-Webhook-Signature: {signature}\r\n\
                     X-Twilio-Email-Event-Webhook-Timestamp: {seconds}\r\n"
                );
                (headers, body)
            }
        };
        write!(out, "{head}{headers}Content-Length: {}\r\n\r\n{body}", body.len())
            .expect("writing to memory cannot fail");
    })
}

/// How many reports have said something new so far.
async fn applied(api: &Api) -> Result<u64> {
    let page = api.bytes("/metrics").await?;
    let page = String::from_utf8_lossy(&page);
    let lines = page
        .lines()
        .filter(|line| line.starts_with("chancery_reports_total{") && line.contains("outcome=\"new\""));
    Ok(lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>() as u64)
}

/// Seconds from `begun` until all events about messages of ours are in their states.
async fn wait_until_applied(api: &Api, expected: u64, begun: u64) -> Result<f64> {
    let (mut best, mut progress) = (0, watch::now());
    loop {
        let now = applied(api).await?;
        if now >= expected {
            return Ok(watch::seconds_since(begun));
        }
        if now > best {
            (best, progress) = (now, watch::now());
        }
        if watch::seconds_since(progress) > PATIENCE_SECONDS {
            bail!("{now} of {expected} events are applied, and no more come");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Looks at some messages again and again, and counts steps backwards.
async fn watch_states(api: &Api, ids: &[String], stop: &AtomicBool, backwards: &AtomicU64) {
    let mut ranks = vec![0; usize::try_from(WATCHED).unwrap_or_default()];
    let watched: Vec<&String> = ids.iter().take(ranks.len()).collect();
    while !stop.load(Ordering::Relaxed) {
        for (known, id) in ranks.iter_mut().zip(&watched) {
            let Ok(message) = api.get(&format!("/v1/messages/{id}")).await else { continue };
            let now = rank(message["state"].as_str().unwrap_or_default());
            if now < *known {
                backwards.fetch_add(1, Ordering::Relaxed);
            }
            *known = now;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// How many messages are in another state than they should be, and how many there are.
async fn wrong_states(api: &Api, messages: u64) -> Result<(u64, u64)> {
    let (mut wrong, mut first) = (0, None);
    let seen = api
        .walk("/v1/messages?direction=outbound", |message| {
            let subject = message["subject"].as_str().unwrap_or_default();
            let number: u64 = subject.rsplit(' ').next().and_then(|n| n.parse().ok()).unwrap_or(u64::MAX);
            let right = if number < messages { final_state(number) } else { "sent" };
            if message["state"] != right {
                wrong += 1;
                first
                    .get_or_insert_with(|| format!("{} is {}, not {right}", message["id"], message["state"]));
            }
        })
        .await?;
    if let Some(first) = first {
        crate::output::say(&format!("  {wrong} messages are in a wrong state; the first: {first}"));
    }
    Ok((wrong, seen))
}

/// Of a sample of messages, how many events are there more than once, or missing.
async fn doubled_events(api: &Api, ids: &[String]) -> Result<u64> {
    let mut doubled = 0;
    for id in ids.iter().step_by((ids.len() / 200).max(1)) {
        let message = api.get(&format!("/v1/messages/{id}")).await?;
        let events = message["events"].as_array().map_or(&[][..], Vec::as_slice);
        let told = events.iter().filter(|event| event["source"] != "chancery").count() as u64;
        doubled += told.abs_diff(3);
    }
    Ok(doubled)
}
