//! Builds the binaries of all functions and finds them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

/// The function binaries could not be built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildError {
    /// Cargo did not run.
    #[error("cargo did not start: {0}")]
    Cargo(#[from] std::io::Error),
    /// The build failed; cargo has said why.
    #[error("the build of the function binaries failed")]
    Failed,
    /// Built binaries cannot be found.
    #[error("{}: {source}", folder.display())]
    Unreadable {
        /// Where they should be.
        folder: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// The binaries in a folder, built before, by name.
pub(crate) fn found_in(folder: &Path) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    let unreadable = |source| BuildError::Unreadable { folder: folder.to_owned(), source };
    let files = std::fs::read_dir(folder).map_err(unreadable)?;
    let named = |file: std::io::Result<std::fs::DirEntry>| {
        let file = file.map_err(unreadable)?;
        Ok((file.file_name().to_string_lossy().into_owned(), file.path()))
    };
    files.map(named).collect()
}

/// Builds the binaries of `packages` with cargo's progress shown, and answers their paths by name.
pub(crate) async fn binaries(
    root: &Path,
    packages: &[&str],
    release: bool,
) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).arg("build").arg("--bins").arg("--message-format=json-render-diagnostics");
    for package in packages {
        command.args(["--package", package]);
    }
    if release {
        command.arg("--release");
    }
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().await?;
    if !output.status.success() {
        return Err(BuildError::Failed);
    }
    let artifacts = String::from_utf8_lossy(&output.stdout);
    let binaries = artifacts.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let path = message.get("executable")?.as_str()?;
        Some((message.pointer("/target/name")?.as_str()?.to_owned(), PathBuf::from(path)))
    });
    Ok(binaries.collect())
}
