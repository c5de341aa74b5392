//! Who may speak: an HMAC over a time and a token, which come with the webhook and do not cover its body. Pure.
//! <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks>

use std::time::Duration;

use domain::clock::Timestamp;
use serde::Deserialize;

use crate::form;
use crate::provider::{RawRequest, Refused};
use crate::webhook::Secrets;

/// A vendor's clock may be this far ahead of ours.
const AHEAD: Duration = Duration::from_mins(15);

/// What is signed, and the signatures of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Signed {
    pub timestamp: String,
    pub token: String,
    /// Sub-accounts sign with their own key and with that of their parent.
    pub signatures: Vec<String>,
}

/// What is read of an event before it is believed.
#[derive(Deserialize)]
struct Envelope {
    signature: InJson,
}

#[derive(Deserialize)]
struct InJson {
    timestamp: String,
    token: String,
    signature: Option<String>,
    #[serde(rename = "parent-signature")]
    parent: Option<String>,
}

/// The signature of a webhook, wherever it stands: in JSON, or among the fields of a form.
pub(super) fn of(request: &RawRequest) -> Option<Signed> {
    if is_json(request) {
        let Envelope { signature } = serde_json::from_slice(&request.body).ok()?;
        return Some(Signed {
            timestamp: signature.timestamp,
            token: signature.token,
            signatures: [signature.signature, signature.parent].into_iter().flatten().collect(),
        });
    }
    let form = form::read(request).ok()?;
    // Headers of the mail are fields as well and may have these names; the signature comes last.
    let last = |name: &str| form.fields.iter().rev().find(|field| field.name == name).map(form::Field::text);
    Some(Signed {
        timestamp: last("timestamp")?,
        token: last("token")?,
        signatures: vec![last("signature")?],
    })
}

/// Events come as JSON, mails as forms.
pub(super) fn is_json(request: &RawRequest) -> bool {
    request.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

/// Whether the webhook is Mailgun's and young enough. That its token is used once only is seen to by the journal.
///
/// # Errors
/// 401 for what somebody may mend here; 406 for what will never be right, so that it does not come again.
pub(super) fn verify(
    request: &RawRequest,
    keys: &Secrets,
    now: Timestamp,
    window: Duration,
) -> Result<(), Refused> {
    if keys.is_empty() {
        return Err(Refused::unauthorized("the account has no webhook signing key"));
    }
    let signed = of(request).ok_or(Refused::unauthorized("the webhook is not signed"))?;
    if signed.token.is_empty() || !fits(&signed, keys) {
        return Err(Refused::unauthorized(
            "the webhook's signature is not made with the account's signing key",
        ));
    }
    let seconds: i64 =
        signed.timestamp.parse().map_err(|_| Refused::unacceptable("the webhook's time is not a number"))?;
    let at = Timestamp::from_micros(seconds.saturating_mul(1_000_000));
    if at.since(now) > AHEAD {
        return Err(Refused::unauthorized("the webhook is from the future: one of the clocks is wrong"));
    }
    if now.since(at) > window {
        return Err(Refused::unacceptable("the webhook is older than the replay window"));
    }
    Ok(())
}

fn fits(signed: &Signed, keys: &Secrets) -> bool {
    let message = format!("{}{}", signed.timestamp, signed.token);
    keys.any(|key| {
        let right = net::signature::hex(&net::signature::hmac_sha256(key.as_bytes(), message.as_bytes()));
        signed
            .signatures
            .iter()
            .fold(false, |found, given| net::signature::equal(given.as_bytes(), right.as_bytes()) | found)
    })
}

#[cfg(test)]
mod tests {
    use domain::secret::Secret;

    use super::*;

    const KEY: &str = "key-3ax6xnjp29jd6fds4gc373sgvjxteol0";
    const TOKEN: &str = "5egbgr1vjgqxtrnp65xfznchgdccwh5d6i09vijqi3whgowmn6";
    const RIGHT: &str = "9cfc5c41582e51246e73c88d34db3af0a3a2692a76fbab81492842f000256d33";

    fn keys(keys: &[&str]) -> Secrets {
        Secrets::of(keys.iter().map(|key| Some(Secret::new((*key).to_owned()))))
    }

    fn json(timestamp: &str, token: &str, signature: &str) -> RawRequest {
        let body = serde_json::json!({
            "signature": { "timestamp": timestamp, "token": token, "signature": signature },
            "event-data": { "event": "opened" },
        });
        RawRequest { body: body.to_string().into(), ..RawRequest::default() }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn published_signatures_fit_and_others_do_not() {
        // mailgun/mailgun-php, tests/Api/WebhookTest.php; the third was computed for these tests.
        let window = Duration::from_hours(12);
        let verify = |key: &str, timestamp: &str, token: &str, signature: &str| {
            verify(&json(timestamp, token, signature), &keys(&[key]), at(timestamp.parse().unwrap()), window)
        };
        assert!(verify(KEY, "1403645220", TOKEN, RIGHT).is_ok());
        let others = "owyldpe6nxhmrn78epljl6bj0orrki1u3d2v5e6cnlmmuox8jr";
        assert!(verify(KEY, "1403645220", others, RIGHT).is_err());
        assert!(
            verify(
                "TEST_WEBHOOK_SIGNING_KEY",
                "1534108637",
                "651869375b9df3c98fc15c4889b102119add1235c38fc92824",
                "2a75affe24846ead9e37e614a5e7643a04abf4d5b49b34d224ede9af23a00ccc"
            )
            .is_ok()
        );
        for (key, timestamp, token, signature) in [
            ("another-key", "1403645220", TOKEN, RIGHT),
            (KEY, "1403645221", TOKEN, RIGHT),
            (KEY, "1403645220", TOKEN, ""),
            (KEY, "1403645220", "", RIGHT),
            // What is signed is one text: a part of the token in the time is the same text and another time.
            (KEY, "14036452205", &TOKEN[1..], RIGHT),
        ] {
            let refused = verify(key, timestamp, token, signature);
            let same_text = format!("{timestamp}{token}") == format!("1403645220{TOKEN}") && key == KEY;
            assert_eq!(refused.is_err(), !same_text || signature.is_empty(), "{timestamp} {token}");
        }
    }

    #[test]
    fn a_time_that_borrowed_from_the_token_is_from_the_future() {
        let window = Duration::from_hours(12);
        let moved = json("14036452205", &TOKEN[1..], RIGHT);
        assert!(verify(&moved, &keys(&[KEY]), at(1_403_645_220), window).is_err());
    }

    #[test]
    fn old_keys_parents_and_forms_are_right() {
        let (now, window) = (at(1_403_645_220), Duration::from_hours(12));
        assert!(verify(&json("1403645220", TOKEN, RIGHT), &keys(&["new", KEY]), now, window).is_ok());
        let mut parent = json("1403645220", TOKEN, "0000");
        let body = String::from_utf8_lossy(&parent.body)
            .replace("\"token\"", &format!("\"parent-signature\":\"{RIGHT}\",\"token\""));
        parent.body = body.into();
        assert!(verify(&parent, &keys(&[KEY]), now, window).is_ok());
        let form = RawRequest {
            headers: vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())],
            body: format!("token=forged&signature=x&timestamp=1403645220&token={TOKEN}&signature={RIGHT}")
                .into(),
            ..RawRequest::default()
        };
        assert!(verify(&form, &keys(&[KEY]), now, window).is_ok());
        assert_eq!(of(&form).unwrap().token, TOKEN);
    }

    #[test]
    fn the_window_is_closed_on_both_sides() {
        use crate::provider::Refusal;
        let window = Duration::from_hours(12);
        let answer = |now: i64| {
            verify(&json("1403645220", TOKEN, RIGHT), &keys(&[KEY]), at(now), window)
                .err()
                .map(|refused| refused.answer)
        };
        assert_eq!(answer(1_403_645_220 + 43_200), None);
        assert_eq!(answer(1_403_645_220 + 43_201), Some(Refusal::Unacceptable));
        assert_eq!(answer(1_403_645_220 - 900), None);
        assert_eq!(answer(1_403_645_220 - 901), Some(Refusal::Unauthorized));
        let unsigned = RawRequest { body: "{}".into(), ..RawRequest::default() };
        assert_eq!(
            verify(&unsigned, &keys(&[KEY]), at(0), window).err().map(|refused| refused.answer),
            Some(Refusal::Unauthorized)
        );
        assert!(
            verify(&json("1403645220", TOKEN, RIGHT), &Secrets::default(), at(1_403_645_220), window)
                .is_err()
        );
    }
}
