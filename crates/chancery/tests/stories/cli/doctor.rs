//! The doctor on the command line: words for people, JSON for programs, and an end that scripts understand.

use serde_json::{Value, json};
use testkit::sim::dns;

use super::program::{Folder, Outside};
use super::{mail_server, set_up};

const DOMAIN: &str = "example.com";

/// The states of the checks of one area.
fn states(report: &Value, area: &str) -> Vec<String> {
    let checks = report["checks"].as_array().unwrap().iter().filter(|check| check["area"] == area);
    checks.map(|check| check["state"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_says_what_is_wrong_and_ends_with_it() {
    let (folder, mail) = (Folder::new(), mail_server().await);
    let (_, account) = set_up(&folder, &mail);
    // Offline nothing is wrong: what cannot be asked is skipped.
    let offline = ["doctor", "--only", "accounts,dns,queue", "--dns-resolver", "off"];
    let (is_well, out, said) = folder.ends(&offline);
    assert!(is_well && said.is_empty(), "{out}{said}");
    assert!(out.starts_with("accounts\n  ok       Mail: credentials: "), "{out}");
    assert!(out.contains("  skipped  example.com: SPF, DKIM and DMARC: offline: "), "{out}");
    let report = folder.json(&[&offline[..], &["--json"]].concat());
    assert_eq!(states(&report, "dns"), ["skipped"]);
    // A warning comes with advice, and is no reason to fail.
    let server = dns::Server::start().await;
    server.mail_server(DOMAIN, 10, "mx.example.com");
    server.text(DOMAIN, "v=spf1 mx");
    server.text("_dmarc.example.com", "v=DMARC1; p=quarantine");
    let resolver = format!("--dns-resolver={}", server.address());
    let (is_well, out, said) = folder.ends(&["doctor", "--only", "dns", &resolver]);
    assert!(is_well && said.is_empty(), "{out}{said}");
    let lines: Vec<&str> = out.lines().collect();
    let warning =
        lines.iter().position(|line| line.starts_with("  warning  example.com: SPF: ")).expect(&out);
    assert!(lines[warning + 1].starts_with("           "), "what to do follows: {out}");
    // A silent resolver is as good as none.
    server.fall_silent();
    let report = folder.json(&["doctor", "--only", "dns", &resolver, "--json"]);
    assert_eq!(states(&report, "dns"), ["skipped"]);
    // A problem ends with 1, after the whole report.
    mail.stop().await;
    let (is_well, out, said) = folder.ends(&["doctor", "--only", "accounts", "--json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert!(!is_well);
    assert_eq!((states(&report, "accounts"), said.trim()), (vec!["problem".to_owned()], "error: 1 problem"));
    assert_eq!(report["checks"][0]["subject"]["id"], json!(account));
    assert!(!report["checks"][0]["advice"].as_str().unwrap().is_empty());
    let wrong = folder.fails(&["doctor", "--only", "feelings"]);
    assert!(wrong.contains("feelings"), "{wrong}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_looks_beside_a_running_server() {
    let (folder, mail) = (Folder::new(), mail_server().await);
    let (key, _) = set_up(&folder, &mail);
    let server = folder.serve(&[]).await;
    let public = format!("--public-url={}", server.url);
    let report = folder.json(&["doctor", "--only", "webhooks,queue", &public, "--json"]);
    let reachable =
        report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "reachable").unwrap();
    assert_eq!(reachable["state"], "ok", "{report}");
    let asked = Outside::new(&server, &key).post("/v1/doctor", json!({ "only": ["queue"] })).await;
    assert_eq!(
        (asked.0, states(&asked.1, "queue")),
        (200, states(&report, "queue")),
        "the same words both ways"
    );
}
