//! Builds the dashboard in `web/` with Vite, for the crate to embed. Never fails for want of Node.
//!
//! Why a build script at all: docs/decisions/0003-dashboard-build.md.
#![expect(clippy::disallowed_methods, reason = "cargo speaks to a build script through the environment")]

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

/// What the dashboard is made of. Not `node_modules`: npm's lock says what is in there.
const SOURCES: [&str; 8] = [
    "src",
    "public",
    "index.html",
    "package.json",
    "package-lock.json",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
];

/// The oldest Node that Vite 8 runs on.
const OLDEST_NODE: (u32, u32) = (20, 19);

fn main() {
    let web = Path::new(&var("CARGO_MANIFEST_DIR")).join("../../web");
    let output = Path::new(&var("OUT_DIR")).join("ui");

    println!("cargo:rerun-if-env-changed=CHANCERY_UI");
    for source in SOURCES {
        println!("cargo:rerun-if-changed={}", web.join(source).display());
    }
    println!("cargo:rustc-env=CHANCERY_UI_DIR={}", output.display());

    empty(&output).expect("OUT_DIR is writable");
    match env::var("CHANCERY_UI").ok().filter(|choice| !choice.is_empty()).as_deref() {
        Some("skip") => placeholder(&output),
        Some(folder) => {
            println!("cargo:rerun-if-changed={folder}");
            copy_tree(Path::new(folder), &output)
                .unwrap_or_else(|error| panic!("CHANCERY_UI={folder} cannot be copied: {error}"));
        }
        None => match build(&web, &output) {
            Ok(()) => {}
            Err(Stop::NoNode(reason)) => {
                println!("cargo:warning=the dashboard is a placeholder page: {reason}");
                placeholder(&output);
            }
            Err(Stop::Broken(reason)) => panic!("the dashboard did not build: {reason}"),
        },
    }
}

enum Stop {
    /// This machine cannot build web pages: the server is still worth having.
    NoNode(String),
    /// It can, and the build went wrong: better no binary than one with half a dashboard.
    Broken(String),
}

fn build(web: &Path, output: &Path) -> Result<(), Stop> {
    node_is_new_enough()?;
    if packages_are_stale(web) {
        run(Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(web))?;
    }
    run(Command::new("npx")
        .args(["--no-install", "vite", "build", "--logLevel", "warn", "--emptyOutDir", "--outDir"])
        .arg(output)
        .current_dir(web))
}

fn node_is_new_enough() -> Result<(), Stop> {
    let answer = Command::new("node")
        .arg("--version")
        .output()
        .map_err(|error| Stop::NoNode(format!("node cannot be started ({error})")))?;
    let text = String::from_utf8_lossy(&answer.stdout);
    let mut numbers =
        text.trim().trim_start_matches('v').split('.').map_while(|part| part.parse::<u32>().ok());
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found < OLDEST_NODE {
        let (major, minor) = OLDEST_NODE;
        return Err(Stop::NoNode(format!("node is {}, {major}.{minor} or newer is needed", text.trim())));
    }
    Ok(())
}

/// npm writes its own copy of the lock last, so an interrupted install counts as stale.
fn packages_are_stale(web: &Path) -> bool {
    let changed = |path: PathBuf| fs::metadata(path).and_then(|file| file.modified());
    let installed = changed(web.join("node_modules/.package-lock.json")).unwrap_or(SystemTime::UNIX_EPOCH);
    changed(web.join("package-lock.json")).map_or(true, |locked| locked > installed)
}

fn run(command: &mut Command) -> Result<(), Stop> {
    let said = command.output().map_err(|error| Stop::NoNode(format!("{command:?}: {error}")))?;
    if said.status.success() {
        return Ok(());
    }
    let words = [said.stdout, said.stderr].concat();
    Err(Stop::Broken(format!("{command:?} ended with {}\n{}", said.status, String::from_utf8_lossy(&words))))
}

fn placeholder(output: &Path) {
    fs::copy("src/placeholder.html", output.join("index.html"))
        .expect("the placeholder can be copied to OUT_DIR");
    println!("cargo:rerun-if-changed=src/placeholder.html");
}

fn empty(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::create_dir_all(folder)
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn var(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}
