//! Requests against the shapes of the official API model (`SendEmail` of boto/botocore, sesv2, Apache-2.0).

use domain::outgoing::Outgoing;
use serde_json::{Value, json};

use super::super::send;
use crate::samples;

/// Names what is not as the model has it.
fn compare(shapes: &Value, shape: &str, given: &Value, place: &str, wrong: &mut Vec<String>) {
    let spec = &shapes[shape];
    let mut fault = |words: &str| wrong.push(format!("{place}: {words}"));
    let (least, most) = (spec["min"].as_u64().unwrap_or(0), spec["max"].as_u64().unwrap_or(u64::MAX));
    match (spec["type"].as_str(), given) {
        (Some("structure"), Value::Object(members)) => {
            for required in spec["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !members.contains_key(required) {
                    fault(&format!("{required} is missing"));
                }
            }
            for (name, value) in members {
                match spec["members"][name].as_str() {
                    Some(shape) => compare(shapes, shape, value, &format!("{place}/{name}"), wrong),
                    None => wrong.push(format!("{place}/{name}: the model does not have it")),
                }
            }
        }
        (Some("list"), Value::Array(elements)) => {
            let shape = spec["member"].as_str().unwrap();
            for (number, element) in elements.iter().enumerate() {
                compare(shapes, shape, element, &format!("{place}/{number}"), wrong);
            }
        }
        (Some("string"), Value::String(text)) => {
            if !(least..=most).contains(&(text.chars().count() as u64)) {
                fault("its length is out of bounds");
            }
        }
        (Some("blob"), Value::String(text)) => {
            use base64::Engine as _;
            if base64::engine::general_purpose::STANDARD.decode(text).is_err() {
                fault("it is not base 64");
            }
        }
        (kind, _) => fault(&format!("expected {kind:?}")),
    }
}

fn faults(request: &Value) -> Vec<String> {
    let shapes: Value = serde_json::from_str(include_str!("../samples/send-email-spec.json")).unwrap();
    let mut wrong = Vec::new();
    compare(&shapes, "SendEmailRequest", request, "", &mut wrong);
    wrong
}

#[test]
fn a_request_holds_only_what_the_official_model_has() {
    let plain = Outgoing { cc: Vec::new(), bcc: Vec::new(), ..samples::message() };
    for (message, configuration_set) in [(samples::message(), Some("chancery")), (plain, None)] {
        let body = send::encode(&message, b"From: support@example.com\r\n\r\nHello\r\n", configuration_set);
        assert_eq!(faults(&serde_json::from_slice(&body).unwrap()), Vec::<String>::new());
    }
    let bad = json!({ "Destination": { "ToAddresses": "jane@example.com" }, "Teleport": true, "Content": { "Raw": {} } });
    assert_eq!(faults(&bad).len(), 3, "{:?}", faults(&bad));
}
