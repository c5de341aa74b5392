//! compare-postfix: the product, Postfix and the yardsticks in turn, round by round; what counts is
//! the ratio within a round, because the machine changes from one to the next.

use anyhow::Result;
use serde_json::{Value, json};

use super::postfix;
use crate::figures::{Figures, rounded};
use crate::output::{self, say};
use crate::scenario::deliver_smtp;
use crate::settings::Settings;
use crate::yardstick::{fsync, group_commit, smtp_raw};

pub async fn run(settings: &Settings, options: &deliver_smtp::Options) -> Result<()> {
    let mut rounds = Vec::new();
    for round in 1..=settings.rounds {
        rounds.push(one_round(settings, options, round).await?);
    }
    let wall = ratios(&rounds, |round| Some(round.product.rate? / round.peer.rate?));
    let cpu = ratios(&rounds, |round| Some(round.peer.cpu_us? / round.product.cpu_us?));
    let raw = ratios(&rounds, |round| Some(round.product.rate? / round.raw.rate?));
    let commit = ratios(&rounds, |round| Some(round.product.rate? / round.commit.rate?));
    let rates = ratios(&rounds, |round| round.product.rate);
    let peer_rates = ratios(&rounds, |round| round.peer.rate);
    let bad: u64 = rounds.iter().map(|round| round.product.bad + round.peer.bad).sum();
    output::line(&json!({
        "scenario": "compare-postfix",
        "rounds": rounds.len(),
        "bad": bad,
        "product_rate": rates,
        "postfix_rate": peer_rates,
        "wall_ratio": wall,
        "cpu_ratio": cpu,
        "of_smtp_raw": raw,
        "of_group_commit": commit,
    }));
    say(&format!(
        "compare-postfix: {} times Postfix by the wall clock, {} times by CPU per message; {} of raw SMTP, {} of group commit",
        words(&wall),
        words(&cpu),
        words(&raw),
        words(&commit)
    ));
    Ok(())
}

struct Round {
    raw: Figures,
    commit: Figures,
    product: Figures,
    peer: Figures,
}

async fn one_round(settings: &Settings, options: &deliver_smtp::Options, round: u32) -> Result<Round> {
    // The number given is the product's; yardsticks and Postfix have sizes of their own.
    let own_sizes = Settings { n: None, clients: None, ..settings.clone() };
    let flushes = fsync::run(&own_sizes, round)?;
    output::figures(&flushes);
    let raw = smtp_raw::run(&own_sizes, round).await?;
    output::figures(&raw);
    let commit = tokio::task::block_in_place(|| group_commit::run(&own_sizes, round))?;
    output::figures(&commit);
    let product = deliver_smtp::run(settings, options, round).await?;
    output::figures(&product);
    let peer = postfix::run(&own_sizes, &postfix::Options::default(), round).await?;
    output::figures(&peer);
    Ok(Round { raw, commit, product, peer })
}

/// Median and range over the rounds that have the figure.
fn ratios(rounds: &[Round], of: impl Fn(&Round) -> Option<f64>) -> Value {
    spread(rounds.iter().filter_map(of).collect())
}

fn spread(mut values: Vec<f64>) -> Value {
    values.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (values.first(), values.last()) else { return Value::Null };
    let middle = values.len() / 2;
    let median = if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    };
    json!({"median": rounded(median), "min": rounded(*least), "max": rounded(*most)})
}

fn words(spread: &Value) -> String {
    match (spread["median"].as_f64(), spread["min"].as_f64(), spread["max"].as_f64()) {
        (Some(median), Some(least), Some(most)) => format!("{median:.2} ({least:.2}–{most:.2})"),
        _ => "no figure".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{spread, words};

    #[test]
    fn the_median_stands_between_the_extremes() {
        let odd = spread(vec![3.0, 1.0, 2.0]);
        assert_eq!(words(&odd), "2.00 (1.00–3.00)");
        assert_eq!(spread(vec![1.0, 2.0])["median"], 1.5);
        assert_eq!(words(&spread(Vec::new())), "no figure");
    }
}
