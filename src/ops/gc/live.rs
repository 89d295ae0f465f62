//! All chunks and pages that some versions lead to. Pages are read, chunks are not.

use std::collections::{HashMap, HashSet};

use crate::base::{Id, Job, Step};
use crate::format::manifest::{self, ChunkRef};
use crate::format::pages::Page;
use crate::format::root::{Dataset, Kind};
use crate::format::tree::{Chunks, Node, Tree};
use crate::packs::{IdSet, PackError, PackStore};

use super::super::error::Error;

/// So many ids are looked for in the index together, about: 32 MB.
const AT_ONCE: usize = 1 << 20;

/// What is alive in a store.
pub struct Live<'a> {
    /// Where pages are read first, if there is such a place.
    near: Option<&'a PackStore>,
    store: &'a PackStore,
    /// Whether the store may hold a part only: pages that it lacks are passed over.
    is_part: bool,
    /// All ids that were reached but for those at hand.
    ids: IdSet,
    at_hand: Vec<Id>,
    /// The pages that were opened, or are about to be. A file may have the bytes of a page, so being alive is not enough.
    opened: HashSet<Id>,
    /// Pages among them that the store lacks, if it may hold a part: what they lead to is not known.
    pub absent: HashSet<Id>,
}

/// What a page is a page of.
#[derive(Debug, Clone, Copy)]
enum Of {
    Tree,
    Manifest,
}

impl<'a> Live<'a> {
    /// Nothing is alive yet, as the empty set `ids` says. Pages come from `near`, and from `store` where that lacks one.
    pub fn new(near: Option<&'a PackStore>, store: &'a PackStore, ids: IdSet) -> Live<'a> {
        let (at_hand, opened, absent) = (Vec::new(), HashSet::new(), HashSet::new());
        Live { near, store, is_part: false, ids, at_hand, opened, absent }
    }

    /// The same for the cache, which holds of a version what was needed of it.
    pub fn of_part(cache: &'a PackStore, ids: IdSet) -> Live<'a> {
        Live { is_part: true, ..Live::new(None, cache, ids) }
    }

    /// From here on pages come from this store: it names what came since the other one was looked at.
    pub fn read_from(&mut self, store: &'a PackStore) {
        self.store = store;
    }

    /// All ids that were reached.
    pub fn ids(&mut self) -> &IdSet {
        self.ids.insert_all(&mut self.at_hand);
        &self.ids
    }

    /// The same, when nothing is to be added any more.
    pub fn into_ids(mut self) -> IdSet {
        self.ids();
        self.ids
    }

    /// All that a dataset of a root leads to is alive. Pages that lie far are read together, level by level.
    ///
    /// # Errors
    /// Those of pages that cannot be read: then it is not known what is alive.
    pub fn add(&mut self, dataset: &Dataset, job: &Job<'_>) -> Result<(), PackError> {
        let mut next = Vec::new();
        match dataset.kind {
            Kind::Folder => self.page(Of::Tree, &dataset.id, &mut next),
            Kind::File { manifest: Some(root) } => self.page(Of::Manifest, &root, &mut next),
            Kind::File { manifest: None } if dataset.bytes > 0 => self.at_hand.push(dataset.id),
            Kind::File { manifest: None } => {}
        }
        while !next.is_empty() {
            next = self.level(&next, job)?;
        }
        Ok(())
    }

    fn page(&mut self, of: Of, id: &Id, next: &mut Vec<(Of, Id)>) {
        if self.opened.insert(*id) {
            self.at_hand.push(*id);
            next.push((of, *id));
        }
    }

    /// Opens pages, and gives those that they name.
    fn level(&mut self, pages: &[(Of, Id)], job: &Job<'_>) -> Result<Vec<(Of, Id)>, PackError> {
        let mut next = Vec::new();
        let mut far = HashMap::new();
        for (of, id) in pages {
            job.check()?;
            match self.near.map(|near| near.read(id)) {
                Some(Ok(page)) => self.open(*of, id, page, &mut next)?,
                Some(Err(error)) if !error.is_about_data() => return Err(error),
                _ => drop(far.insert(*id, *of)),
            }
        }
        let store = self.store;
        if self.is_part {
            self.absent.extend(far.keys().filter(|id| store.find(id).is_none()));
        }
        let is_wanted = |id: &Id| far.contains_key(id) && !self.absent.contains(id);
        let ids: Vec<Id> = pages.iter().map(|(_, id)| *id).filter(is_wanted).collect();
        store.read_many(&ids, |id, page| {
            job.check()?;
            self.open(far[id], id, page.to_vec(), &mut next)
        })?;
        job.moved(Step::Compare, pages.len() as u64, 0);
        Ok(next)
    }

    fn open(&mut self, of: Of, id: &Id, page: Vec<u8>, next: &mut Vec<(Of, Id)>) -> Result<(), PackError> {
        let damaged = |cause| PackError::Page { store: self.store.name().to_owned(), id: *id, cause };
        match of {
            Of::Tree => {
                let page: Page<Tree> = Page::decode(page).map_err(damaged)?;
                page.links().iter().for_each(|link| self.page(of, &link.id, next));
                for entry in page.items() {
                    if let Node::File { id, bytes, chunks, .. } = entry.node {
                        self.file(&id, bytes, &chunks, next);
                    }
                }
            }
            Of::Manifest => {
                let page: manifest::Page = Page::decode(page).map_err(damaged)?;
                page.links().iter().for_each(|link| self.page(of, &link.id, next));
                self.at_hand.extend(page.items().map(|chunk| chunk.id));
            }
        }
        if self.at_hand.len() >= AT_ONCE {
            self.ids();
        }
        Ok(())
    }

    fn file(&mut self, id: &Id, bytes: u64, chunks: &Chunks, next: &mut Vec<(Of, Id)>) {
        match chunks {
            Chunks::Whole => self.at_hand.extend(ChunkRef::whole(*id, bytes).iter().map(|chunk| chunk.id)),
            Chunks::Inline(chunks) => self.at_hand.extend(chunks.iter().map(|chunk| chunk.id)),
            Chunks::Paged(root) => self.page(Of::Manifest, root, next),
        }
    }
}

impl From<PackError> for Stopped {
    fn from(cause: PackError) -> Stopped {
        Stopped(cause)
    }
}

/// Why it is not known what is alive.
pub struct Stopped(pub PackError);

impl Stopped {
    /// The error of a collection that changed nothing, since this root leads to something that cannot be read.
    pub fn at(self, store: &str, root: &Id) -> Error {
        match self.0 {
            PackError::Cancelled(cancelled) => cancelled.into(),
            cause if cause.is_about_data() => {
                Error::RootUnread { store: store.to_owned(), root: *root, cause: Box::new(cause) }
            }
            cause => cause.into(),
        }
    }
}
