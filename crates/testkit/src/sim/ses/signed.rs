//! Whether a request is signed as AWS wants it, judged by what came over the wire.

use domain::clock::Timestamp;
use net::signature::aws::{self, Signed, Signer};

use super::super::http::{Request, Turn};
use super::{Options, error};

/// How far the clock of a request may be off, in microseconds.
const SKEW: u64 = 5 * 60 * 1_000_000;

pub(super) fn check(options: &Options, request: &Request) -> Result<(), Turn> {
    let refused = |exception, words: &str| Err(error(403, exception, words));
    let Some(given) = request.header("authorization") else {
        return refused("MissingAuthenticationTokenException", "Missing Authentication Token");
    };
    let date = request.header("x-amz-date").unwrap_or_default();
    let field = |name: &str| {
        let after = given.split_once(&format!("{name}="))?.1;
        after.split([',', ' ']).next()
    };
    let credential: Vec<&str> = field("Credential").unwrap_or_default().split('/').collect();
    let [access_key_id, day, region, service, "aws4_request"] = credential.as_slice() else {
        return refused("IncompleteSignatureException", "The credential has no scope.");
    };
    if *access_key_id != options.access_key_id {
        return refused(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        );
    }
    if *service != "ses" || *region != options.region || !date.starts_with(day) {
        return refused(
            "InvalidSignatureException",
            "Credential should be scoped to the correct region and service.",
        );
    }
    if instant(date).is_none_or(|at| at.micros().abs_diff(options.clock.now().micros()) > SKEW) {
        return refused("InvalidSignatureException", "Signature expired.");
    }
    let names: Vec<&str> = field("SignedHeaders").unwrap_or_default().split(';').collect();
    let must = ["host", "x-amz-date", "content-type", "x-amz-security-token"];
    let unsigned = must.iter().find(|name| request.header(name).is_some() && !names.contains(*name));
    if let Some(name) = unsigned {
        return refused("InvalidSignatureException", &format!("The header {name} must be signed."));
    }
    let headers: Vec<(&str, &str)> =
        names.iter().map(|name| (*name, request.header(name).unwrap_or_default())).collect();
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let signed = Signed { method: &request.method, path, headers: &headers, body: &request.body };
    let signer = Signer { access_key_id, secret_access_key: &options.secret_access_key, region, service };
    if query.is_empty() && aws::authorization(signer, &signed, date) == given {
        Ok(())
    } else {
        refused(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided.",
        )
    }
}

/// `20150830T123600Z`.
fn instant(date: &str) -> Option<Timestamp> {
    let (day, time) = date.strip_suffix('Z')?.split_once('T')?;
    let part = |text: &str, from: usize, to: usize| text.get(from..to).map(str::to_owned);
    format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(day, 0, 4)?,
        part(day, 4, 6)?,
        part(day, 6, 8)?,
        part(time, 0, 2)?,
        part(time, 2, 4)?,
        part(time, 4, 6)?
    )
    .parse()
    .ok()
}
