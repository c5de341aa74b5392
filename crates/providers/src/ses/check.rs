//! What can be asked without sending: the account, the sender's identity, where events go. Pure.

use net::check::CheckStep;
use net::http::Response;
use serde_json::Value;

use super::failures;

pub(super) const ACCOUNT_PATH: &str = "/v2/email/account";

fn json(answer: &Response) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
}

fn refused(name: &str, answer: &Response) -> CheckStep {
    let told = failures::told(answer);
    let exception = told.exception.map(|exception| format!("{exception}: ")).unwrap_or_default();
    CheckStep::failed(name, format!("{exception}{}", told.detail))
}

/// From the answer of `GetAccount`.
pub(super) fn account(answer: &Response) -> Vec<CheckStep> {
    let mut steps = vec![CheckStep::passed("connect", "SES answered")];
    if answer.status != http::StatusCode::OK {
        steps.push(refused("credentials", answer));
        return steps;
    }
    steps.push(CheckStep::passed("credentials", "the access key is accepted"));
    let account = json(answer);
    let text = |name: &str| account.get(name).and_then(Value::as_str).unwrap_or_default();
    let is_on = |name: &str| account.get(name).and_then(Value::as_bool).unwrap_or(false);
    let status = text("EnforcementStatus");
    if !is_on("SendingEnabled") || status == "SHUTDOWN" {
        steps.push(CheckStep::failed(
            "sending",
            "AWS has switched sending off for this account in this region",
        ));
    } else if is_on("ProductionAccessEnabled") {
        let standing = if status.is_empty() { "HEALTHY" } else { status };
        steps.push(CheckStep::passed(
            "sending",
            format!("sending is on, the account's standing is {standing}"),
        ));
    } else {
        let words = "sending is on, in the sandbox of SES: only verified addresses can be written to";
        steps.push(CheckStep::passed("sending", words));
    }
    if let Some(quota) = account.get("SendQuota") {
        let number = |name: &str| quota.get(name).and_then(Value::as_f64).unwrap_or(0.0);
        let words = format!(
            "{} of {} messages sent in the last 24 hours, at most {} a second",
            number("SentLast24Hours"),
            number("Max24HourSend"),
            number("MaxSendRate")
        );
        steps.push(CheckStep::passed("quota", words));
    }
    steps
}

/// From the answer of `GetEmailIdentity`. Nothing when there is no such identity.
pub(super) fn identity(name: &str, answer: &Response) -> Option<CheckStep> {
    match answer.status.as_u16() {
        200 if json(answer).get("VerifiedForSendingStatus") == Some(&Value::Bool(true)) => {
            Some(CheckStep::passed("sender", format!("{name} is verified")))
        }
        200 => Some(CheckStep::failed("sender", format!("{name} is not verified for sending yet"))),
        404 => None,
        _ => Some(refused("sender", answer)),
    }
}

/// From the answer of `GetConfigurationSetEventDestinations`.
pub(super) fn events(configuration_set: &str, topics: &[String], answer: &Response) -> CheckStep {
    if answer.status != http::StatusCode::OK {
        return refused("events", answer);
    }
    let root = json(answer);
    let destinations = root.get("EventDestinations").and_then(Value::as_array).into_iter().flatten();
    let reaches_us = destinations
        .filter(|destination| destination.get("Enabled") == Some(&Value::Bool(true)))
        .filter_map(|destination| destination.pointer("/SnsDestination/TopicArn")?.as_str())
        .any(|arn| topics.iter().any(|topic| topic == arn));
    if reaches_us {
        CheckStep::passed("events", format!("{configuration_set} publishes to the SNS topic of this account"))
    } else {
        let words = format!("{configuration_set} publishes to none of the SNS topics in topic_arns");
        CheckStep::failed("events", words)
    }
}
