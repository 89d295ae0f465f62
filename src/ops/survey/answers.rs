//! What a survey knows: of single paths, and what is to be remembered of all of them.

use super::super::error::Error;
use super::super::project::Project;
use super::super::seen;
use super::super::version::Version;
use super::{Difference, Survey};
use crate::base::{FileKind, Id, RepoPath, Stat};
use crate::format::seen::Record;
use crate::format::tree::{Chunks, Node};
use crate::worktree::Found;

impl Survey {
    /// What the worktree was last made equal to.
    pub fn version(&self) -> Version {
        match self.base {
            None => Version::Nothing,
            Some(id) if self.file.is_of_a_file() => {
                // Only the id and the executable bit are known, and only they are compared.
                let executable = self.file.is_executable();
                Version::File(Node::File { executable, bytes: 0, id, chunks: Chunks::Whole })
            }
            Some(id) => Version::Folder(id),
        }
    }

    /// The stat of what is at `path`; `None` if nothing is.
    pub fn stat(&self, path: &RepoPath) -> Option<Stat> {
        let at = self.found.binary_search_by(|found| found.path.cmp(path)).ok()?;
        Some(self.found[at].stat)
    }

    /// The id and the stat of the file at `path`; `None` if no file is there.
    pub fn file_at(&self, path: &RepoPath) -> Option<(Id, Stat)> {
        let at = self.found.binary_search_by(|found| found.path.cmp(path)).ok()?;
        let is_file = matches!(self.found[at].kind, FileKind::File { .. });
        is_file.then(|| (self.ids[at], self.found[at].stat))
    }

    /// What differs at `path`.
    pub fn difference(&self, path: &RepoPath) -> Option<&Difference> {
        let at = self.differences.binary_search_by(|difference| difference.path.cmp(path)).ok()?;
        Some(&self.differences[at])
    }

    /// Whether an empty folder is at `path`.
    pub fn is_empty_folder(&self, path: &RepoPath) -> bool {
        let at = self.found.binary_search_by(|found| found.path.cmp(path));
        at.is_ok_and(|at| self.found[at].kind == FileKind::EmptyFolder)
    }

    /// What is in the worktree below `path`.
    pub fn below<'a>(&'a self, path: &'a RepoPath) -> impl Iterator<Item = &'a RepoPath> {
        let after = self.found.partition_point(|found| found.path <= *path);
        let begins = |found: &&Found| found.path.as_bytes().starts_with(path.as_bytes());
        self.found[after..].iter().take_while(begins).map(|found| &found.path).filter(|found| found.is_in(path))
    }

    /// How many paths were seen when the worktree was last made equal to the base.
    pub fn seen_count(&self) -> u64 {
        self.file.seen().map_or(0, |seen| seen.len() as u64)
    }

    /// The paths that were seen when the worktree was last made equal to the base.
    pub fn seen_paths(&self) -> impl Iterator<Item = RepoPath> {
        let records = self.file.seen().map(|seen| seen.records()).into_iter().flatten();
        records.filter_map(|record| RepoPath::new(record.path).ok())
    }

    /// The paths that are here as they were seen last.
    pub fn known_here(&self) -> impl Iterator<Item = &RepoPath> {
        let is_known = |found: &&Found| self.base.is_some() && self.difference(&found.path).is_none();
        self.found.iter().filter(is_known).map(|found| &found.path)
    }

    /// Whether `node` is at `path`, and was when that was last seen.
    pub fn still_has(&self, path: &RepoPath, node: &Node) -> bool {
        let Ok(at) = self.found.binary_search_by(|found| found.path.cmp(path)) else { return false };
        let here = (seen::kind(&self.found[at].kind), self.ids[at]);
        here == seen::of_node(node) && self.difference(path).is_none()
    }

    /// What to remember once the worktree is, at the paths that `accepted` says, what it is now.
    ///
    /// Elsewhere, what was seen before stays, with a new stat where the content is the same. By path.
    pub fn records(&self, accepted: impl Fn(&[u8]) -> bool) -> Vec<Record<'_>> {
        let mut old = self.file.seen().map(|seen| seen.records()).into_iter().flatten().peekable();
        let mut records = Vec::with_capacity(self.found.len());
        for (found, id) in self.found.iter().zip(&self.ids) {
            let path = found.path.as_bytes();
            while let Some(gone) = old.next_if(|record| record.path < path) {
                records.extend((!accepted(gone.path)).then_some(gone));
            }
            let before = old.next_if(|record| record.path == path);
            let new = seen::record(found, *id);
            let is_same = before.is_some_and(|before| (before.kind, before.id) == (new.kind, new.id));
            records.extend(if accepted(path) || is_same { Some(new) } else { before });
        }
        records.extend(old.filter(|gone| !accepted(gone.path)));
        records
    }

    /// When the oldest of what was read was read; where nothing was, every record comes from what was seen before.
    pub fn read_at(&self) -> i64 {
        if self.files_read == 0 { i64::MAX } else { self.read_at }
    }

    /// Remembers that the worktree was made equal to `base`, at the paths that `accepted` says.
    pub fn remember(&self, project: &Project, base: Id, accepted: impl Fn(&[u8]) -> bool) -> Result<(), Error> {
        seen::remember(project, &self.dataset, base, self.records(accepted), self.read_at())
    }
}
