//! What was seen of the worktree last time: one file for each dataset, of this worktree only.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;

use crate::base::{AtPath, FileKind, Id, PathResult, RepoPath, Stat, remove_if_there, replace_file};
use crate::format::seen::{self, Header, Kind, Record, Seen};
use crate::format::tree::Node;
use crate::worktree::{self, Found};

use super::error::Error;
use super::project::Project;

/// A stat is believed across a reboot if its file is older than this when it is seen, in nanoseconds: what was written
/// earlier had been on disk for long when the power went.
const SETTLED_NS: i64 = 600_000_000_000;

/// What was seen of one dataset, as it lies on disk.
#[derive(Debug, Default)]
pub struct SeenFile {
    bytes: Vec<u8>,
}

impl SeenFile {
    /// Reads what was seen of `dataset`. Nothing, if the file is missing or damaged.
    pub fn load(project: &Project, dataset: &RepoPath) -> SeenFile {
        let bytes = fs::read(place(project, dataset)).unwrap_or_default();
        let belongs = Seen::decode(&bytes).is_ok_and(|seen| seen.header.dataset == dataset.as_bytes());
        SeenFile { bytes: if belongs { bytes } else { Vec::new() } }
    }

    /// The id of the pointer that the worktree was last made equal to.
    pub fn base(&self) -> Option<Id> {
        self.seen()?.header.base
    }

    /// Whether the dataset was a file.
    pub fn is_of_a_file(&self) -> bool {
        self.seen().is_some_and(|seen| seen.records().next().is_some_and(|record| record.path.is_empty()))
    }

    /// Whether the dataset was a file that its owner may execute.
    pub fn is_executable(&self) -> bool {
        let first = self.seen().and_then(|seen| seen.records().next());
        first.is_some_and(|record| record.path.is_empty() && record.kind == Kind::Executable)
    }

    /// What was seen; `None` if nothing is known.
    pub fn seen(&self) -> Option<Seen<'_>> {
        // load() checked it; an empty file decodes to nothing.
        Seen::decode(&self.bytes).ok()
    }
}

/// Whether the stat of a record still says something: not after a reboot that may have lost the bytes.
pub fn is_trusted(header: &Header<'_>, record: &Record<'_>, boot_id: &[u8; 16]) -> bool {
    header.boot_id == *boot_id || record.stat.ctime < header.written_at.saturating_sub(SETTLED_NS)
}

/// Remembers that `dataset` is what the pointer id `base` says: its files, and the id of each.
///
/// `read_at` is when the oldest of them was read. A file that may have changed since within a tick of the clock is
/// remembered with a stat that no file has, so that it is read again.
pub fn remember<'a>(
    project: &Project,
    dataset: &RepoPath,
    base: Id,
    files: impl IntoIterator<Item = Record<'a>>,
    read_at: i64,
) -> Result<(), Error> {
    let header = Header {
        boot_id: worktree::boot_id(),
        written_at: worktree::now(),
        base: Some(base),
        dataset: dataset.as_bytes(),
    };
    let files = files.into_iter().map(|mut record| {
        if worktree::is_racy(record.stat.ctime, read_at) {
            record.stat.ctime = NEVER;
        }
        record
    });
    Ok(write(project, dataset, &seen::encode(&header, files))?)
}

/// Remembers of `to` what was seen of `from`, since the data was moved there.
///
/// `stat` is that of a dataset that is one file, which has got a new ctime by the move.
pub fn carry_over(project: &Project, from: &RepoPath, to: &RepoPath, stat: Option<Stat>) -> Result<(), Error> {
    let file = SeenFile::load(project, from);
    let Some(seen) = file.seen() else { return Ok(()) };
    let header = Header { dataset: to.as_bytes(), ..seen.header };
    let records = seen.records().map(|record| match stat {
        Some(stat) if record.path.is_empty() => Record { stat, ..record },
        _ => record,
    });
    Ok(write(project, to, &seen::encode(&header, records))?)
}

fn write(project: &Project, dataset: &RepoPath, bytes: &[u8]) -> PathResult<()> {
    let path = place(project, dataset);
    let folder = path.parent().expect("place() joins names");
    fs::create_dir_all(folder).at("create", folder)?;
    replace_file(&path, bytes)
}

/// A ctime that no file has: 1677.
const NEVER: i64 = i64::MIN;

/// Forgets a dataset.
pub fn forget(project: &Project, dataset: &RepoPath) -> PathResult<()> {
    remove_if_there(&place(project, dataset))
}

/// The datasets of which something was seen.
pub fn known(project: &Project) -> Result<Vec<RepoPath>, Error> {
    let folder = project.worktree_state().join("seen");
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).at("read", &folder)?,
    };
    let mut known = Vec::new();
    for entry in entries {
        let path = entry.at("read", &folder)?.path();
        let mut start = Vec::new();
        let read = fs::File::open(&path).and_then(|file| file.take(seen::START_LEN as u64).read_to_end(&mut start));
        // A file that is gone or cannot be read is nothing seen.
        let dataset = read.ok().and_then(|_| seen::dataset_of(&start));
        known.extend(dataset.and_then(|dataset| RepoPath::new(dataset).ok()));
    }
    Ok(known)
}

/// How many datasets have a file of seen records that cannot be read.
pub fn damaged(project: &Project) -> Result<usize, Error> {
    let folder = project.worktree_state().join("seen");
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error).at("read", &folder)?,
    };
    let mut damaged = 0;
    for entry in entries {
        let bytes = fs::read(entry.at("read", &folder)?.path()).unwrap_or_default();
        damaged += usize::from(Seen::decode(&bytes).is_err());
    }
    Ok(damaged)
}

fn place(project: &Project, dataset: &RepoPath) -> PathBuf {
    let name = Id::of(dataset.as_bytes()).to_string();
    project.worktree_state().join("seen").join(&name[..32])
}

/// The record of something that was found, whose content has that id.
pub fn record<'a>(found: &'a Found, id: Id) -> Record<'a> {
    Record { path: found.path.as_bytes(), kind: kind(&found.kind), stat: found.stat, id }
}

/// The kind of a record for something that was found.
pub fn kind(kind: &FileKind) -> Kind {
    match kind {
        FileKind::File { executable: false } => Kind::File,
        FileKind::File { executable: true } => Kind::Executable,
        FileKind::Symlink { .. } => Kind::Symlink,
        FileKind::EmptyFolder => Kind::EmptyFolder,
    }
}

/// The id of what is no file: of a symlink the hash of its target, of an empty folder that of nothing.
pub fn id_of_no_file(kind: &FileKind) -> Id {
    match kind {
        FileKind::Symlink { target } => Id::of(target),
        FileKind::File { .. } | FileKind::EmptyFolder => Id::of(b""),
    }
}

/// The kind and the id of a record for an entry of a tree.
pub fn of_node(node: &Node) -> (Kind, Id) {
    match node {
        Node::File { executable: false, id, .. } => (Kind::File, *id),
        Node::File { executable: true, id, .. } => (Kind::Executable, *id),
        Node::Symlink { target } => (Kind::Symlink, Id::of(target)),
        Node::EmptyFolder => (Kind::EmptyFolder, Id::of(b"")),
    }
}
