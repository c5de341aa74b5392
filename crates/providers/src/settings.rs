//! Settings of providers: one struct each, from which schema, form, documentation and checks are made.

use domain::invalid::{Fault, Invalid};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The JSON Schema of a settings struct, as the dashboard's form reads it: flat, without references or nulls. `x-order`
/// is the order in which people see the settings, because objects in JSON have none.
#[must_use]
pub fn schema_of<T: JsonSchema>() -> Value {
    let generator = schemars::generate::SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    if let Some(properties) = schema.pointer_mut("/properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(drop_null);
    }
    schema
}

/// An optional setting is left out, never null: the form then needs no third state.
fn drop_null(property: &mut Value) {
    let Some(object) = property.as_object_mut() else { return };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = object.get("anyOf") {
        let mut rest = choices.iter().filter(|choice| choice.get("type") != Some(&Value::from("null")));
        if let (Some(Value::Object(only)), None) = (rest.next().cloned(), rest.next()) {
            object.remove("anyOf");
            for (key, value) in only {
                object.entry(key).or_insert(value);
            }
        }
    }
    if object.get("default") == Some(&Value::Null) {
        object.remove("default");
    }
    if let Some(Value::String(description)) = object.get_mut("description") {
        *description = description.replace('\n', " ");
    }
    // A format such as `uint16` says to machines what `maximum` says to everybody.
    if object.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
        object.remove("format");
    }
}

/// The names of the properties that are secrets.
#[must_use]
pub fn secret_fields(schema: &Value) -> Vec<String> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Vec::new() };
    properties
        .iter()
        .filter(|(_, property)| property.get("writeOnly") == Some(&Value::Bool(true)))
        .map(|(name, _)| name.clone())
        .collect()
}

/// Reads settings. Numbers and truth values may be given as text, as the command line does; an empty text means that
/// the setting is not given.
///
/// # Errors
/// Every fault at once, each with its pointer below `/settings`.
pub fn read<T: JsonSchema + DeserializeOwned>(settings: Value) -> Result<T, Invalid> {
    let given = match settings {
        Value::Null => Map::new(),
        Value::Object(given) => given,
        _ => return Err(Invalid::at("/settings", "expected an object")),
    };
    let schema = schema_of::<T>();
    let read = checked(given, &schema)?;
    serde_json::from_value(Value::Object(read)).map_err(|error| Invalid::at("/settings", error.to_string()))
}

fn checked(given: Map<String, Value>, schema: &Value) -> Result<Map<String, Value>, Invalid> {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let mut faults = Vec::new();
    let mut read = Map::new();
    for (name, value) in given {
        if value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()) {
            continue;
        }
        let taken = match properties.get(&name) {
            Some(property) => of_type(value, property),
            None => Err(format!("expected one of the settings {}", names(properties))),
        };
        match taken {
            Ok(value) => {
                read.insert(name, value);
            }
            Err(detail) => faults.push(fault(&name, detail)),
        }
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if !read.contains_key(name) && !faults.iter().any(|known| known.pointer == pointer(name)) {
            faults.push(fault(name, "expected a value, because nothing works without it".to_owned()));
        }
    }
    if faults.is_empty() { Ok(read) } else { Err(Invalid { faults }) }
}

/// The value in the type that the property asks for.
fn of_type(value: Value, property: &Value) -> Result<Value, String> {
    match property.get("type").and_then(Value::as_str) {
        Some("integer") => integer(&value, property),
        Some("boolean") => truth(&value),
        _ => word(value, property),
    }
}

fn integer(value: &Value, property: &Value) -> Result<Value, String> {
    let number = match value {
        Value::String(text) => text.trim().parse::<u64>().ok(),
        other => other.as_u64(),
    };
    let least = property.get("minimum").and_then(Value::as_u64).unwrap_or(0);
    let most = property.get("maximum").and_then(Value::as_u64).unwrap_or(u64::MAX);
    match number {
        Some(number) if (least..=most).contains(&number) => Ok(Value::from(number)),
        _ if most == u64::MAX => Err(format!("expected a whole number from {least}")),
        _ => Err(format!("expected a whole number from {least} to {most}")),
    }
}

fn truth(value: &Value) -> Result<Value, String> {
    match value {
        Value::Bool(truth) => Ok(Value::Bool(*truth)),
        Value::String(text) if matches!(text.as_str(), "true" | "yes" | "1") => Ok(Value::Bool(true)),
        Value::String(text) if matches!(text.as_str(), "false" | "no" | "0") => Ok(Value::Bool(false)),
        _ => Err("expected true or false".to_owned()),
    }
}

fn word(value: Value, property: &Value) -> Result<Value, String> {
    // The command line reads `--set password=123456` as text, but a JSON client may send the number.
    let text = match value {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        _ => return Err("expected a text".to_owned()),
    };
    let choices = choices(property);
    if choices.is_empty() || choices.contains(&text.as_str()) {
        Ok(Value::String(text))
    } else {
        Err(format!("expected one of {}", choices.join(", ")))
    }
}

/// The words of a closed list, in either of the forms in which schemas write one.
fn choices(property: &Value) -> Vec<&str> {
    let listed = property.get("enum").and_then(Value::as_array).into_iter().flatten();
    let described = property.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let described = described.flat_map(|choice| {
        let constant = choice.get("const").into_iter();
        constant.chain(choice.get("enum").and_then(Value::as_array).into_iter().flatten())
    });
    listed.chain(described).filter_map(Value::as_str).collect()
}

fn names(properties: &Map<String, Value>) -> String {
    properties.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn pointer(name: &str) -> String {
    format!("/settings/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn fault(name: &str, detail: String) -> Fault {
    Fault { pointer: pointer(name), detail }
}

/// Checks the `from` setting: the sender of messages that name none.
///
/// # Errors
/// Points at `/settings/from`.
pub(crate) fn sender(from: Option<&str>) -> Result<(), Invalid> {
    match from.map(str::parse::<domain::address::Mailbox>) {
        Some(Err(error)) => Err(Invalid::at("/settings/from", error.to_string())),
        _ => Ok(()),
    }
}

/// Reads a base URL: without a slash at the end, and with TLS, because every request carries a secret.
///
/// # Errors
/// Says what was expected.
pub(crate) fn base_url(given: &str) -> Result<String, &'static str> {
    const EXPECTED: &str = "expected a URL such as https://api.example.com";
    let url: http::Uri = given.trim().parse().map_err(|_| EXPECTED)?;
    let host = url.host().ok_or(EXPECTED)?;
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = address == "localhost"
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match url.scheme_str() {
        Some("https") if url.query().is_none() => {}
        Some("http") if url.query().is_none() && is_loopback => {}
        Some("http") => return Err("expected https: only a server on this machine may be used without TLS"),
        _ => return Err(EXPECTED),
    }
    Ok(given.trim().trim_end_matches('/').to_owned())
}
