//! A program that runs beside the tests and never outlives them: stopped by its own process id, whatever happens.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::counterparts;
use crate::program::Program;

pub struct TiedChild {
    child: Child,
    name: String,
    /// The signal that asks it to end, by name.
    polite: &'static str,
}

impl TiedChild {
    /// Starts a program. Where `setpriv` exists (all Debian) the kernel ends it even when we are killed outright.
    pub fn start(
        program: &Program,
        user: Option<&User>,
        polite: &'static str,
        stdout: Stdio,
        stderr: Stdio,
    ) -> Result<TiedChild> {
        let plain = program.command();
        let mut command = match counterparts::program("setpriv") {
            Some(setpriv) => wrapped(&setpriv, &plain, user, polite),
            None => plain,
        };
        let child = command
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .with_context(|| format!("starting `{program}`"))?;
        Ok(TiedChild { child, name: program.to_string(), polite })
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn ends_within(&mut self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        while self.runs() {
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        true
    }
}

impl Drop for TiedChild {
    fn drop(&mut self) {
        if !self.runs() {
            return;
        }
        let id = self.child.id().to_string();
        let asked = Program::new("kill", Path::new("/")).args([&format!("-{}", self.polite), &id]).succeeds();
        if !asked || !self.ends_within(Duration::from_secs(10)) {
            crate::console::warn(format_args!("`{}` did not end when asked, so it is killed", self.name));
            // It may have ended between the two: then there is nothing left to do.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Somebody to run a program as.
pub struct User {
    pub id: u32,
    pub group: u32,
}

fn wrapped(setpriv: &Path, plain: &Command, user: Option<&User>, polite: &str) -> Command {
    let mut command = Command::new(setpriv);
    if let Some(user) = user {
        command
            .arg(format!("--reuid={}", user.id))
            .arg(format!("--regid={}", user.group))
            .arg("--clear-groups");
    }
    command.args(["--pdeathsig", polite, "--"]).arg(plain.get_program()).args(plain.get_args());
    for (name, value) in plain.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    if let Some(folder) = plain.get_current_dir() {
        command.current_dir(folder);
    }
    command
}
