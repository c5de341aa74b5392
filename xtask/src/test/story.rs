//! The browser story: `chancery demo` on a free port, driven by a real Chromium as a person would.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{ChildStdout, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::counterparts::{self, Counterpart};
use crate::node;
use crate::program::Program;
use crate::stages::Ending;
use crate::tally::Tally;
use crate::tied_child::TiedChild;
use crate::workspace::Workspace;

/// The one line that `chancery demo --json` prints when it is ready.
#[derive(Deserialize)]
struct Ready {
    url: String,
    sign_in_link: String,
}

pub fn test(workspace: &Workspace) -> Result<Ending> {
    for needed in [Counterpart::Node, Counterpart::Chromium] {
        if !needed.is_here() {
            return Ok(Ending::Skipped(counterparts::absence(needed)));
        }
    }
    if dashboard_is_left_out() {
        return Ok(Ending::Skipped(
            "CHANCERY_UI=skip leaves the dashboard out of the build; unset it".into(),
        ));
    }
    node::install_dependencies(workspace)?;
    let pictures = workspace.target.join("e2e");
    fs::create_dir_all(&pictures)?;
    let log = fs::File::create(pictures.join("demo.log"))?;
    let demo = Program::new(workspace.debug_binary("chancery"), &workspace.root).args([
        "demo",
        "--listen",
        "127.0.0.1:0",
        "--json",
    ]);
    let mut demo = TiedChild::start(&demo, None, "TERM", Stdio::piped(), Stdio::from(log))?;
    let output = demo.child().stdout.take().expect("stdout was asked for as a pipe");
    let ready = first_line(output).with_context(|| {
        format!("the demo did not say that it is ready; see {}", pictures.join("demo.log").display())
    })?;
    let ready: Ready = serde_json::from_str(&ready).with_context(|| format!("reading {ready:?}"))?;
    let chromium = counterparts::chromium().context("Chromium was here a moment ago")?;
    workspace
        .npm()
        .args(["run", "e2e", "--", "--base", &ready.url, "--link", &ready.sign_in_link])
        .args(["--out".as_ref(), pictures.as_os_str(), "--browser".as_ref(), chromium.as_os_str()])
        .run()?;
    Ok(Ending::Ran(Tally::ONE))
}

#[expect(clippy::disallowed_methods, reason = "the build script of the dashboard reads the same variable")]
fn dashboard_is_left_out() -> bool {
    std::env::var_os("CHANCERY_UI").is_some_and(|choice| choice == "skip")
}

/// Waits for the first line, then keeps reading so that the demo never blocks on a full pipe.
fn first_line(output: ChildStdout) -> Result<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // Nobody waits for the second line.
            let _ = sender.send(line);
        }
    });
    receiver.recv_timeout(Duration::from_secs(60)).context("it said nothing within a minute, or ended")
}
