//! The settings of an Amazon SES account.

use std::time::Duration;

use domain::address::Mailbox;
use domain::invalid::{Faults, Invalid};
use domain::secret::Secret;

use crate::settings;

const DEFAULT_TIMEOUT_SECONDS: u16 = 30;

/// A key of IAM, a region, and the topics that may speak.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
pub(super) struct SesSettings {
    /// The AWS region in which the sender is verified, for example `eu-central-1`.
    #[schemars(title = "Region", extend("x-order" = 1))]
    pub region: String,
    /// The access key id of an IAM user that may do `ses:SendRawEmail`, `ses:SendEmail`, `ses:GetAccount`,
    /// `ses:GetEmailIdentity` and `ses:GetConfigurationSetEventDestinations`.
    #[schemars(title = "Access key id", extend("x-order" = 2))]
    pub access_key_id: Secret,
    /// The secret that belongs to the access key id.
    #[schemars(title = "Secret access key", extend("x-order" = 3))]
    pub secret_access_key: Secret,
    /// The sender of messages that name none, for example `Support <support@example.com>`. The address or its domain
    /// must be verified in SES.
    #[schemars(title = "Sender", extend("x-order" = 4))]
    pub from: Option<String>,
    /// The configuration set through which messages are sent. Without one SES publishes no delivery events.
    #[schemars(title = "Configuration set", extend("x-order" = 5))]
    pub configuration_set: Option<String>,
    /// The SNS topics that may speak to the webhook, as ARNs, with commas between them. Anybody can make a topic, so
    /// without this setting every webhook is refused.
    #[schemars(title = "SNS topics", extend("x-order" = 6))]
    pub topic_arns: Option<String>,
    /// Takes messages of subscriptions with raw message delivery. These carry no signature: the secret in the
    /// webhook's URL is then all that proves where they come from.
    #[schemars(title = "Accept raw message delivery", extend("x-order" = 7), default = "refused")]
    pub accept_raw_delivery: Option<bool>,
    /// The third part of temporary credentials. They expire; an IAM user's own key does not have it.
    #[schemars(title = "Session token", extend("x-order" = 8))]
    pub session_token: Option<Secret>,
    /// Where the API is, when not at `https://email.<region>.amazonaws.com`: a FIPS or dual-stack endpoint.
    #[schemars(title = "Base URL", extend("x-order" = 9))]
    pub base_url: Option<String>,
    /// Where a simulated SNS on this machine is. Real topics are believed only from `sns.<region>.amazonaws.com`.
    #[schemars(title = "Simulated SNS", extend("x-order" = 10))]
    pub sns_url: Option<String>,
    /// How long to wait for an answer, in seconds. Past it nobody knows whether the message was taken.
    #[schemars(title = "Time-out", extend("x-order" = 11), range(min = 1, max = 300), default = "default_timeout")]
    pub timeout_seconds: Option<u16>,
    /// Whether the account has message insights (Virtual Deliverability Manager). With it SES is asked for deliveries and
    /// bounces that SNS did not hand over, for which the policy needs `ses:GetMessageInsights`.
    #[schemars(title = "Message insights", extend("x-order" = 12), default = "no_insights")]
    pub message_insights: Option<bool>,
}

fn no_insights() -> Option<bool> {
    Some(false)
}

fn refused() -> Option<bool> {
    Some(false)
}

fn default_timeout() -> Option<u16> {
    Some(DEFAULT_TIMEOUT_SECONDS)
}

/// The settings, read and found good.
pub(super) struct Account {
    pub region: String,
    pub access_key_id: Secret,
    pub secret_access_key: Secret,
    pub session_token: Option<Secret>,
    pub from: Option<Mailbox>,
    pub configuration_set: Option<String>,
    pub topics: Vec<String>,
    pub accepts_raw: bool,
    /// Without a slash at the end.
    pub base_url: String,
    /// The origin of a simulated SNS.
    pub sns_url: Option<String>,
    pub timeout: Duration,
    pub message_insights: bool,
}

/// Reads the settings.
///
/// # Errors
/// Every fault with its pointer.
pub(super) fn read(given: serde_json::Value) -> Result<Account, Invalid> {
    let read: SesSettings = settings::read(given)?;
    settings::sender(read.from.as_deref())?;
    let mut faults = Faults::default();
    if !is_region(&read.region) {
        faults.note("/settings/region", "expected a region such as eu-central-1");
    }
    for (pointer, secret) in [
        ("/settings/access_key_id", Some(&read.access_key_id)),
        ("/settings/secret_access_key", Some(&read.secret_access_key)),
        ("/settings/session_token", read.session_token.as_ref()),
    ] {
        if secret.is_some_and(|secret| !secret.reveal().bytes().all(|byte| byte.is_ascii_graphic())) {
            faults.note(pointer, "expected the characters that AWS shows, without spaces");
        }
    }
    if read.configuration_set.as_deref().is_some_and(|name| !is_name(name)) {
        faults.note("/settings/configuration_set", "expected letters, digits, - and _ only");
    }
    let topics = topics(read.topic_arns.as_deref().unwrap_or_default());
    let topics = faults.take("/settings/topic_arns", topics);
    let base_url = read.base_url.unwrap_or_else(|| endpoint(&read.region));
    let base_url = faults.take("/settings/base_url", settings::base_url(&base_url));
    let sns_url = read.sns_url.as_deref().map(simulated).transpose();
    let sns_url = faults.take("/settings/sns_url", sns_url).flatten();
    faults.finish()?;
    Ok(Account {
        region: read.region,
        access_key_id: read.access_key_id,
        secret_access_key: read.secret_access_key,
        session_token: read.session_token,
        from: read.from.and_then(|from| from.parse().ok()),
        configuration_set: read.configuration_set,
        topics: topics.unwrap_or_default(),
        accepts_raw: read.accept_raw_delivery.unwrap_or(false),
        base_url: base_url.unwrap_or_default(),
        sns_url,
        timeout: Duration::from_secs(u64::from(read.timeout_seconds.unwrap_or(DEFAULT_TIMEOUT_SECONDS))),
        message_insights: read.message_insights.unwrap_or(false),
    })
}

fn endpoint(region: &str) -> String {
    let ending = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://email.{region}.amazonaws.com{ending}")
}

/// Letters, digits and hyphens: it becomes part of a host's name.
pub(super) fn is_region(text: &str) -> bool {
    text.len() >= 3
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// What SES allows in names and values of tags and in names of configuration sets.
fn is_name(text: &str) -> bool {
    text.len() <= 256 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn topics(listed: &str) -> Result<Vec<String>, &'static str> {
    let named = listed.split([',', ' ', '\n']).map(str::trim).filter(|arn| !arn.is_empty());
    named
        .map(|arn| {
            let parts: Vec<&str> = arn.split(':').collect();
            match parts.as_slice() {
                ["arn", partition, "sns", region, account, name]
                    if partition.starts_with("aws")
                        && is_region(region)
                        && account.bytes().all(|byte| byte.is_ascii_digit())
                        && !name.is_empty() =>
                {
                    Ok(arn.to_owned())
                }
                _ => Err("expected topics such as arn:aws:sns:eu-central-1:123456789012:chancery"),
            }
        })
        .collect()
}

/// The origin of a simulated SNS, which is on this machine and nowhere else.
fn simulated(url: &str) -> Result<String, &'static str> {
    const EXPECTED: &str =
        "expected http:// and a loopback address with its port, such as http://127.0.0.1:4100";
    let origin = settings::base_url(url).map_err(|_| EXPECTED)?;
    let has_path = origin.strip_prefix("http://").is_none_or(|rest| rest.contains(['/', '@']));
    if has_path { Err(EXPECTED) } else { Ok(origin) }
}
