//! What SES says of the account, its identities and its configuration set.

use serde_json::json;

use super::super::http::Turn;
use super::{Shared, error, ok};

pub(super) fn account(shared: &Shared) -> Turn {
    ok(&json!({
        "DedicatedIpAutoWarmupEnabled": false,
        "EnforcementStatus": "HEALTHY",
        "ProductionAccessEnabled": true,
        "SendingEnabled": true,
        "SendQuota": { "Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": shared.taken.lock().len() },
    }))
}

pub(super) fn identity(shared: &Shared, name: &str) -> Turn {
    if name.replace("%40", "@") != shared.options.domain {
        return error(404, "NotFoundException", &format!("Email identity {name} does not exist."));
    }
    ok(&json!({
        "IdentityType": "DOMAIN",
        "VerifiedForSendingStatus": true,
        "DkimAttributes": { "SigningEnabled": true, "Status": "SUCCESS" },
    }))
}

pub(super) fn destinations(shared: &Shared, name: &str) -> Turn {
    if name != shared.options.configuration_set {
        return error(404, "NotFoundException", &format!("Configuration set <{name}> does not exist."));
    }
    ok(&json!({
        "EventDestinations": [{
            "Name": "chancery",
            "Enabled": true,
            "MatchingEventTypes": ["SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT", "DELIVERY_DELAY"],
            "SnsDestination": { "TopicArn": shared.topic() },
        }],
    }))
}
