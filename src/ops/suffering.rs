//! The files whose data is nowhere, by name.

use std::collections::{BTreeSet, HashSet};

use crate::base::{Id, RepoPath};
use crate::format::manifest::Visit;
use crate::format::tree::{ChunkRef, Entry, VisitTree};

use super::error::{Error, MOST_NAMED};
use super::pages::Pages;
use super::pointed::Selected;
use super::version::{Version, reach};

/// The files of `wanted` that need one of `absent`, pages or chunks. Where a page of a tree is absent, it is the
/// dataset.
pub fn suffering(pages: &Pages<'_>, wanted: &[Selected], absent: &HashSet<Id>) -> Result<BTreeSet<RepoPath>, Error> {
    let mut files = BTreeSet::new();
    for selected in wanted {
        let mut search = Search { absent, selected, file: None, files: &mut files };
        reach(pages, &Version::of(&selected.dataset.pointer), &mut search)?;
    }
    Ok(files)
}

/// The error that names these files.
pub fn missing(files: &BTreeSet<RepoPath>, stores: Vec<String>) -> Error {
    let count = files.len();
    Error::DataMissing { files: files.iter().take(MOST_NAMED).cloned().collect(), count, stores }
}

struct Search<'a> {
    absent: &'a HashSet<Id>,
    selected: &'a Selected,
    /// The file at hand, below the dataset; `None` where that is not known.
    file: Option<RepoPath>,
    files: &'a mut BTreeSet<RepoPath>,
}

impl Search<'_> {
    fn look(&mut self, id: &Id) -> bool {
        let is_absent = self.absent.contains(id);
        if is_absent {
            let file = self.file.clone().unwrap_or_default();
            self.files.insert(self.selected.dataset.path.join(&file));
        }
        !is_absent
    }
}

impl Visit<Error> for Search<'_> {
    fn page(&mut self, id: &Id) -> Result<bool, Error> {
        Ok(self.look(id))
    }

    fn chunk(&mut self, chunk: &ChunkRef) -> Result<(), Error> {
        self.look(&chunk.id);
        Ok(())
    }
}

impl VisitTree<Error> for Search<'_> {
    fn entry(&mut self, entry: &Entry) -> Result<bool, Error> {
        self.file = Some(entry.path.clone());
        Ok(entry.path.is_in(&self.selected.inside))
    }

    fn is_wanted(&mut self, _after: Option<&RepoPath>, _last: &RepoPath) -> bool {
        // A page of the tree comes next: whose files it holds, nobody knows yet.
        self.file = None;
        true
    }
}
