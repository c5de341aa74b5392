//! `chancery doctor`: what is wrong around this server, and what to do.

use clap::Args;
use engine::doctor::{Area, Check, CheckState, DoctorReport, DoctorRequest};

use super::{operator, with_engine};
use crate::output;
use crate::settings::Settings;

#[derive(Debug, Args)]
pub struct Doctor {
    /// Only some areas, with commas between: accounts, mailboxes, webhooks, dns, tls, clock, queue, disk, backup
    #[arg(long, value_delimiter = ',', value_name = "AREA")]
    only: Vec<Area>,
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        let asked = DoctorRequest { only: self.only };
        let report =
            with_engine(&settings, async |engine| Ok(engine.doctor(&operator(), asked).await?)).await?;
        output::result(self.json, &report, text(&report).trim_end())?;
        let problems = report.count(CheckState::Problem);
        anyhow::ensure!(problems == 0, "{problems} {}", if problems == 1 { "problem" } else { "problems" });
        Ok(())
    }
}

fn text(report: &DoctorReport) -> String {
    let mut text = String::new();
    for area in Area::ALL {
        let checks: Vec<&Check> = report.checks.iter().filter(|check| check.area == *area).collect();
        if checks.is_empty() {
            continue;
        }
        text.push_str(&format!("{area}\n"));
        for check in checks {
            let mark = match check.state {
                CheckState::Ok => "ok     ",
                CheckState::Warning => "warning",
                CheckState::Problem => "PROBLEM",
                CheckState::Skipped => "skipped",
            };
            let subject =
                check.subject.as_ref().map(|subject| format!("{}: ", subject.name)).unwrap_or_default();
            text.push_str(&shown(&format!("  {mark}  {subject}{}: {}", check.name, check.detail)));
            if let Some(advice) = &check.advice {
                text.push_str(&shown(&format!("           {advice}")));
            }
        }
    }
    text
}

/// One line. Servers and the DNS wrote parts of this: nothing of it may move the cursor of a terminal.
fn shown(line: &str) -> String {
    let mut line: String = line.chars().filter(|character| !character.is_control()).collect();
    line.push('\n');
    line
}
