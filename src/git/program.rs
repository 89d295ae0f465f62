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
