//! Large files that are about to get into Git itself, where they stay for good.

use serde::Serialize;

use crate::base::RepoPath;

use super::super::error::Error;
use super::super::project::Project;

/// A file of this size belongs in esker, not in Git; in bytes.
pub const LARGE: u64 = 10 << 20;

/// A large file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LargeFile {
    /// Where it is.
    pub path: RepoPath,
    /// Its size.
    pub bytes: u64,
}

/// The large files that are staged, and that `HEAD` has not got as they are.
pub fn large_staged(project: &Project) -> Result<Vec<LargeFile>, Error> {
    let staged = project.repo().large_staged(LARGE)?;
    Ok(staged.into_iter().map(|(path, bytes)| LargeFile { path, bytes }).collect())
}
