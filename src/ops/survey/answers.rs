//! What a survey knows: of single paths, and what is to be remembered of all of them.

use super::super::error::Error;
use super::super::project::Project;
use super::super::seen::{self, overlay};
use super::super::version::Version;
use super::{Survey, is_file, number};
use crate::base::{FileKind, Id, RepoPath, Stat};
use crate::format::seen::Change;
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
        is_file(&self.found[at]).then(|| (self.ids[at], self.found[at].stat))
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
        self.file.seen().map_or(0, |seen| seen.len())
    }

    /// The paths that were seen when the worktree was last made equal to the base.
    pub fn seen_paths(&self) -> impl Iterator<Item = RepoPath> {
        let records = self.file.seen().map(|seen| seen.records()).into_iter().flatten();
        records.filter_map(|record| RepoPath::new(record.path).ok())
    }

    /// The paths that are here as they were seen last.
    pub fn known_here(&self) -> impl Iterator<Item = &RepoPath> {
        let is_known = |(at, _): &(usize, &Found)| self.base.is_some() && !self.is_changed(number(*at));
        self.found.iter().enumerate().filter(is_known).map(|(_, found)| &found.path)
    }

    /// Whether `node` is at `path`, and was when that was last seen.
    pub fn still_has(&self, path: &RepoPath, node: &Node) -> bool {
        let Ok(at) = self.found.binary_search_by(|found| found.path.cmp(path)) else { return false };
        let here = (seen::kind(&self.found[at].kind), self.ids[at]);
        here == seen::of_node(node) && !self.is_changed(number(at))
    }

    /// What was seen otherwise, or not at all, once the worktree is, at the paths that `accepted` says, what it is now.
    ///
    /// Elsewhere, what was seen before stays, with a new stat where the content is the same. By path.
    pub fn changes<'a>(
        &'a self,
        accepted: impl Fn(&[u8]) -> bool + Copy + 'a,
    ) -> impl Iterator<Item = Change<'a>> + 'a {
        let is_new = move |at: &u32| {
            let found = &self.found[*at as usize];
            let now = (seen::kind(&found.kind), self.ids[*at as usize]);
            (accepted(found.path.as_bytes()) || self.before(*at) == Some(now)).then(|| {
                let record = seen::record(found, now.1);
                (record.path, Some(record))
            })
        };
        let gone = self.removed.iter().map(|(path, _)| (path.as_bytes(), None));
        overlay(self.doubtful.iter().filter_map(is_new), gone.filter(move |(path, _)| accepted(path)))
    }

    /// Remembers that the worktree was made equal to `base`, at the paths that `accepted` says.
    pub fn remember(&self, project: &Project, base: Id, accepted: impl Fn(&[u8]) -> bool + Copy) -> Result<(), Error> {
        self.remember_as(project, base, || self.changes(accepted))
    }

    /// Remembers that the worktree is what was seen before but for `changes`, by path, which is what `base` is.
    pub fn remember_as<'a, I: Iterator<Item = Change<'a>>>(
        &'a self,
        project: &Project,
        base: Id,
        changes: impl Fn() -> I,
    ) -> Result<(), Error> {
        // Where nothing was read, all of it is old.
        let read_at = if self.files_read == 0 { i64::MAX } else { self.read_at };
        seen::remember(project, &self.dataset, base, &self.file, changes, read_at)
    }
}
