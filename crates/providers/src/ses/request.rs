//! Requests to SES, signed. Pure.

use domain::clock::Timestamp;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use net::http::{Request, Stage, TransportError};
use net::signature::aws::{self, Signed, Signer};

use super::config::Account;
pub(super) use crate::answer::path_part as part;

/// A request with the signature that SES asks for. `path` is percent-encoded and has no query.
///
/// # Errors
/// When a credential holds characters that no header may hold.
pub(super) fn signed(
    account: &Account,
    method: Method,
    path: &str,
    body: Vec<u8>,
    now: Timestamp,
) -> Result<Request, TransportError> {
    let url = format!("{}{path}", account.base_url);
    let uri: Uri = url.parse().map_err(|_| not_sent("the base URL is not valid"))?;
    let (host, date) = (host(&uri), aws::amz_date(now));
    let mut named = vec![("host", host.as_str()), ("x-amz-date", date.as_str())];
    if !body.is_empty() {
        named.push(("content-type", "application/json"));
    }
    if let Some(token) = &account.session_token {
        named.push(("x-amz-security-token", token.reveal()));
    }
    let signer = Signer {
        access_key_id: account.access_key_id.reveal(),
        secret_access_key: account.secret_access_key.reveal(),
        region: &account.region,
        // The endpoint is called `email`, and the service signs as `ses`.
        service: "ses",
    };
    let request = Signed { method: method.as_str(), path: uri.path(), headers: &named, body: &body };
    let authorization = aws::authorization(signer, &request, &date);
    let mut headers = HeaderMap::with_capacity(4);
    for (name, value) in named.into_iter().chain([("authorization", authorization.as_str())]) {
        // The client writes the host itself.
        if name != "host" {
            headers.insert(HeaderName::from_static(name), header(value)?);
        }
    }
    Ok(Request { method, url, headers, body: body.into(), timeout: account.timeout })
}

/// As the client writes it: without the port that is the scheme's own.
fn host(uri: &Uri) -> String {
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    match (uri.port_u16(), uri.scheme_str()) {
        (None, _) | (Some(443), Some("https")) | (Some(80), Some("http")) => host,
        (Some(port), _) => format!("{host}:{port}"),
    }
}

fn header(value: &str) -> Result<HeaderValue, TransportError> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| not_sent("the credentials hold characters that no header may hold"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn not_sent(detail: &str) -> TransportError {
    TransportError { stage: Stage::NotSent, detail: detail.to_owned() }
}
