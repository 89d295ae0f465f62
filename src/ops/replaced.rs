//! The file that a large new one replaces: it often has most of what the new one needs, and lies in memory where the
//! cache does not.

use crate::base::{Id, RepoPath, Stat};
use crate::worktree::{Reader, Source};

use super::aim::Aim;
use super::earlier;
use super::project::Project;
use super::stage::Task;

/// A file of the worktree, and where its chunks lie in it.
pub struct Replaced {
    source: Source,
    /// Each with its offset, ascending by id.
    chunks: Vec<(Id, u64)>,
}

impl Replaced {
    /// The file that `task` replaces, if it is as esker left it. Whatever stands in the way, the cache has all of it too.
    pub fn by(task: &Task<'_>, aim: &Aim<'_>, project: &Project) -> Option<Replaced> {
        let (stat, dataset) = (task.replaces()?, &aim.target.dataset);
        let chunks = earlier::chunks(project, dataset, aim.unedited(task.path())?, task.path())?;
        let chunks = chunks.into_iter().map(|(offset, chunk)| (chunk.id, offset)).collect();
        Replaced::open(Reader::open(project.root()).ok()?, &dataset.join(task.path()), &stat, chunks)
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
