//! The harness against a server whose faults are known: it must be content with the honest one and
//! must catch the one that forgets and the one that sends twice.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

struct Run {
    code: Option<i32>,
    lines: Vec<Value>,
    words: String,
}

/// Runs `bench ARGS` against the stand-in, its data below `folder`.
fn bench(folder: &Path, fault: Option<&str>, args: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    command.args(args).args(["--bin", env!("CARGO_BIN_EXE_stand-in")]).arg("--data-root").arg(folder);
    if let Some(fault) = fault {
        command.env("STAND_IN_FAULT", fault);
    }
    let output = command.output().expect("bench runs");
    let text = String::from_utf8(output.stdout).expect("text");
    Run {
        code: output.status.code(),
        lines: text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect(),
        words: String::from_utf8(output.stderr).expect("text"),
    }
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).expect("a folder").next().is_none()
}

#[test]
fn every_delivered_message_is_counted_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = bench(folder.path(), None, &["deliver-smtp", "--n", "300"]);
    assert_eq!(run.code, Some(0), "{}", run.words);
    let line = &run.lines[0];
    assert_eq!((&line["n"], &line["bad"], &line["lost"]), (&300.into(), &0.into(), &0.into()));
    assert!(line["rate"].is_f64() && line["flush_p50_us"].is_f64() && line["load"].is_f64(), "{line}");
    assert!(is_empty(folder.path()));
}

#[test]
fn refusals_of_the_http_provider_are_survived() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = bench(folder.path(), None, &["deliver-http", "--variant", "c", "--n", "150", "--seed", "3"]);
    assert_eq!(run.code, Some(0), "{}", run.words);
    assert_eq!(run.lines[0]["n"], 150);
    assert_eq!(run.lines[0]["came_back_early"], 0);
}

#[test]
fn duplicate_mail_is_found_exactly_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = bench(folder.path(), None, &["inbound", "--n", "500"]);
    assert_eq!(run.code, Some(0), "{}", run.words);
    assert_eq!(run.lines[0]["told_duplicate"], run.lines[0]["sent_duplicate"]);
}

#[test]
fn an_honest_server_survives_the_kill_test() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = bench(folder.path(), None, &["kill", "--kills", "5", "--seed", "1"]);
    assert_eq!(run.code, Some(0), "{}", run.words);
    let line = &run.lines[0];
    assert_eq!((&line["lost"], &line["duplicates"], &line["odd_states"]), (&0.into(), &0.into(), &0.into()));
}

#[test]
fn a_server_that_forgets_is_caught() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = bench(folder.path(), Some("forgets"), &["kill", "--kills", "5", "--seed", "1"]);
    assert_eq!(run.code, Some(2), "{}", run.words);
    assert!(run.lines[0]["lost"].as_u64() > Some(0), "{}", run.lines[0]);
    assert!(run.lines[0]["rate"].is_null());
}

#[test]
fn a_server_that_sends_twice_is_caught() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = bench(folder.path(), Some("doubles"), &["kill", "--kills", "8", "--seed", "1"]);
    assert_eq!(run.code, Some(2), "{}", run.words);
    assert!(run.lines[0]["duplicates"].as_u64() > Some(0), "{}", run.lines[0]);
}

/// A small kill test of what comes in, by the API only.
fn kill_inbound(folder: &Path, fault: Option<&str>) -> Run {
    let args = ["kill-inbound", "--n", "300", "--kills", "5", "--doors", "api", "--seed", "1"];
    bench(folder, fault, &args)
}

#[test]
fn an_honest_server_files_every_mail_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = kill_inbound(folder.path(), None);
    assert_eq!(run.code, Some(0), "{}", run.words);
    assert_eq!(run.lines[0]["bad"], 0, "{}", run.lines[0]);
    assert!(run.lines[0]["filed"].as_u64() >= Some(295), "{}", run.lines[0]);
    assert!(is_empty(folder.path()));
}

#[test]
fn a_server_that_forgets_mail_is_caught() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = kill_inbound(folder.path(), Some("forgets"));
    assert_eq!(run.code, Some(2), "{}", run.words);
    assert!(run.lines[0]["lost"].as_u64() > Some(0), "{}", run.lines[0]);
}

#[test]
fn a_server_that_files_twice_is_caught() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = kill_inbound(folder.path(), Some("doubles"));
    assert_eq!(run.code, Some(2), "{}", run.words);
    assert!(run.lines[0]["doubled"].as_u64() > Some(0), "{}", run.lines[0]);
}

#[test]
fn a_missing_server_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["accept", "--bin", "/nowhere/chancery", "--data-root"])
        .arg(folder.path())
        .output()
        .expect("bench runs");
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("there is no server at /nowhere/chancery"), "{words}");
}
