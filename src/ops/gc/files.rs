//! The files whose data would go, by name.

use crate::base::{Id, RepoPath};
use crate::format::FormatError;
use crate::format::manifest::{self, Visit};
use crate::format::root::{Dataset, Kind};
use crate::format::tree::{self, ChunkRef, Entry, Pages, VisitTree};
use crate::packs::{IdSet, PackError, PackStore};

use super::report::GcFile;

/// The files of a version that need something which is there and not alive. Pages come from `near`, else from `store`.
///
/// What cannot be read is passed over: it is lost anyway.
pub fn dying(
    near: Option<&PackStore>,
    store: &PackStore,
    dataset: &Dataset,
    live: &IdSet,
) -> Result<Vec<GcFile>, PackError> {
    let pages = Both { near, store };
    let mut search = Search { dataset, store, live, files: Vec::new(), path: RepoPath::default() };
    let reached = match dataset.kind {
        Kind::Folder => tree::reach(&pages, &dataset.id, &mut search),
        Kind::File { manifest: Some(id) } => {
            manifest::reach(&pages, &manifest::Root { id, bytes: dataset.bytes }, &mut search)
        }
        Kind::File { manifest: None } => {
            ChunkRef::whole(dataset.id, dataset.bytes).iter().try_for_each(|chunk| search.chunk(chunk))
        }
    };
    match reached {
        Err(error) if !error.is_about_data() => Err(error),
        _ => Ok(search.files),
    }
}

struct Both<'a> {
    near: Option<&'a PackStore>,
    store: &'a PackStore,
}

impl Pages for Both<'_> {
    type Error = PackError;

    fn page(&self, id: &Id) -> Result<Vec<u8>, PackError> {
        match self.near.map(|near| near.read(id)) {
            Some(Ok(page)) => Ok(page),
            Some(Err(error)) if !error.is_about_data() => Err(error),
            _ => self.store.read(id),
        }
    }

    fn damaged(&self, id: &Id, cause: FormatError) -> PackError {
        PackError::Page { store: self.store.name().to_owned(), id: *id, cause }
    }
}

struct Search<'a> {
    dataset: &'a Dataset,
    store: &'a PackStore,
    live: &'a IdSet,
    files: Vec<GcFile>,
    /// The file at hand.
    path: RepoPath,
}

impl Visit<PackError> for Search<'_> {
    fn page(&mut self, id: &Id) -> Result<bool, PackError> {
        // All that a page leads to is alive if the page is.
        Ok(!self.live.contains(id))
    }

    fn chunk(&mut self, chunk: &ChunkRef) -> Result<(), PackError> {
        if self.live.contains(&chunk.id) || self.store.find(&chunk.id).is_none() {
            return Ok(());
        }
        if self.files.last().is_none_or(|file| file.path != self.path) {
            let (dataset, id) = (self.dataset.path.clone(), self.dataset.id);
            self.files.push(GcFile { dataset, id, path: self.path.clone(), bytes: 0 });
        }
        let file = self.files.last_mut().expect("one was just put there");
        file.bytes += u64::from(chunk.bytes);
        Ok(())
    }
}

impl VisitTree<PackError> for Search<'_> {
    fn entry(&mut self, entry: &Entry) -> Result<bool, PackError> {
        self.path = entry.path.clone();
        Ok(true)
    }
}
