//! The doctor: says what is wrong and what to do, and takes a missing network for no illness.

use engine::doctor::DoctorOptions;
use net::dns::ResolverChoice;
use serde_json::{Value, json};
use testkit::TestApp;
use testkit::sim::{dns, smtp};

use crate::scene::*;

async fn with_dns(app: TestApp) -> (TestApp, dns::Server) {
    let server = dns::Server::start().await;
    let doctor =
        DoctorOptions { resolver: ResolverChoice::This(server.address()), ..DoctorOptions::default() };
    (app.with_doctor(doctor).await, server)
}

/// The checks of one area as `state name: detail`.
async fn looks(app: &TestApp, area: &str) -> Vec<String> {
    let report = app.key().post("/v1/doctor", json!({ "only": [area] })).await;
    assert_eq!(report.status, 200, "{}", report.body);
    let word = |check: &Value, field: &str| check[field].as_str().unwrap_or_default().to_owned();
    let checks = report.body["checks"].as_array().unwrap().iter();
    checks
        .map(|check| {
            assert_eq!(check["area"], area);
            let needs_advice = ["problem", "warning"].contains(&check["state"].as_str().unwrap());
            assert!(!needs_advice || !word(check, "advice").is_empty(), "no advice: {check}");
            format!("{} {}: {}", word(check, "state"), word(check, "name"), word(check, "detail"))
        })
        .collect()
}

fn has(checks: &[String], start: &str) -> bool {
    checks.iter().any(|check| check.starts_with(start))
}

const DOMAIN: &str = "company.example.com";

/// Publishes what a good domain publishes, and the account's keys.
async fn publish(app: &TestApp, dns: &dns::Server, account: &str) {
    dns.mail_server(DOMAIN, 10, "mx.company.example.com");
    dns.text(DOMAIN, "site-verification=abc");
    dns.text(DOMAIN, "v=spf1 mx include:spf.example.net -all");
    dns.text("spf.example.net", "v=spf1 ip4:192.0.2.0/24 ~all");
    dns.text("_dmarc.company.example.com", "v=DMARC1; p=quarantine; rua=mailto:dmarc@company.example.com");
    let shown = app.key().get(&format!("/v1/channel-accounts/{account}/dkim")).await;
    for record in shown.body["records"].as_array().unwrap() {
        dns.text(record["name"].as_str().unwrap(), record["value"].as_str().unwrap());
    }
}

async fn keys(app: &TestApp, account: &str, selector: &str, algorithms: Value) {
    let new = json!({ "domain": DOMAIN, "selector": selector, "algorithms": algorithms });
    let made = app.key().post(&format!("/v1/channel-accounts/{account}/dkim"), new).await;
    assert_eq!(made.status, 201, "{}", made.body);
}

story!(a_domain_that_publishes_everything_is_well, async |app| {
    let (app, dns) = with_dns(app).await;
    let (_server, account) = app.mail_server().await;
    keys(&app, &account, "s1", json!(["rsa", "ed25519"])).await;
    publish(&app, &dns, &account).await;
    let checks = looks(&app, "dns").await;
    assert!(checks.iter().all(|check| check.starts_with("ok ")), "{checks:#?}");
    assert!(has(&checks, "ok SPF: v=spf1 mx include:spf.example.net -all (2 of 10 look-ups)"), "{checks:#?}");
    assert!(has(&checks, "ok DKIM s1: ") && has(&checks, "ok DKIM s1-ed25519: "), "{checks:#?}");
    // A key published by way of an alias is as good.
    dns.forget("s1-ed25519._domainkey.company.example.com");
    dns.alias("s1-ed25519._domainkey.company.example.com", "key.example.net");
    let shown = app.key().get(&format!("/v1/channel-accounts/{account}/dkim")).await;
    dns.text("key.example.net", shown.body["records"][1]["value"].as_str().unwrap());
    assert!(has(&looks(&app, "dns").await, "ok DKIM s1-ed25519: "));
});

story!(a_domain_that_publishes_nothing_is_told_what_to_do, async |app| {
    let (app, dns) = with_dns(app).await;
    let (_server, account) = app.mail_server().await;
    keys(&app, &account, "s1", json!(["ed25519"])).await;
    let checks = looks(&app, "dns").await;
    assert!(has(&checks, "warning mail servers: "), "{checks:#?}");
    assert!(has(&checks, "warning SPF: the domain publishes no SPF record"), "{checks:#?}");
    assert!(
        has(&checks, "problem DKIM s1: nothing is published at s1._domainkey.company.example.com"),
        "{checks:#?}"
    );
    assert!(has(&checks, "warning DMARC: the domain publishes no DMARC record"), "{checks:#?}");
    dns.text(
        "s1._domainkey.company.example.com",
        "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    );
    let checks = looks(&app, "dns").await;
    assert!(
        has(&checks, "problem DKIM s1: s1._domainkey.company.example.com has another key"),
        "{checks:#?}"
    );
});

story!(records_that_receivers_do_not_believe_are_problems, async |app| {
    let (app, dns) = with_dns(app).await;
    let (_server, _) = app.mail_server().await;
    dns.mail_server(DOMAIN, 10, "mx.company.example.com");
    let many: String = (0..11).map(|n| format!(" include:s{n}.example.net")).collect();
    (0..11).for_each(|n| dns.text(&format!("s{n}.example.net"), "v=spf1 -all"));
    for (spf, expected) in [
        (format!("v=spf1{many} -all"), "problem SPF: the record needs 11 look-ups"),
        ("v=spf1 +all".to_owned(), "problem SPF: the record allows everybody"),
        (
            "v=spf1 include:gone.example.net -all".to_owned(),
            "problem SPF: the record includes gone.example.net",
        ),
        ("v=spf1 mx".to_owned(), "warning SPF: the record does not say"),
        ("v=spf1 include:company.example.com -all".to_owned(), "problem SPF: the record needs "),
        // Longer than fits over UDP.
        (format!("v=spf1 {} -all", "ip4:192.0.2.1 ".repeat(60)), "ok SPF: "),
    ] {
        dns.forget(DOMAIN);
        dns.mail_server(DOMAIN, 10, "mx.company.example.com");
        dns.text(DOMAIN, &spf);
        let checks = looks(&app, "dns").await;
        assert!(has(&checks, expected), "{spf}: {checks:#?}");
    }
    assert!(dns.over_tcp() > 0);
    dns.text(DOMAIN, "v=spf1 -all");
    assert!(has(&looks(&app, "dns").await, "problem SPF: the domain publishes 2 SPF records"));
    dns.text("_dmarc.example.com", "v=DMARC1; p=reject; sp=none");
    assert!(has(&looks(&app, "dns").await, "ok DMARC: p=none"), "a subdomain follows sp=");
    dns.text("_dmarc.company.example.com", "v=DMARC1; p=maybe");
    assert!(has(&looks(&app, "dns").await, "problem DMARC: "));
});

story!(offline_is_no_illness, async |app| {
    let (server, _) = app.mail_server().await;
    let checks = looks(&app, "dns").await;
    assert!(has(&checks, "skipped SPF, DKIM and DMARC: offline"), "{checks:#?}");
    assert!(has(&looks(&app, "clock").await, "skipped clock: offline"));
    let (app, dns) = with_dns(app).await;
    dns.fall_silent();
    let checks = looks(&app, "dns").await;
    assert!(has(&checks, "skipped SPF, DKIM and DMARC: offline: the DNS resolver"), "{checks:#?}");
    drop(server);
});

story!(accounts_are_tried_without_being_changed, async |app| {
    let credentials = Some(("chancery".to_owned(), "right-password".to_owned()));
    let server =
        smtp::Server::start(smtp::Options { credentials, ..smtp::Options::default() }).await.unwrap();
    assert!(has(&looks(&app, "accounts").await, "skipped credentials: there is no channel account yet"));
    let wrong = json!({ "settings": { "username": "chancery", "password": "wrong-password" } });
    let id = account_on(&app, &server, wrong).await;
    let checks = looks(&app, "accounts").await;
    assert!(has(&checks, "problem credentials: auth: "), "{checks:#?}");
    let path = format!("/v1/channel-accounts/{id}");
    assert_eq!(app.key().get(&path).await.body["health"]["state"], "unchecked");
    let held = send(&app, letter("jane@example.com")).await;
    becomes(&app, &held, "held").await;
    assert!(has(&looks(&app, "accounts").await, "problem health: stopped: "));
    let right = json!({ "settings": { "password": "right-password" } });
    assert_eq!(app.key().patch(&path, right).await.status, 200);
    becomes(&app, &held, "sent").await;
    let checks = looks(&app, "accounts").await;
    assert_eq!(checks.len(), 1);
    assert!(has(&checks, "ok credentials: "), "{checks:#?}");
    server.stop().await;
    let checks = looks(&app, "accounts").await;
    assert!(
        has(&checks, "problem credentials: connect: "),
        "a server on this machine needs no network: {checks:#?}"
    );
    assert_eq!(app.key().patch(&path, json!({ "enabled": false })).await.status, 200);
    assert!(has(&looks(&app, "accounts").await, "skipped credentials: switched off"));
});

story!(a_message_that_is_late_is_seen, async |app| {
    let (server, id) = app.mail_server().await;
    assert!(has(&looks(&app, "queue").await, "ok departures: no message is late"));
    let mut request = letter("jane@example.com");
    request["send_at"] = json!(app.clock.now().plus(MINUTE).to_string());
    assert_eq!(app.key().post("/v1/messages", request).await.status, 202);
    let path = format!("/v1/channel-accounts/{id}");
    assert_eq!(app.key().patch(&path, json!({ "enabled": false })).await.status, 200);
    app.advance(2 * HOUR).await;
    let checks = looks(&app, "queue").await;
    assert!(
        has(&checks, "problem departures: the oldest message should have left 1 hour ago"),
        "{checks:#?}"
    );
    assert!(has(&checks, "ok arrivals: "), "{checks:#?}");
    drop(server);
});

story!(the_certificate_of_the_listener_is_looked_at, async |app| {
    assert!(has(&looks(&app, "tls").await, "skipped SMTP certificate: "));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.pem");
    let doctor = DoctorOptions {
        resolver: ResolverChoice::Off,
        smtp_certificate: Some(path.clone()),
        ..DoctorOptions::default()
    };
    let app = app.with_doctor(doctor).await;
    assert!(has(&looks(&app, "tls").await, "problem SMTP certificate: "));
    for (host, last_day, expected) in [
        ("chancery.example.com", (2027, 3, 1), "ok SMTP certificate: good for 100 more days"),
        ("*.example.com", (2027, 3, 1), "ok SMTP certificate: "),
        ("chancery.example.com", (2026, 11, 30), "warning SMTP certificate: good for 9 more days"),
        ("chancery.example.com", (2026, 11, 1), "problem SMTP certificate: it ended 19 days ago"),
        ("mail.example.com", (2027, 3, 1), "warning SMTP certificate: it is for mail.example.com"),
    ] {
        std::fs::write(&path, testkit::sim::certificate(host, (2026, 10, 1), last_day)).unwrap();
        let checks = looks(&app, "tls").await;
        assert!(has(&checks, expected), "{host}: {checks:#?}");
    }
});

story!(a_wrong_clock_is_seen, async |app| {
    let mut app = app;
    for (ahead, expected) in [
        (5, "ok clock: agrees with "),
        (-60, "warning clock: 1 minute ahead of the clock of 127.0.0.1"),
        (600, "problem clock: 10 minutes behind the clock of 127.0.0.1"),
    ] {
        let now = domain::clock::Timestamp::from_micros(app.clock.now().micros() + ahead * 1_000_000);
        let server = testkit::sim::time::Server::start(now).await;
        let doctor = DoctorOptions {
            resolver: ResolverChoice::Off,
            clock_source: Some(server.url()),
            ..DoctorOptions::default()
        };
        app = app.with_doctor(doctor).await;
        let checks = looks(&app, "clock").await;
        assert!(has(&checks, expected), "{checks:?}");
    }
});

story!(the_public_address_must_lead_here, async |app| {
    let checks = looks(&app, "webhooks").await;
    assert!(has(&checks, "skipped reachable: http://chancery.example.com"), "{checks:#?}");
    let nonce = "00112233445566778899aabbccddeeff";
    let echo = app.anyone().get(&format!("/hooks/doctor/{nonce}")).await;
    assert_eq!((echo.status, echo.bytes), (200, app.engine().doctor_echo(nonce).into_bytes()));
    assert_eq!(app.anyone().get("/hooks/doctor/hello").await.status, 404);
    let reader = app.key_with(&["messages:read"]).await;
    assert_eq!(reader.post("/v1/doctor", json!({})).await.status, 403);
    assert_eq!(app.key().post("/v1/doctor", json!({ "only": ["feelings"] })).await.status, 422);
});
