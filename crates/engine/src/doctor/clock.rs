//! The clock: against the `Date` of whoever answered, the providers or a web server that the operator trusts. Signed
//! webhooks and requests to providers carry the time, and are refused when it is wrong.

use std::time::Duration;

use net::http::Request;

use super::Patient;
use super::report::{Area, Check, in_words};
use crate::accounts::provider_of;

/// A `Date` has whole seconds, and an answer takes its time.
const FINE: Duration = Duration::from_secs(15);
/// Vendors refuse from five minutes on.
const BAD: Duration = Duration::from_secs(120);
const FRESH: Duration = Duration::from_secs(600);
const PATIENCE: Duration = Duration::from_secs(10);
/// How many providers are asked when none has answered lately.
const ASKED: usize = 3;

pub(super) async fn look(patient: &Patient<'_>) -> Check {
    let (area, name) = (Area::Clock, "clock");
    let Some(reading) = reading(patient).await else {
        return Check::skipped(area, name, "offline: nobody told the time")
            .advising("Set clock_source to a web server that you trust, such as https://example.com.");
    };
    let off = Duration::from_secs(reading.seconds_behind.unsigned_abs());
    if off <= FINE {
        return Check::ok(area, name, format!("agrees with {}", reading.host));
    }
    let direction = if reading.seconds_behind > 0 { "behind" } else { "ahead of" };
    let detail = format!("{} {direction} the clock of {}", in_words(off), reading.host);
    let check =
        if off > BAD { Check::problem(area, name, detail) } else { Check::warning(area, name, detail) };
    check.advising("Let the machine set its clock from the network (NTP). Providers refuse requests, and signed webhooks are refused, when it is minutes wrong.")
}

async fn reading(patient: &Patient<'_>) -> Option<net::http::ClockReading> {
    let http = &patient.core.surroundings.http;
    if let Some(source) = &patient.core.options.doctor.clock_source {
        // Whatever the answer is, it has a date; an error of the network gives none.
        let _ = http.send(Request::get(source.clone(), PATIENCE)).await;
        let host = net::http::host_of(source)?;
        return http.clock_readings().into_iter().find(|reading| reading.host == host);
    }
    if let Some(reading) = newest(patient) {
        return Some(reading);
    }
    let over_http =
        patient.accounts.iter().filter(|account| account.enabled && account.provider != "smtp").take(ASKED);
    for account in over_http {
        if let Ok(provider) = provider_of(patient.core, account) {
            let _ = tokio::time::timeout(PATIENCE, provider.check()).await;
        }
        if let Some(reading) = newest(patient) {
            return Some(reading);
        }
    }
    None
}

fn newest(patient: &Patient<'_>) -> Option<net::http::ClockReading> {
    let readings = patient.core.surroundings.http.clock_readings().into_iter();
    readings.filter(|reading| patient.now().since(reading.at) < FRESH).max_by_key(|reading| reading.at)
}
