//! What `verify` is asked, and what it answers.

use serde::Serialize;

use crate::base::RepoPath;
use crate::packs::Fault;

/// What to verify, and how thoroughly.
#[derive(Debug, Clone, Default)]
pub struct VerifyOptions {
    /// Datasets, parts of them, folders that hold some; all if empty.
    pub paths: Vec<RepoPath>,
    /// Whether a remote is meant, and not the cache.
    pub is_remote: bool,
    /// Which remote, if not the default one.
    pub remote: Option<String>,
    /// Every commit that a ref reaches, and not only the newest of each.
    pub all_commits: bool,
    /// Read and hash the data, too: this share of all bytes, in percent.
    pub read_percent: Option<u8>,
    /// Mend what can be mended.
    pub repair: bool,
}

/// What was found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct VerifyReport {
    /// The address of the store, or the folder of the cache.
    pub store: String,
    /// What the project calls the remote; `None` for the cache.
    pub remote: Option<String>,
    /// Whether all is there and right, after a repair if one was asked for.
    pub is_sound: bool,
    /// How much was looked at.
    pub checked: Checked,
    /// Objects that are lost or damaged.
    pub faults: Vec<Fault>,
    /// Files whose data is not all there and right, by path.
    pub files: Vec<Suffering>,
    /// Datasets of which the remote lacks a version that no push has brought there yet, by path.
    pub unpushed: Vec<RepoPath>,
    /// Datasets of which the remote has a version that no root keeps: `gc` may take it, by path.
    pub unkept: Vec<RepoPath>,
    /// What a repair did; `None` if none was asked for.
    pub repaired: Option<Repaired>,
    /// After a repair, objects that are still lost or damaged.
    pub faults_left: Vec<Fault>,
    /// After a repair, files that still suffer.
    pub files_left: Vec<Suffering>,
}

/// How much was looked at.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Checked {
    /// Packs that are there.
    pub packs: u64,
    /// Packs that no index names: an interrupted run left them, and the next may take them up.
    pub unindexed_packs: u64,
    /// Packs that `gc` is about to remove.
    pub condemned_packs: u64,
    /// Index segments.
    pub segments: u64,
    /// Roots.
    pub roots: u64,
    /// Refs of this clone.
    pub refs: u64,
    /// Versions of datasets that they lead to.
    pub versions: u64,
    /// Different chunks that these lead to.
    pub chunks: u64,
    /// Different pages.
    pub pages: u64,
    /// Chunks and pages that are not in the cache, and that a remote is known to have.
    pub elsewhere: u64,
    /// Chunks that a thin cache leaves to files of the worktree, whose stats say that they are what was added.
    pub in_files: u64,
    /// Chunks and pages that lie in condemned packs only: `gc` copies them before it removes those.
    pub in_condemned: u64,
    /// What was read; `None` if no data was.
    pub data: Option<DataChecked>,
}

/// How much data was read.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DataChecked {
    /// Packs that were read.
    pub packs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Chunks and pages in them that are good.
    pub objects: u64,
    /// The bytes of packs that were not read this time.
    pub unread_bytes: u64,
}

/// A file of which something is lost or damaged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Suffering {
    /// The file; the dataset where it is not known which of its files suffer.
    pub path: RepoPath,
    /// The dataset that holds it.
    pub dataset: RepoPath,
    /// The revisions that have it so: names of refs, short commits, `worktree`, `index`.
    pub revisions: Vec<String>,
}

/// What a repair did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Repaired {
    /// Packs that an index names again.
    pub indexed_packs: u64,
    /// Objects that were moved to `quarantine/`.
    pub set_aside: Vec<String>,
    /// Chunks that were stored again.
    pub chunks: u64,
    /// Bytes of chunks and pages that were stored again.
    pub bytes: u64,
    /// Packs that were condemned: what is good of them lies elsewhere now.
    pub condemned_packs: u64,
    /// Packs that are gone, and that the index names no longer.
    pub forgotten_packs: u64,
    /// Roots that were put anew.
    pub renewed_roots: u64,
}
