//! The vendors' own Python libraries: they verify what our tests signed, and sign what our providers must accept.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::console;
use crate::program::Program;
use crate::stages::Ending;
use crate::workspace::Workspace;

/// Where the tests write what they signed, and read what the libraries signed.
const SAMPLES: &str = "CHANCERY_SDK_SAMPLES";

pub fn test(workspace: &Workspace) -> Result<Ending> {
    let python = Program::new("python3", &workspace.root);
    if !python.args(["-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))"]).succeeds() {
        return Ok(Ending::Skipped(
            "Python 3.9 or newer with venv and pip is not here; on Debian: apt-get install python3-venv"
                .into(),
        ));
    }
    let scripts = workspace.root.join("crates/testkit/sdk");
    let python = match libraries(workspace, &scripts.join("requirements.txt")) {
        Ok(python) => python,
        Err(error) => {
            return Ok(Ending::Skipped(format!(
                "the libraries could not be installed (no network?): {error:#}"
            )));
        }
    };
    let samples = workspace.target.join("sdk-samples");
    if samples.exists() {
        fs::remove_dir_all(&samples).with_context(|| format!("emptying {}", samples.display()))?;
    }
    fs::create_dir_all(&samples)?;
    let python = |script: &str| Program::new(&python, &workspace.root).args([scripts.join(script)]);
    python("sign.py").args([samples.join("signed.json")]).run()?;
    let mut tally = samples_of_the_tests(workspace).env(SAMPLES, &samples).run_counted()?;
    tally += python("verify.py").args([&samples]).run_counted()?;
    Ok(Ending::Ran(tally))
}

/// Every test whose name says that it gives samples, or reads some.
fn samples_of_the_tests(workspace: &Workspace) -> Program {
    let packages = ["-p", "chancery", "-p", "chancery-testkit"];
    let cargo = workspace.cargo();
    if workspace.cargo().args(["nextest", "--version"]).succeeds() {
        cargo.args(["nextest", "run"]).args(packages).args(["-E", "test(sdk_)"])
    } else {
        cargo.args(["test"]).args(packages).args(["--tests", "--no-fail-fast", "sdk_"])
    }
}

/// The Python of an environment that has the libraries in the versions that are written down.
fn libraries(workspace: &Workspace, wanted: &Path) -> Result<PathBuf> {
    let folder = workspace.target.join("sdk");
    let python = folder.join("bin/python");
    let installed = folder.join("installed.txt");
    let wanted_text = fs::read_to_string(wanted).with_context(|| format!("reading {}", wanted.display()))?;
    if python.is_file() && fs::read_to_string(&installed).is_ok_and(|text| text == wanted_text) {
        return Ok(python);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("emptying {}", folder.display()))?;
    }
    Program::new("python3", &workspace.root).args(["-m", "venv"]).args([&folder]).run()?;
    Program::new(&python, &workspace.root)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .args([wanted])
        .run()?;
    fs::write(&installed, wanted_text)?;
    console::confirm("the vendors' libraries are installed");
    Ok(python)
}
