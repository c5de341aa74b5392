//! One run as one line of JSON, stamped with the state of the machine it was measured on.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::histogram::Histogram;
use crate::surroundings::Surroundings;

#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    pub scenario: String,
    pub commit: String,
    /// `sqlite`, `postgresql`, or `-` where there is none.
    pub database: String,
    pub round: u32,
    pub n: u64,
    /// Everything that went wrong: refused, lost, twice, unreadable.
    pub bad: u64,
    /// Per second; absent when an acknowledged message was lost.
    pub rate: Option<f64>,
    pub seconds: f64,
    pub p50_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    pub max_ms: Option<f64>,
    /// CPU microseconds per unit, over the whole stack that was measured.
    pub cpu_us: Option<f64>,
    pub rss_mib: Option<f64>,
    pub pss_mib: Option<f64>,
    pub load: f64,
    pub flush_p50_us: f64,
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl Figures {
    pub fn new(scenario: &str, database: &str, round: u32, before: &Surroundings) -> Self {
        Self {
            scenario: scenario.to_owned(),
            commit: before.commit.clone(),
            database: database.to_owned(),
            round,
            n: 0,
            bad: 0,
            rate: None,
            seconds: 0.0,
            p50_ms: None,
            p99_ms: None,
            max_ms: None,
            cpu_us: None,
            rss_mib: None,
            pss_mib: None,
            load: before.load,
            flush_p50_us: before.flush_p50_us,
            more: Map::new(),
        }
    }

    /// `units` done in `seconds`.
    pub fn work(mut self, units: u64, seconds: f64) -> Self {
        self.n = units;
        self.seconds = rounded(seconds);
        self.rate = (seconds > 0.0).then(|| rounded(units as f64 / seconds));
        self
    }

    pub fn latency(mut self, latency: &Histogram) -> Self {
        self.p50_ms = latency.percentile_ms(0.5);
        self.p99_ms = latency.percentile_ms(0.99);
        self.max_ms = latency.max_ms();
        self
    }

    /// CPU seconds of the stack, shared out over `units`.
    pub fn cpu(mut self, cpu_seconds: f64, units: u64) -> Self {
        self.cpu_us = (units > 0).then(|| rounded(cpu_seconds * 1e6 / units as f64));
        self
    }

    /// An extra figure, for this scenario only.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// A scenario that lost an acknowledged message has no speed.
    pub fn lost(mut self, lost: u64) -> Self {
        if lost > 0 {
            self.rate = None;
        }
        self.with("lost", lost)
    }

    /// The line for people.
    pub fn sentence(&self) -> String {
        let mut words = format!("{:<16} round {}: ", self.scenario, self.round);
        match self.rate {
            Some(rate) => words.push_str(&format!("{rate:.0}/s, ")),
            None => words.push_str("no rate, "),
        }
        words.push_str(&format!("n {}, bad {}", self.n, self.bad));
        for (name, value, unit) in [
            ("p50", self.p50_ms, "ms"),
            ("p99", self.p99_ms, "ms"),
            ("max", self.max_ms, "ms"),
            ("cpu", self.cpu_us, "µs"),
            ("rss", self.rss_mib, "MiB"),
        ] {
            if let Some(value) = value {
                words.push_str(&format!(", {name} {value:.1} {unit}"));
            }
        }
        for (name, value) in &self.more {
            words.push_str(&format!(", {name} {value}"));
        }
        words.push_str(&format!("  [load {:.1}, flush {:.0} µs]", self.load, self.flush_p50_us));
        words
    }
}

/// Three decimals are enough for every figure here.
pub fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
