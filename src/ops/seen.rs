//! What was seen of the worktree last time: one file for each dataset, of this worktree only.

mod file;

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use crate::base::{AtPath, FileKind, Id, PathResult, RepoPath, Stat, side_by_side};
use crate::format::seen::{self, Change, Header, Kind, Record};
use crate::format::tree::Node;
use crate::worktree::{self, Found};

use super::error::Error;
use super::project::Project;

pub use file::SeenFile;
use file::{NEVER, dataset_at, is_of_later, place, write_whole};

/// Remembers that `dataset` is what the pointer id `base` says: what was seen before, which is `old`, but for `changes`, by
/// path. Where little changed, little is written.
///
/// `read_at` is when the oldest of what changed was read. A file that may have changed since within a tick of the clock is
/// remembered with a stat that no file has, so that it is read again.
pub fn remember<'a, I: Iterator<Item = Change<'a>>>(
    project: &Project,
    dataset: &RepoPath,
    base: Id,
    old: &'a SeenFile,
    changes: impl Fn() -> I,
    read_at: i64,
) -> Result<(), Error> {
    let header = header(dataset, Some(base));
    let changes = || {
        changes().map(|(path, mut record)| {
            if let Some(record) = record.as_mut().filter(|record| worktree::is_racy(record.stat.ctime, read_at)) {
                record.stat.ctime = NEVER;
            }
            (path, record)
        })
    };
    let place = made_place(project, dataset)?;
    if !old.write_later(&place, &header, changes())? {
        let old = old.seen().map(|seen| seen.believed(&header.boot_id)).into_iter().flatten();
        let all = overlay(old.map(|record| (record.path, Some(record))), changes());
        write_whole(&place, &seen::encode(&header, all.filter_map(|(_, record)| record)))?;
    }
    Ok(())
}

/// Two sets of changes by path: where both say something, the second does.
pub fn overlay<'a>(
    under: impl Iterator<Item = Change<'a>>,
    over: impl Iterator<Item = Change<'a>>,
) -> impl Iterator<Item = Change<'a>> {
    side_by_side(under, over, |(one, _), (other, _)| one.cmp(other)).filter_map(|(under, over)| over.or(under))
}

fn header(dataset: &RepoPath, base: Option<Id>) -> Header<'_> {
    Header { boot_id: worktree::boot_id(), written_at: worktree::now(), base, dataset: dataset.as_bytes() }
}

/// Remembers of `to` what was seen of `from`, since the data was moved there.
///
/// `stat` is that of a dataset that is one file, which has got a new ctime by the move.
pub fn carry_over(project: &Project, from: &RepoPath, to: &RepoPath, stat: Option<Stat>) -> Result<(), Error> {
    let file = SeenFile::load(project, from);
    let Some(seen) = file.seen() else { return Ok(()) };
    let header = header(to, seen.header().base);
    let records = seen.believed(&header.boot_id).map(|record| match stat {
        Some(stat) if record.path.is_empty() => Record { stat, ..record },
        _ => record,
    });
    Ok(write_whole(&made_place(project, to)?, &seen::encode(&header, records))?)
}

fn made_place(project: &Project, dataset: &RepoPath) -> PathResult<PathBuf> {
    let path = place(project, dataset);
    let folder = path.parent().expect("place() joins names");
    fs::create_dir_all(folder).at("create", folder)?;
    Ok(path)
}

/// Forgets a dataset.
pub fn forget(project: &Project, dataset: &RepoPath) -> PathResult<()> {
    file::remove(&place(project, dataset))
}

/// The datasets of which something was seen.
pub fn known(project: &Project) -> Result<Vec<RepoPath>, Error> {
    // A file that is gone or cannot be read is nothing seen.
    Ok(places(project)?.iter().filter_map(|place| dataset_at(place)).collect())
}

/// How many datasets have a file of seen records that cannot be read.
pub fn damaged(project: &Project) -> Result<usize, Error> {
    Ok(places(project)?.iter().filter(|place| !SeenFile::is_readable(place)).count())
}

/// Where something lies that was seen of a dataset.
fn places(project: &Project) -> Result<Vec<PathBuf>, Error> {
    let folder = project.worktree_state().join("seen");
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).at("read", &folder)?,
    };
    let paths = entries.map(|entry| Ok(entry.at("read", &folder)?.path())).collect::<PathResult<Vec<_>>>()?;
    Ok(paths.into_iter().filter(|path| !is_of_later(path)).collect())
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

#[cfg(test)]
mod tests;
