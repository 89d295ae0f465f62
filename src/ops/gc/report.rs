//! What a collection tells.

use serde::Serialize;

use crate::base::{Id, RepoPath};
use crate::packs::{Choice, Removed};

/// What `gc` did, or would do.
#[derive(Debug, Clone, Default, Serialize)]
pub struct GcReport {
    /// Whether nothing was changed since only that was asked.
    pub is_dry_run: bool,
    /// The remote; `null` for the cache.
    pub remote: Option<String>,
    /// Where it is.
    pub store: String,
    /// What was swept.
    #[serde(flatten)]
    pub swept: Swept,
}

/// What was swept in one pack store.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Swept {
    /// Bytes of all packs before, without those condemned earlier.
    pub all_bytes: u64,
    /// Roots that were dropped, or would be.
    pub dropped_roots: Vec<Id>,
    /// Roots that were replaced by narrower ones, or would be.
    pub narrowed_roots: Vec<Id>,
    /// Packs that were condemned, or would be.
    pub condemned_packs: u64,
    /// Their bytes.
    pub condemned_bytes: u64,
    /// Packs among them of which something is alive, and was copied.
    pub repacked_packs: u64,
    /// Bytes of condemned packs that wait for the end of their grace.
    pub waiting_bytes: u64,
    /// Packs that were removed, or would be.
    pub removed_packs: u64,
    /// Their bytes.
    pub removed_bytes: u64,
    /// Bytes of fresh packs that took what was alive.
    pub fresh_bytes: u64,
    /// Bytes of dead objects in packs that stay.
    pub wasted_bytes: u64,
    /// Chunks and pages that are needed and that no pack has.
    pub missing: u64,
    /// Lists that revisions name, and that neither the cache nor any remote is known to have: what they lead to is not
    /// known, so all stays that no remote has. Of the cache only.
    pub unclear_lists: u64,
    /// The same of pointers that this esker cannot read.
    pub unclear_pointers: u64,
    /// The same of a clone that does not know its past.
    pub is_shallow: bool,
    /// Files whose data would go; of a dry run only.
    pub files: Vec<GcFile>,
}

/// A file of some version of a dataset, whose data would go.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct GcFile {
    /// The dataset.
    pub dataset: RepoPath,
    /// The id of its version.
    pub id: Id,
    /// The file in it; empty if the dataset is a file.
    pub path: RepoPath,
    /// Bytes of its data that would go, before compression.
    pub bytes: u64,
}

impl Swept {
    /// Whether it is not known of everything whether it is needed.
    pub fn is_unclear(&self) -> bool {
        self.unclear_lists > 0 || self.unclear_pointers > 0 || self.is_shallow
    }

    pub(super) fn choose(&mut self, choice: &Choice) {
        self.all_bytes = choice.all_bytes;
        self.condemned_packs = (choice.dead.len() + choice.repacked.len()) as u64;
        self.condemned_bytes = choice.bytes;
        self.repacked_packs = choice.repacked.len() as u64;
        self.wasted_bytes = choice.wasted_bytes;
    }

    pub(super) fn count(&mut self, removed: &Removed) {
        self.removed_packs += removed.packs;
        self.removed_bytes += removed.bytes;
        self.fresh_bytes += removed.fresh_bytes;
    }
}

/// What `gc --undo` brought back.
#[derive(Debug, Clone, Default, Serialize)]
pub struct UndoReport {
    /// The remote.
    pub remote: String,
    /// Each root that this clone dropped.
    pub roots: Vec<Restored>,
}

/// One root that was dropped.
#[derive(Debug, Clone, Serialize)]
pub struct Restored {
    /// Its name, under which it never comes back.
    pub dropped: Id,
    /// The root that keeps the same; `null` if some of its data is gone.
    pub root: Option<Id>,
    /// Its datasets.
    pub datasets: u64,
    /// Chunks and pages of it that are gone.
    pub missing: u64,
}
