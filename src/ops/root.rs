//! The roots of a push: what a remote is asked to keep, for which commits.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::format::FormatError;
use crate::format::root::Root;

pub use crate::packs::random;

use super::acknowledged::in_root;
use super::error::Error;
use super::project::{PROJECT_FILE, Project};
use super::remotes::Remote;
use super::selection::Part;

/// So many datasets one root names; what is more goes into another, which names the same commits.
const MOST_DATASETS: usize = 100_000;

/// The roots for what goes to one remote.
///
/// # Errors
/// `Settings` if the project has no id: a collector could not tell its roots from those of others.
pub fn roots(project: &Project, part: &Part) -> Result<Vec<Root>, Error> {
    let repository = project.config().project_id().ok_or_else(|| Error::Settings {
        file: PROJECT_FILE.into(),
        cause: FormatError::damaged("configuration", "it has no `project.id`, which `esker init` writes"),
    })?;
    let created = seconds();
    let root = |wanted: &[super::pointed::Selected]| Root {
        repository,
        random: random(),
        created,
        commits: part.commits.iter().map(|commit| commit.as_bytes().into()).collect(),
        datasets: wanted.iter().map(|selected| in_root(&selected.dataset)).collect(),
    };
    Ok(part.wanted.chunks(MOST_DATASETS).map(root).collect())
}

/// Seconds since 1970, UTC.
fn seconds() -> u64 {
    #[cfg(test)]
    if crate::packs::is_loaded() {
        return 0;
    }
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Remembers that a push to `remote` looked again and found all that these roots rely on.
pub fn acknowledge(remote: &Remote, roots: &[Root]) {
    for root in roots {
        // The push is done. Without the copy, the next one looks at pages that it could have passed over.
        let _ = remote.packs.acknowledge(root);
    }
}
