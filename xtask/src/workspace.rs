//! Where things are: the root of the repository, the build folder, and what Cargo knows about our packages.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::program::Program;

pub struct Workspace {
    pub root: PathBuf,
    pub target: PathBuf,
    pub packages: Vec<Package>,
}

/// One of our packages, as `cargo metadata` tells it.
#[derive(Deserialize)]
pub struct Package {
    pub name: String,
    pub dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
pub struct Dependency {
    pub name: String,
    /// `None` for an ordinary one, else "dev" or "build".
    pub kind: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
    workspace_root: PathBuf,
}

impl Workspace {
    pub fn find() -> Result<Workspace> {
        let text = Program::new("cargo", Path::new(env!("CARGO_MANIFEST_DIR")))
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .answer()?;
        let metadata: Metadata =
            serde_json::from_str(&text).context("reading the answer of cargo metadata")?;
        Ok(Workspace {
            root: metadata.workspace_root,
            target: metadata.target_directory,
            packages: metadata.packages,
        })
    }

    /// The dashboard's folder.
    pub fn web(&self) -> PathBuf {
        self.root.join("web")
    }

    /// The debug build of one of our binaries.
    pub fn debug_binary(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    /// The release build of one of our binaries.
    pub fn release_binary(&self, name: &str) -> PathBuf {
        self.target.join("release").join(name)
    }

    pub fn cargo(&self) -> Program {
        Program::new("cargo", &self.root)
    }

    pub fn npm(&self) -> Program {
        Program::new("npm", &self.web())
    }
}
