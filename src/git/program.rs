//! The program `git` itself, which some of esker's ways go through.

use std::path::Path;
use std::process::{Command, Stdio};

use super::error::GitError;
use crate::base::AtPath;

/// The version of the `git` that is found first: `2.47.3`.
///
/// # Errors
/// `Disk` if there is none.
pub fn program_version() -> Result<String, GitError> {
    let output = Command::new("git").arg("--version").stdin(Stdio::null()).output().at("run", Path::new("git"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.trim().trim_start_matches("git version ").to_owned())
}

/// Runs `git lfs fetch` in `root`: for what `HEAD` names, or for all commits. Says in half a sentence why it failed.
pub fn lfs_fetch(root: &Path, remote: &str, is_all: bool) -> Result<(), String> {
    let mut git = Command::new("git");
    git.arg("-C").arg(root).args(["lfs", "fetch", remote]).args(is_all.then_some("--all"));
    let output = git.stdin(Stdio::null()).output().map_err(|error| format!("git cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    if text.contains("is not a git command") {
        return Err("git-lfs is not installed".to_owned());
    }
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty());
    Err(line.unwrap_or("it said nothing").to_owned())
}
