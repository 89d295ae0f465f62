//! The file that a large new one replaces: it often has most of what the new one needs, and lies in memory where the
//! cache does not.

use crate::base::{Id, RepoPath, Stat};
use crate::format::pointer::Pointer;
use crate::format::tree::{self, Node};
use crate::worktree::{Reader, Source};

use super::aim::Aim;
use super::error::Error;
use super::pages::Pages;
use super::pointed;
use super::project::Project;
use super::stage::Task;
use super::version::Version;

/// A file of the worktree, and where its chunks lie in it.
pub struct Replaced {
    source: Source,
    /// Each with its offset, ascending by id.
    chunks: Vec<(Id, u64)>,
}

impl Replaced {
    /// The file that `task` replaces, if it is as esker left it. Whatever stands in the way, the cache has all of it too.
    pub fn by(task: &Task<'_>, aim: &Aim<'_>, project: &Project) -> Option<Replaced> {
        let stat = task.replaces()?;
        // No remote is asked for what would only be quicker.
        let pages = Pages::new(project, None).ok()?;
        let Node::File { id, bytes, chunks, .. } = before(task.path(), aim, &pages, project)? else { return None };
        let chunks = tree::file_chunks(&pages, &id, bytes, &chunks, 0..u64::MAX).ok()?;
        let chunks = chunks.map(|chunk| chunk.map(|(offset, chunk)| (chunk.id, offset)));
        let chunks = chunks.collect::<Result<Vec<_>, Error>>().ok()?;
        let reader = Reader::open(project.root()).ok()?;
        Replaced::open(reader, &aim.target.dataset.join(task.path()), &stat, chunks)
    }

    fn open(mut reader: Reader, path: &RepoPath, stat: &Stat, mut chunks: Vec<(Id, u64)>) -> Option<Replaced> {
        let source = reader.source(path, stat).ok()?;
        chunks.sort_unstable();
        Some(Replaced { source, chunks })
    }

    /// Fills `room` with a chunk. Says whether that was there: what was read is hashed, as from everywhere.
    pub fn read(&self, id: &Id, room: &mut [u8]) -> bool {
        let at = self.chunks.partition_point(|(known, _)| known < id);
        let offset = self.chunks.get(at).filter(|(known, _)| known == id).map(|(_, offset)| *offset);
        offset.is_some_and(|offset| self.source.read_at(room, offset).is_ok() && Id::of(room) == *id)
    }
}

/// What esker knows of the file in the worktree, unless that was edited since.
fn before(path: &RepoPath, aim: &Aim<'_>, pages: &Pages<'_>, project: &Project) -> Option<Node> {
    let version = match aim.unedited(path)? {
        Version::File(Node::File { id, .. }) => Version::of(&pointer_before(&aim.target.dataset, id, project)?),
        version => version,
    };
    version.entry(pages, path).ok()?
}

/// The pointer of a file with that content: what was seen of it does not tell its chunks. It is the one in the worktree if that is
/// about to be replaced, or of the commit that Git has just left.
fn pointer_before(dataset: &RepoPath, id: Id, project: &Project) -> Option<Pointer> {
    let is_it = |pointer: &Pointer| pointer.id == id;
    let here = pointed::read(project, dataset).ok().flatten().filter(is_it);
    let at = |revision: &str| {
        let commit = project.repo().resolve(revision).ok()?;
        let there = pointed::at(project, &commit).ok()?;
        there.into_iter().find(|found| found.path == *dataset).map(|found| found.pointer).filter(is_it)
    };
    here.or_else(|| at("HEAD")).or_else(|| at("HEAD@{1}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::worktree::scan_one;

    #[test]
    fn what_is_there_no_more_is_not_given() {
        let root = tempfile::tempdir().unwrap();
        let path = RepoPath::new(b"file").unwrap();
        fs::write(path.below(root.path()), b"one two").unwrap();
        let stat = scan_one(root.path(), &path).unwrap().stat;
        let ids = [Id::of(b"one"), Id::of(b"two")];
        let chunks = vec![(ids[0], 0), (ids[1], 4)];
        let replaced = Replaced::open(Reader::open(root.path()).unwrap(), &path, &stat, chunks).unwrap();
        let mut room = [0; 3];
        assert!(replaced.read(&ids[0], &mut room) && &room == b"one");
        assert!(replaced.read(&ids[1], &mut room) && &room == b"two");
        assert!(!replaced.read(&Id::of(b"other"), &mut room));
        // Somebody writes into it while it is read.
        fs::write(path.below(root.path()), b"one six").unwrap();
        assert!(replaced.read(&ids[0], &mut room));
        assert!(!replaced.read(&ids[1], &mut room), "other bytes lie there now");
        fs::write(path.below(root.path()), b"one").unwrap();
        assert!(!replaced.read(&ids[1], &mut room), "nothing lies there now");
    }
}
