//! What a survey found to differ. Of a million new files that is held by number only.

use super::super::ingest;
use super::{Survey, number};
use crate::base::{Id, RepoPath, side_by_side};
use crate::format::seen::Kind;
use crate::format::tree::{Chunks, Node};
use crate::packs::Content;

/// One path that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where, below the dataset; empty for the dataset itself.
    pub path: RepoPath,
    /// What was seen there last time.
    pub old: Option<(Kind, Id)>,
    /// What is there now.
    pub new: Option<Node>,
}

impl Survey {
    /// Whether anything differs.
    pub fn has_differences(&self) -> bool {
        !self.changed.is_empty() || !self.removed.is_empty()
    }

    /// What differs, by path.
    pub fn differences(&self) -> impl Iterator<Item = Difference> + '_ {
        let path = |at: &u32| &self.found[*at as usize].path;
        side_by_side(&self.changed, &self.removed, move |at, (gone, _)| path(at).cmp(gone)).map(|pair| match pair {
            (Some(at), _) => self.difference_of(*at),
            (None, Some((path, old))) => Difference { path: path.clone(), old: Some(*old), new: None },
            (None, None) => unreachable!("there is one"),
        })
    }

    /// What differs at `path`.
    pub fn difference(&self, path: &RepoPath) -> Option<Difference> {
        match self.found.binary_search_by(|found| found.path.cmp(path)) {
            Ok(at) => self.is_changed(number(at)).then(|| self.difference_of(number(at))),
            Err(_) => {
                let at = self.removed.binary_search_by(|(gone, _)| gone.cmp(path)).ok()?;
                Some(Difference { path: path.clone(), old: Some(self.removed[at].1), new: None })
            }
        }
    }

    /// Whether the `at`th of what was found differs.
    pub(super) fn is_changed(&self, at: u32) -> bool {
        self.changed.binary_search(&at).is_ok()
    }

    /// What was seen where the `at`th of what was found is, if that is another thing.
    pub(super) fn before(&self, at: u32) -> Option<(Kind, Id)> {
        let found = self.before.binary_search_by_key(&at, |(at, _)| *at).ok()?;
        Some(self.before[found].1)
    }

    fn difference_of(&self, at: u32) -> Difference {
        let path = self.found[at as usize].path.clone();
        Difference { path, old: self.before(at), new: Some(self.node(at)) }
    }

    /// What the `at`th of what was found is, if it differs.
    fn node(&self, at: u32) -> Node {
        let found = &self.found[at as usize];
        ingest::node(&found.kind, || Content {
            id: self.ids[at as usize],
            bytes: found.stat.bytes,
            chunks: self.chunks.get(&at).cloned().unwrap_or(Chunks::Whole),
        })
    }

    /// What a dataset is that is a file, if it differs from what was seen.
    pub fn file(&self) -> Option<Node> {
        self.differences().find_map(|difference| difference.new)
    }
}
