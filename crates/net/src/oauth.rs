//! Fresh access tokens from a refresh token (RFC 6749 section 6). One request, never repeated here.

use std::time::Duration;

use bytes::Bytes;
use domain::secret::Secret;
use serde::Deserialize;

use crate::http::{Client, Request};

/// Where tokens come from, and for whom.
#[derive(Debug, Clone)]
pub struct OAuth {
    pub token_url: String,
    pub client_id: String,
    /// None for public clients.
    pub client_secret: Option<Secret>,
    pub refresh_token: Secret,
}

/// What the server gave.
#[derive(Debug, Clone)]
pub struct Granted {
    pub access_token: Secret,
    /// How long it is good for; an hour where the server does not say.
    pub expires_in: Duration,
    /// A new refresh token that replaces the old one.
    pub refresh_token: Option<Secret>,
}

/// Why there is no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OAuthFault {
    /// It may work later.
    #[error("{0}")]
    Unreachable(String),
    /// The grant or the client is not accepted: a person must sign in again or mend the settings.
    #[error("{0}")]
    Refused(String),
}

#[derive(Deserialize)]
struct Answer {
    access_token: Option<Secret>,
    expires_in: Option<Number>,
    refresh_token: Option<Secret>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Some servers write the number as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Digits(u64),
    Text(String),
}

const TIMEOUT: Duration = Duration::from_secs(30);
const USUAL: Duration = Duration::from_hours(1);
const MAX_TEXT: usize = 300;

impl OAuth {
    /// Asks for a fresh access token.
    ///
    /// # Errors
    /// Says whether a person must act. Words never hold a token.
    pub async fn refresh(&self, http: &Client) -> Result<Granted, OAuthFault> {
        let answer = http
            .send(self.request())
            .await
            .map_err(|error| OAuthFault::Unreachable(format!("no access token: {error}")))?;
        read(answer.status.as_u16(), &answer.body)
    }

    fn request(&self) -> Request {
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", self.refresh_token.reveal().as_str()),
            ("client_id", self.client_id.as_str()),
        ];
        if let Some(secret) = &self.client_secret {
            form.push(("client_secret", secret.reveal().as_str()));
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut request = Request::post_json(self.token_url.clone(), Bytes::from(body), TIMEOUT);
        let form = http::HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers.insert(http::header::CONTENT_TYPE, form);
        request
    }
}

fn read(status: u16, body: &[u8]) -> Result<Granted, OAuthFault> {
    let Ok(answer) = serde_json::from_slice::<Answer>(body) else {
        return Err(OAuthFault::Unreachable(format!("the token server answered {status} and no JSON")));
    };
    if let Some(error) = answer.error {
        let mut words = format!("the token server says {}", shown(&error));
        if let Some(description) = answer.error_description {
            words.push_str(&format!(": {}", shown(&description)));
        }
        // These say that the server has a bad moment (RFC 6749 section 4.1.2.1); all others need a person.
        let passes = matches!(error.as_str(), "temporarily_unavailable" | "server_error" | "slow_down");
        return Err(if passes || status >= 500 || status == 429 {
            OAuthFault::Unreachable(words)
        } else {
            OAuthFault::Refused(words)
        });
    }
    match answer.access_token {
        Some(access_token) if (200..300).contains(&status) => {
            let seconds = match answer.expires_in {
                Some(Number::Digits(seconds)) => Some(seconds),
                Some(Number::Text(text)) => text.parse().ok(),
                None => None,
            };
            let expires_in = seconds.map_or(USUAL, Duration::from_secs);
            let refresh_token = answer.refresh_token.filter(|token| !token.reveal().is_empty());
            Ok(Granted { access_token, expires_in, refresh_token })
        }
        _ => Err(OAuthFault::Unreachable(format!("the token server answered {status} and no token"))),
    }
}

fn shown(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let good = read(200, br#"{"access_token":"a","expires_in":"3599","refresh_token":"r2"}"#).unwrap();
        assert_eq!(good.access_token.reveal(), "a");
        assert_eq!(good.expires_in, Duration::from_secs(3599));
        assert_eq!(good.refresh_token.unwrap().reveal(), "r2");
        let lean = read(200, br#"{"access_token":"a","refresh_token":""}"#).unwrap();
        assert!(lean.refresh_token.is_none() && lean.expires_in == USUAL);
        let refused =
            read(400, br#"{"error":"invalid_grant","error_description":"Token has been revoked."}"#);
        assert_eq!(
            refused.unwrap_err(),
            OAuthFault::Refused("the token server says invalid_grant: Token has been revoked.".to_owned())
        );
        for (status, body) in [
            (500, &b"oops"[..]),
            (503, br#"{"error":"server_error"}"#),
            (200, b"{}"),
            (429, br#"{"error":"x"}"#),
        ] {
            assert!(matches!(read(status, body), Err(OAuthFault::Unreachable(_))), "{status}");
        }
    }
}
