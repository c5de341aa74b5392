//! inbound: `POST /v1/inbound/email`, 1 KiB mails, a fifth of them duplicates, threads of four by
//! In-Reply-To; at the end every mail must be there exactly once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};

use crate::chance::Chance;
use crate::figures::{Figures, rounded};
use crate::http::api::Api;
use crate::letters::{Incoming, Mark, write_mail};
use crate::load::{Load, Look, Write};
use crate::product::Installation;
use crate::settings::Settings;
use crate::surroundings::Surroundings;
use crate::watch;

/// Of five posts the last repeats an earlier mail.
const PERIOD: u64 = 5;
/// A reply names a mail at least this many before it, so that its parent was sent long ago.
const THREADS_AT_A_TIME: u64 = 256;
/// No progress in the journal for so long is a failure.
const PATIENCE_SECONDS: f64 = 60.0;

pub async fn run(settings: &Settings, round: u32) -> Result<Figures> {
    let count = settings.count(100_000);
    let installation = Installation::prepare(settings, "inbound")?;
    let account = installation.add_smtp(installation.address)?;
    let mut server = installation.start().await?;
    let told_duplicate = Arc::new(AtomicU64::new(0));
    let load = Load {
        address: installation.address,
        clients: settings.clients(64),
        write: post_mail(server.api.clone(), &account, "run", true),
        look: count_duplicates(Arc::clone(&told_duplicate)),
    };

    let before = Surroundings::measure(installation.folder())?;
    let cpu = server.cpu_seconds();
    let begun = watch::now();
    let report = load.closed(0, count).await;
    let accept_seconds = watch::seconds_since(begun);
    report.complain();
    let processed_seconds = wait_until_processed(&server.api, begun).await?;
    let cpu = server.cpu_seconds() - cpu;
    server.must_be_alive()?;

    let memory = server.memory();
    let (missing, doubled, strange) = check_each_once(&server.api, "run", uniques(count)).await?;
    let counts = server.api.get("/v1/conversations/counts").await?;
    let mut figures = Figures::new("inbound", installation.database.label(), round, &before)
        .work(report.answered(), accept_seconds)
        .latency(&report.latency)
        .cpu(cpu, report.answered())
        .lost(missing)
        .with("duplicates", doubled)
        .with("strange", strange)
        .with("clients", load.clients)
        .with("pushed_back", report.pushed_back())
        .with("processed_seconds", rounded(processed_seconds))
        .with("processed_rate", (report.answered() as f64 / processed_seconds).round())
        .with("told_duplicate", told_duplicate.load(Ordering::Relaxed))
        .with("sent_duplicate", count / PERIOD)
        .with("threads_sent", uniques(count).div_ceil(4))
        .with("conversations_open", counts["open"].clone());
    figures.bad = report.bad() + missing + doubled + strange;
    figures.rss_mib = Some(memory.rss_mib);
    figures.pss_mib = Some(memory.pss_mib);
    server.stop().await?;
    drop(server);
    installation.discard()?;
    Ok(figures)
}

/// Writes the posts of a series; `with_duplicates` makes every fifth a repetition.
pub fn post_mail(api: Api, account: &str, series: &str, with_duplicates: bool) -> Write {
    let target = format!("/v1/inbound/email?account={account}");
    let series = series.to_owned();
    let headers = "Content-Type: message/rfc822\r\nX-Envelope-From: customer@example.com\r\n\
                   X-Envelope-To: support@example.com\r\n";
    Arc::new(move |number, _, out| {
        let unique = if with_duplicates { unique_of(number) } else { number };
        let mut mail = String::with_capacity(1_600);
        write_series_mail(&series, unique, &mut mail);
        api.write("POST", &target, headers, mail.as_bytes(), out);
    })
}

fn write_series_mail(series: &str, unique: u64, out: &mut String) {
    let (thread, parent) = place_in_thread(unique);
    let from = format!("customer-{thread}@example.com");
    let message_id = format!("{series}-{unique}@mail.example.com");
    let parent = parent.map(|parent| format!("{series}-{parent}@mail.example.com"));
    let subject =
        if parent.is_some() { format!("Re: Question {thread}") } else { format!("Question {thread}") };
    let mail = Incoming {
        from: &from,
        to: "support@example.com",
        subject: &subject,
        message_id: &message_id,
        in_reply_to: parent.as_deref(),
    };
    // No time in the mark: a duplicate has to be the same to the byte.
    write_mail(Mark { number: unique, at: 0 }, &mail, out);
}

/// Which mail the `number`-th post carries.
fn unique_of(number: u64) -> u64 {
    let before = number - number / PERIOD;
    if number % PERIOD == PERIOD - 1 { Chance::from_seed(number).within(0..before) } else { before }
}

/// How many different mails the first `count` posts carry.
fn uniques(count: u64) -> u64 {
    count - count / PERIOD
}

/// Thread of a mail, and the mail it answers: blocks of 256 openings, then three rounds of answers.
fn place_in_thread(unique: u64) -> (u64, Option<u64>) {
    let block = unique / (4 * THREADS_AT_A_TIME);
    let place = unique % (4 * THREADS_AT_A_TIME);
    let column = place % THREADS_AT_A_TIME;
    let opening = block * 4 * THREADS_AT_A_TIME + column;
    let thread = block * THREADS_AT_A_TIME + column;
    (thread, (place >= THREADS_AT_A_TIME).then_some(opening))
}

fn count_duplicates(told: Arc<AtomicU64>) -> Look {
    Arc::new(move |_, reply| {
        let text = String::from_utf8_lossy(reply.body);
        if text.replace(' ', "").contains("\"duplicate\":true") {
            told.fetch_add(1, Ordering::Relaxed);
        }
        None
    })
}

/// Seconds from `begun` until the journal holds nothing unprocessed.
pub async fn wait_until_processed(api: &Api, begun: u64) -> Result<f64> {
    let mut newest = String::new();
    let mut progress = watch::now();
    loop {
        let page = api.get("/v1/journal?state=received&limit=1").await?;
        let Some(waiting) = page["data"].as_array().and_then(|data| data.first()) else {
            return Ok(watch::seconds_since(begun));
        };
        let now = waiting["id"].as_str().unwrap_or_default();
        if now != newest {
            now.clone_into(&mut newest);
            progress = watch::now();
        }
        if watch::seconds_since(progress) > PATIENCE_SECONDS {
            bail!("the journal still holds unprocessed mail: {waiting}");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Missing, doubled and unexpected mails among the inbound messages.
async fn check_each_once(api: &Api, series: &str, expected: u64) -> Result<(u64, u64, u64)> {
    let mut seen = vec![0_u8; usize::try_from(expected)?];
    let mut strange = 0;
    api.walk("/v1/messages?direction=inbound", |message| {
        let number = message["rfc_message_id"].as_str().and_then(|id| number_in(id, series));
        match number.and_then(|number| seen.get_mut(usize::try_from(number).ok()?)) {
            Some(count) => *count = count.saturating_add(1),
            None => strange += 1,
        }
    })
    .await?;
    let missing = seen.iter().filter(|count| **count == 0).count() as u64;
    let doubled = seen.iter().map(|count| u64::from(count.saturating_sub(1))).sum();
    Ok((missing, doubled, strange))
}

fn number_in(message_id: &str, series: &str) -> Option<u64> {
    let rest = message_id.trim_start_matches('<').strip_prefix(series)?.strip_prefix('-')?;
    rest.split('@').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{number_in, place_in_thread, unique_of, uniques, write_series_mail};

    #[test]
    fn a_fifth_of_the_posts_repeats_an_earlier_mail() {
        let mails: Vec<u64> = (0..10).map(unique_of).collect();
        assert_eq!((mails[0], mails[3], mails[5], mails[8]), (0, 3, 4, 7));
        assert!(mails[4] < 4 && mails[9] < 8);
        assert_eq!(uniques(10), 8);
    }

    #[test]
    fn replies_name_the_opening_of_their_thread() {
        assert_eq!(place_in_thread(0), (0, None));
        assert_eq!(place_in_thread(256), (0, Some(0)));
        assert_eq!(place_in_thread(1_023), (255, Some(255)));
        assert_eq!(place_in_thread(1_024), (256, None));
        assert_eq!(place_in_thread(1_280), (256, Some(1_024)));
    }

    #[test]
    fn a_reply_has_the_headers_of_one() {
        let mut mail = String::new();
        write_series_mail("run", 300, &mut mail);
        assert!(mail.contains("In-Reply-To: <run-44@mail.example.com>\r\n"), "{mail}");
        assert!(mail.contains("Message-ID: <run-300@mail.example.com>\r\n"), "{mail}");
        assert_eq!(number_in("<run-300@mail.example.com>", "run"), Some(300));
        assert_eq!(number_in("other@mail.example.com", "run"), None);
    }
}
