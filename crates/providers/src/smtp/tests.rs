//! Settings of SMTP accounts: what they mean, and how faults are named.

use domain::invalid::Invalid;
use net::smtp::client::Security;
use serde_json::json;

use super::config::read;

fn pointers(error: &Invalid) -> Vec<&str> {
    error.faults.iter().map(|fault| fault.pointer.as_str()).collect()
}

#[test]
fn ports_follow_security() {
    for (security, port, expected) in [
        (None, None, (Security::StartTls, 587)),
        (Some("tls"), None, (Security::Tls, 465)),
        (Some("none"), None, (Security::None, 25)),
        (Some("none"), Some("2525"), (Security::None, 2525)),
    ] {
        let given = json!({ "host": "localhost", "security": security, "port": port });
        let account = read(given, "mx.example.com").unwrap();
        assert_eq!((account.server.security, account.server.port), expected);
        assert_eq!(account.max_connections, 16);
    }
}

#[test]
fn every_fault_is_named() {
    for (given, expected) in [
        (json!({}), &["/settings/host"][..]),
        (json!({ "host": "mail.example.com", "security": "none" }), &["/settings/security"]),
        (json!({ "host": "mail.example.com", "security": "ssl" }), &["/settings/security"]),
        (json!({ "host": "mail.example.com", "port": "x" }), &["/settings/port"]),
        (json!({ "host": "mail.example.com", "port": 70000 }), &["/settings/port"]),
        (json!({ "host": "mail.example.com", "username": "jane" }), &["/settings/password"]),
        (json!({ "host": "mail.example.com", "password": "x" }), &["/settings/username"]),
        (json!({ "host": "mail.example.com", "from": "nobody" }), &["/settings/from"]),
        (json!({ "host": "mail.example.com", "envelope_from": "x" }), &["/settings/envelope_from"]),
        (json!({ "host": "a b" }), &["/settings/host"]),
        (json!({ "hots": "x" }), &["/settings/hots", "/settings/host"]),
        (json!("x"), &["/settings"]),
    ] {
        let error = read(given.clone(), "mx.example.com").expect_err("a fault");
        assert_eq!(pointers(&error), expected, "{given}");
    }
}

#[test]
fn secrets_do_not_show() {
    let given = json!({ "host": "mail.example.com", "username": "jane", "password": "example-password" });
    let account = read(given, "mx.example.com").unwrap();
    assert!(!format!("{account:?}").contains("example-password"));
}
