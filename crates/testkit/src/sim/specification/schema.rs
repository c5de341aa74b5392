//! The part of JSON Schema that vendors' descriptions use: names what in a value is not as a schema has it. Pure.

use serde_json::Value;

/// Adds what is wrong with a value to the list. `beside` names the places that are not held against the schema.
pub(super) fn compare(value: &Value, schema: &Value, at: &str, beside: &[String], wrong: &mut Vec<String>) {
    if beside.iter().any(|place| place == at) {
        return;
    }
    if let Some(choices) = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
        let of_choice = |choice: &Value| {
            let mut wrong = Vec::new();
            compare(value, choice, at, beside, &mut wrong);
            wrong
        };
        // What is wrong with the choice that comes closest says more than that there is none.
        let closest = choices.iter().map(of_choice).min_by_key(Vec::len);
        return wrong.extend(closest.unwrap_or_default());
    }
    if !is_of_type(value, &schema["type"]) {
        return wrong.push(format!("{at}: expected {}", schema["type"]));
    }
    match value {
        Value::Object(fields) => compare_fields(fields, schema, at, beside, wrong),
        Value::Array(items) => {
            for item in items {
                compare(item, &schema["items"], &format!("{at}/*"), beside, wrong);
            }
        }
        Value::String(text) => compare_words(text, schema, at, wrong),
        Value::Number(number) => compare_size(number.as_f64(), schema, at, wrong),
        Value::Null | Value::Bool(_) => {}
    }
}

/// The same for a parameter, which comes as a text.
pub(super) fn compare_text(text: &str, schema: &Value, at: &str, wrong: &mut Vec<String>) {
    match schema["type"].as_str() {
        Some("integer" | "number" | "boolean") => match serde_json::from_str(text) {
            Ok(value) => compare(&value, schema, at, &[], wrong),
            Err(_) => wrong.push(format!("{at}: expected {}", schema["type"])),
        },
        _ => compare_words(text, schema, at, wrong),
    }
}

fn compare_fields(
    fields: &serde_json::Map<String, Value>,
    schema: &Value,
    at: &str,
    beside: &[String],
    wrong: &mut Vec<String>,
) {
    // An object without a description of its fields may have any.
    let known = schema["properties"].as_object().filter(|known| !known.is_empty());
    for (name, value) in fields {
        let place = format!("{at}/{name}");
        match (known, known.and_then(|known| known.get(name))) {
            (_, Some(schema)) => compare(value, schema, &place, beside, wrong),
            (Some(_), None) if !beside.contains(&place) => wrong.push(format!("{place}: unknown")),
            _ => {}
        }
    }
    for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(required) {
            wrong.push(format!("{at}/{required}: missing"));
        }
    }
}

fn compare_words(text: &str, schema: &Value, at: &str, wrong: &mut Vec<String>) {
    if schema["enum"].as_array().is_some_and(|words| !words.iter().any(|word| word == text)) {
        wrong.push(format!("{at}: {text} is not in the list"));
    }
    let length = text.chars().count() as u64;
    let (least, most) = (schema["minLength"].as_u64().unwrap_or(0), schema["maxLength"].as_u64());
    if length < least || most.is_some_and(|most| length > most) {
        wrong.push(format!("{at}: its length is out of bounds"));
    }
}

fn compare_size(number: Option<f64>, schema: &Value, at: &str, wrong: &mut Vec<String>) {
    let number = number.unwrap_or_default();
    if schema["minimum"].as_f64().is_some_and(|least| number < least)
        || schema["maximum"].as_f64().is_some_and(|most| number > most)
    {
        wrong.push(format!("{at}: {number} is out of bounds"));
    }
}

/// A type is a word, a list of them, or missing where anything goes.
fn is_of_type(value: &Value, named: &Value) -> bool {
    match named {
        Value::Array(choices) => choices.iter().any(|named| is_of_type(value, named)),
        Value::String(named) => match named.as_str() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            _ => true,
        },
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_is_named() {
        let schema = json!({ "type": "object", "required": ["a"], "properties": {
            "a": { "type": ["string", "null"], "enum": ["x", "y"] },
            "b": { "type": "array", "items": { "type": "integer", "maximum": 5 } },
            "c": { "anyOf": [{ "type": "string", "minLength": 2 }, { "type": "null" }] },
            "d": { "type": "object" },
        } });
        let wrong = |value: Value| {
            let mut wrong = Vec::new();
            compare(&value, &schema, "", &["/more".to_owned()], &mut wrong);
            wrong
        };
        assert!(wrong(json!({ "a": "x", "b": [1, 5], "c": null, "d": { "any": 1 }, "more": [] })).is_empty());
        assert!(wrong(json!({ "a": null, "c": "xy" })).is_empty());
        for (value, said) in [
            (json!([]), ": expected \"object\""),
            (json!({}), "/a: missing"),
            (json!({ "a": "z" }), "/a: z is not in the list"),
            (json!({ "a": "x", "b": [6] }), "/b/*: 6 is out of bounds"),
            (json!({ "a": "x", "b": [1.5] }), "/b/*: expected \"integer\""),
            (json!({ "a": "x", "c": "x" }), "/c: its length is out of bounds"),
            (json!({ "a": "x", "e": 1 }), "/e: unknown"),
        ] {
            assert_eq!(wrong(value), [said]);
        }
    }
}
