//! Running another program: shown before it starts, and its failure told in one sentence.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use anyhow::{Context, Result, ensure};

use crate::console;
use crate::tally::Tally;

pub struct Program {
    name: OsString,
    arguments: Vec<OsString>,
    environment: Vec<(String, OsString)>,
    folder: PathBuf,
}

impl Program {
    pub fn new(name: impl AsRef<OsStr>, folder: &Path) -> Program {
        Program {
            name: name.as_ref().to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            folder: folder.to_owned(),
        }
    }

    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Program {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Program {
        self.environment.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Runs it in front of the reader's eyes.
    pub fn run(&self) -> Result<()> {
        console::command(self);
        let status = self.command().status().with_context(|| format!("starting `{self}`"))?;
        self.check(status)
    }

    /// Runs it and gives back what it wrote to its standard output.
    pub fn answer(&self) -> Result<String> {
        let output =
            self.command().stderr(Stdio::inherit()).output().with_context(|| format!("starting `{self}`"))?;
        self.check(output.status)?;
        String::from_utf8(output.stdout).with_context(|| format!("`{self}` did not answer in UTF-8"))
    }

    /// Runs it with all that it says going into a file. Says whether it ended well.
    pub fn run_into(&self, log: &Path) -> Result<bool> {
        console::command(self);
        let output = File::create(log).with_context(|| format!("writing {}", log.display()))?;
        let errors = output.try_clone()?;
        let status = self.command().stdout(output).stderr(errors).status();
        Ok(status.with_context(|| format!("starting `{self}`"))?.success())
    }

    /// Whether it can be run and ends well; what it says is not shown.
    pub fn succeeds(&self) -> bool {
        let quiet = self.command().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        quiet.is_ok_and(|status| status.success())
    }

    /// Runs it in front of the reader's eyes and counts the tests that it reports.
    ///
    /// The count is kept also when it fails; a failure that no test accounts for counts as one.
    pub fn run_counted(&self) -> Result<Tally> {
        console::command(self);
        let mut child = self
            .command()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting `{self}`"))?;
        let output = child.stdout.take().expect("stdout was asked for as a pipe");
        let errors = child.stderr.take().expect("stderr was asked for as a pipe");
        let from_errors = std::thread::spawn(move || pass_on(errors, &mut std::io::stderr()));
        let mut tally = pass_on(output, &mut std::io::stdout());
        tally += from_errors.join().expect("passing lines on does not panic");
        let status = child.wait().with_context(|| format!("waiting for `{self}`"))?;
        if !status.success() && tally.failed == 0 {
            tally.failed = 1;
        }
        Ok(tally)
    }

    /// The command itself, for those who keep it running.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.name);
        command.args(&self.arguments).current_dir(&self.folder);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if console::is_terminal() {
            command.env("CARGO_TERM_COLOR", "always").env("FORCE_COLOR", "1");
        }
        command
    }

    fn check(&self, status: ExitStatus) -> Result<()> {
        ensure!(status.success(), "`{self}` ended with {status}");
        Ok(())
    }
}

impl fmt::Display for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Path::new(&self.name).file_name().unwrap_or(&self.name);
        write!(formatter, "{}", name.display())?;
        for argument in &self.arguments {
            write!(formatter, " {}", argument.display())?;
        }
        Ok(())
    }
}

fn pass_on(from: impl Read, to: &mut impl Write) -> Tally {
    let mut tally = Tally::default();
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    // Bytes, not text: a test may print what is not UTF-8.
    while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        // A closed console must not stop the tests.
        let _ = to.write_all(&line);
        tally += Tally::read(&String::from_utf8_lossy(&line));
        line.clear();
    }
    let _ = to.flush();
    tally
}
