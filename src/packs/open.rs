//! A pack store: packs, index segments and roots in one store, and the catalog that tells where each chunk lies.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::base::{AtPath, Id, remove_if_there, replace_file};
use crate::format::compression::Compression;
use crate::format::segment::Segment;
use crate::format::store_config::{self, Access, StoreConfig};
use crate::store::{Key, LocalStore, Store, StoreError};

use super::catalog::{Catalog, Named, Place, open_segments, segments_in};
use super::error::PackError;
use super::layout;
use super::orphans::sent_folder;

/// A store of chunks. The cache is one, a remote is one.
pub struct PackStore {
    store: Arc<dyn Store>,
    index: Index,
    tuning: Tuning,
    catalog: RwLock<Arc<Catalog>>,
    /// Segments that are known to be damaged: set by `look`, for a store that is verified.
    passed_over: RwLock<HashSet<Id>>,
}

/// Where the index segments of a store lie on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Index {
    /// In the store itself, which is a folder.
    InPlace(PathBuf),
    /// Copies of a remote's segments, fetched once each.
    Copies(PathBuf),
}

/// How a store is best used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tuning {
    /// How hard new chunks are compressed.
    pub compression: Compression,
    /// How many packs are filled at once, at most.
    pub open_packs: usize,
    /// How many packs are stored at once.
    pub writers: usize,
    /// How many spans are read at once.
    pub readers: usize,
    /// Bytes between two chunks that are cheaper read than skipped.
    pub gap: u64,
    /// The longest span, in bytes.
    pub longest_span: u64,
}

impl Tuning {
    /// How many packs may be in memory, open or on their way to the store. More than can be open, so that one that is filled
    /// never waits for another that is open.
    pub fn packs_in_hand(&self) -> usize {
        self.open_packs + self.writers
    }
}

const LOCAL: Tuning = Tuning {
    compression: Compression::None,
    open_packs: 2,
    writers: 2,
    readers: 2,
    gap: 32 << 10,
    longest_span: 4 << 20,
};
const REMOTE: Tuning = Tuning {
    compression: Compression::Small,
    open_packs: 1,
    writers: 4,
    readers: 8,
    gap: 256 << 10,
    longest_span: 4 << 20,
};
/// As a remote, but a folder answers at once: a few threads are enough, and short spans stay in the processor's cache.
const FOLDER: Tuning = Tuning { readers: 4, gap: 64 << 10, longest_span: 1 << 20, ..REMOTE };

/// A segment of ten million chunks has 480 MB; more than this is no segment of ours.
const LARGEST_SEGMENT: u64 = 64 << 30;
/// The most that one request fetches of a segment, in bytes.
const SEGMENT_PART: u64 = 8 << 20;
/// How often the index is listed again because a segment vanished meanwhile.
const MOST_LISTINGS: usize = 4;

impl PackStore {
    /// The cache in `folder`, which is made if it is not there.
    pub fn cache(folder: &Path, compression: Compression) -> Result<PackStore, PackError> {
        let local = LocalStore::create(folder)?;
        let index = Index::InPlace(folder.join("index"));
        let tuning = Tuning { compression, ..LOCAL };
        let cache = PackStore::new(Arc::new(local), index, tuning);
        cache.check_config(!folder.join("config").exists())?;
        cache.reload()?;
        Ok(cache)
    }

    /// The cache in `folder` as it is, damaged or not: knows nothing before [`Self::look`].
    pub fn cache_to_verify(folder: &Path, compression: Compression) -> Result<PackStore, PackError> {
        let local = LocalStore::create(folder)?;
        Ok(PackStore::new(Arc::new(local), Index::InPlace(folder.join("index")), Tuning { compression, ..LOCAL }))
    }

    /// The remote `store`; copies of its index segments are kept in the folder `copies`.
    ///
    /// Makes no request: [`Self::refresh`] learns what it holds.
    pub fn remote(store: Arc<dyn Store>, copies: &Path) -> PackStore {
        let tuning = if store.blocks().is_some() { FOLDER } else { REMOTE };
        PackStore::new(store, Index::Copies(copies.to_owned()), tuning)
    }

    fn new(store: Arc<dyn Store>, index: Index, tuning: Tuning) -> PackStore {
        PackStore { store, index, tuning, catalog: RwLock::default(), passed_over: RwLock::default() }
    }

    /// The same store, for which all packs count that an index names but for `lost`. Of the cache, condemned ones still do
    /// not.
    pub(super) fn beside(&self, lost: HashSet<Id>) -> Result<PackStore, PackError> {
        let all = PackStore::new(Arc::clone(&self.store), self.index.clone(), self.tuning);
        all.avoid(lost)?;
        Ok(all)
    }

    /// The same with one thread of each kind: every run is the same.
    #[cfg(test)]
    pub fn in_step(self) -> PackStore {
        let tuning = Tuning { open_packs: 1, writers: 1, readers: 1, ..self.tuning };
        PackStore { tuning, ..self }
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        self.store.name()
    }

    /// The store below.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(super) fn shared_store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// How hard chunks are compressed that are stored here.
    pub fn compression(&self) -> Compression {
        self.tuning.compression
    }

    pub(super) fn tuning(&self) -> &Tuning {
        &self.tuning
    }

    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    /// Where packs leave a note until they are indexed: on the way to a remote.
    pub(super) fn notes(&self) -> Option<PathBuf> {
        match &self.index {
            Index::InPlace(_) => None,
            Index::Copies(copies) => Some(sent_folder(copies)),
        }
    }

    /// What is known now; stays as it is while others go on.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(&self.catalog.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set_catalog(&self, catalog: Catalog) {
        *self.catalog.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalog);
    }

    /// Where a chunk or a page lies, if an index knows.
    pub fn find(&self, id: &Id) -> Option<Place> {
        self.catalog().find(id)
    }

    /// Learns what the store holds now. Of a remote that takes one listing, and a request for each new segment.
    ///
    /// An empty store is one that holds nothing; `will_write` makes it a pack store by writing its `config`.
    pub fn refresh(&self, will_write: bool) -> Result<(), PackError> {
        if let Index::Copies(copies) = &self.index {
            self.check_config(will_write)?;
            self.fetch_index(copies)?;
        }
        self.reload()
    }

    /// Maps the segments that lie on this machine. What did not count before does not count after.
    pub fn reload(&self) -> Result<(), PackError> {
        self.avoid(self.catalog().avoided().clone())
    }

    /// The segments that lie on this machine, but for those that are passed over.
    pub(super) fn load(&self) -> Result<Catalog, PackError> {
        let passed_over = self.passed_over.read().unwrap_or_else(PoisonError::into_inner);
        Catalog::load_without(self.name(), self.index_folder(), &passed_over)
    }

    /// The same, to be merged: nobody is to look anything up in them.
    pub(super) fn load_segments(&self) -> Result<Vec<Named>, PackError> {
        let passed_over = self.passed_over.read().unwrap_or_else(PoisonError::into_inner);
        open_segments(self.name(), self.index_folder(), &passed_over)
    }

    /// From now on, these segments are as if they were not there.
    pub(super) fn pass_over(&self, segments: HashSet<Id>) {
        *self.passed_over.write().unwrap_or_else(PoisonError::into_inner) = segments;
    }

    /// Maps the segments that lie on this machine. Packs of `packs` do not count: chunks in them are absent. Nor do
    /// the packs that are condemned in the cache.
    pub(super) fn avoid(&self, mut packs: HashSet<Id>) -> Result<(), PackError> {
        // Condemned first: see `look_again`.
        packs.extend(self.condemned_here()?);
        let mut catalog = self.load()?;
        catalog.avoid(packs);
        self.set_catalog(catalog);
        Ok(())
    }

    /// Where the index segments lie on this machine.
    pub(super) fn index_folder(&self) -> &Path {
        let (Index::InPlace(folder) | Index::Copies(folder)) = &self.index;
        folder
    }

    /// The names of all roots: one listing.
    pub fn roots(&self) -> Result<HashSet<Id>, PackError> {
        self.ids_below(layout::ROOTS)
    }

    /// The ids at the ends of all keys below `prefix`.
    pub(super) fn ids_below(&self, prefix: &str) -> Result<HashSet<Id>, PackError> {
        let mut ids = HashSet::new();
        self.store.list(prefix, &mut |listed| ids.extend(layout::id_of(&listed.key)))?;
        Ok(ids)
    }

    pub(super) fn check_config(&self, will_write: bool) -> Result<(), PackError> {
        self.check_access(if will_write { Access::Write } else { Access::Read }, will_write)
    }

    /// Whether the store lets itself be used so. An empty store becomes a pack store if `will_write`.
    pub(super) fn check_access(&self, access: Access, will_write: bool) -> Result<(), PackError> {
        let key = layout::config();
        match self.store.get(&key, store_config::MAX_LEN as u64) {
            Ok(bytes) => StoreConfig::parse(&bytes)
                .and_then(|config| config.allow(access))
                .map_err(|cause| PackError::Object { store: self.name().to_owned(), key, cause }),
            Err(StoreError::Missing { .. }) if will_write => {
                self.store.put(&key, &StoreConfig::default().to_bytes())?;
                Ok(())
            }
            Err(StoreError::Missing { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Learns of every segment that a remote has, also while others replace some: for those who remove things. Nothing
    /// is to be learnt of the cache.
    ///
    /// # Errors
    /// `Missing` if segments vanish as fast as they are listed.
    pub(super) fn fetch_whole_index(&self) -> Result<(), PackError> {
        let Index::Copies(copies) = &self.index else { return Ok(()) };
        for _ in 0..MOST_LISTINGS {
            if self.fetch_index(copies)?.is_none() {
                return Ok(());
            }
        }
        match self.fetch_index(copies)? {
            Some(key) => Err(StoreError::Missing { store: self.name().to_owned(), key }.into()),
            None => Ok(()),
        }
    }

    /// Brings the copies in step with the remote's segments. Tells of a segment that vanished after it was listed.
    pub(super) fn fetch_index(&self, copies: &Path) -> Result<Option<Key>, PackError> {
        let mut listed = Vec::new();
        self.store.list(layout::INDEX, &mut |found| {
            listed.extend(layout::id_of(&found.key).map(|id| (id, found.bytes)));
        })?;
        fs::create_dir_all(copies).at("create", copies)?;
        let mut stale: HashSet<Id> = segments_in(copies)?.into_iter().collect();
        let mut vanished = None;
        for (id, bytes) in listed {
            if !stale.remove(&id) && !self.fetch_segment(copies, &id, bytes)? {
                vanished = Some(layout::segment(&id));
            }
        }
        for id in stale {
            remove_if_there(&copies.join(id.to_string()))?;
        }
        Ok(vanished)
    }

    /// Says whether the segment was there.
    fn fetch_segment(&self, copies: &Path, id: &Id, len: u64) -> Result<bool, PackError> {
        let key = layout::segment(id);
        let damaged = |cause| PackError::Object { store: self.name().to_owned(), key: key.clone(), cause };
        let mut bytes = Vec::new();
        for start in (0..len.min(LARGEST_SEGMENT)).step_by(SEGMENT_PART as usize) {
            match self.store.read(&key, start..len.min(start + SEGMENT_PART)) {
                Ok(part) => bytes.extend_from_slice(&part),
                // Somebody merged it into another since it was listed, which the next refresh will see.
                Err(StoreError::Missing { .. }) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        let found = Segment::open(&bytes).and_then(|segment| segment.check()).map_err(damaged)?;
        if found != *id {
            return Err(damaged(crate::format::FormatError::damaged("index segment", "it is not what its name says")));
        }
        replace_file(&copies.join(id.to_string()), &bytes)?;
        Ok(true)
    }
}
