//! `chancery config`: what is in force, and where it came from does not matter any more.

use crate::output;
use crate::settings::Settings;

pub fn run(settings: &Settings) -> anyhow::Result<()> {
    output::line(settings.shown()?.trim_end())
}
