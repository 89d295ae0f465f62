//! The phases of a collection, in the order in which they must come: look, choose, condemn; then those of `removing`.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rayon::prelude::*;

use crate::base::{Id, Job};
use crate::format::FormatError;
use crate::format::pack::PackKind;
use crate::format::segment::SegmentPack;
use crate::format::store_config::Access;

use super::super::catalog::Catalog;
use super::super::error::PackError;
use super::super::guiding::is_sound;
use super::super::layout;
use super::super::open::{Index, PackStore};
use super::super::writer::Written;
use super::choice::{Choice, choose};
use super::clock;
use super::id_set::IdSet;
use super::rescue::{Stopped, rescue};
use super::select::{Known, PackState, select};
use super::stock::Stock;

/// A collection in one pack store.
pub struct Sweep<'a> {
    pub(super) packs: &'a PackStore,
    /// The same store, in which condemned packs count too.
    pub(super) all: PackStore,
    /// The index as it was looked at: what is needed is told by its entries.
    looked_at: Arc<Catalog>,
    /// Whether something may lie in a pack that this index does not name, or be missing.
    keeps_others: bool,
    pub(super) stock: Stock,
    now: Option<SystemTime>,
    is_dry_run: bool,
}

/// What a collection removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// Packs that are no longer there.
    pub packs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Packs that took what was alive in them.
    pub fresh_packs: u64,
    /// Bytes of those.
    pub fresh_bytes: u64,
}

impl PackStore {
    /// Begins a collection: looks at what is there. With `is_dry_run` nothing will ever be written.
    ///
    /// Whoever needs roots lists them before: an index that is older than a root may not name all that it leads to.
    ///
    /// # Errors
    /// `Object` if the store has a feature that this program does not know, or a damaged segment.
    pub fn sweep(&self, is_dry_run: bool) -> Result<Sweep<'_>, PackError> {
        self.check_access(Access::Gc, false)?;
        let stock = Stock::look(self)?;
        let all = self.beside(stock.lost.clone())?;
        let looked_at = all.catalog();
        check_segments(self.name(), &looked_at)?;
        let named: HashSet<Id> = looked_at.packs().into_iter().map(|pack| pack.id).collect();
        let keeps_others =
            matches!(self.index(), Index::Copies(_)) || stock.packs.keys().any(|pack| !named.contains(pack));
        Ok(Sweep { packs: self, all, looked_at, keeps_others, stock, now: None, is_dry_run })
    }
}

impl Sweep<'_> {
    /// The store as it was looked at, to be read: condemned packs count too.
    pub fn everything(&self) -> Result<PackStore, PackError> {
        self.packs.beside(self.stock.lost.clone())
    }

    /// The same with what an index names by now: for what came since the look.
    pub fn everything_now(&self) -> Result<PackStore, PackError> {
        self.packs.fetch_whole_index()?;
        self.everything()
    }

    /// The empty set of ids, by what the store had when it was looked at.
    pub fn ids(&self) -> IdSet {
        IdSet::new(&self.looked_at, self.keeps_others)
    }

    /// How many of `live` no pack has.
    pub fn missing(&self, live: &IdSet) -> u64 {
        live.outside(&self.all.catalog()).collect::<HashSet<Id>>().len() as u64
    }

    /// How many bytes the packs have that are condemned and still there.
    pub fn condemned_bytes(&self) -> u64 {
        self.stock.records.keys().filter_map(|id| self.stock.packs.get(id)).map(|held| held.bytes).sum()
    }

    /// How many bytes these packs have, as far as they are there.
    pub fn bytes_of(&self, packs: &HashSet<Id>) -> u64 {
        packs.iter().filter_map(|id| self.stock.packs.get(id)).map(|held| held.bytes).sum()
    }

    /// Those of all ids that the store had when it was looked at, of which `is_wanted` says so. `elsewhere` are what other
    /// stores have; packs younger than `age`, by this store's clock, are young.
    pub fn those(
        &mut self,
        elsewhere: &[Catalog],
        age: Duration,
        mut is_wanted: impl FnMut(&Known<'_>) -> bool,
    ) -> Result<IdSet, PackError> {
        let is_old = self.is_older(age)?;
        let state = |pack: &SegmentPack| PackState {
            // A collection that was interrupted had looked who needs what is in the packs that it condemned.
            is_open: self.stock.is_open(&pack.id),
            is_young: self.stock.packs.get(&pack.id).is_some_and(|held| !is_old(held.modified)),
            is_of_pages: pack.kind == PackKind::Pages,
        };
        Ok(select(&self.looked_at, elsewhere, state, &mut is_wanted))
    }

    /// What time it is in the store; at least so late if nothing may be written. Asked once, and only when it matters.
    fn now(&mut self) -> Result<SystemTime, PackError> {
        let now = match self.now {
            Some(now) => now,
            None if self.is_dry_run => self.stock.latest().unwrap_or(SystemTime::UNIX_EPOCH),
            None => clock::now(self.packs)?,
        };
        self.now = Some(now);
        Ok(now)
    }

    pub(super) fn is_older(&mut self, than: Duration) -> Result<impl Fn(SystemTime) -> bool + use<>, PackError> {
        // Without any grace no clock is asked: it may be coarse, and what was put just now counts as old.
        let now = if than.is_zero() { None } else { Some(self.now()?) };
        Ok(move |at: SystemTime| now.is_none_or(|now| now.duration_since(at).is_ok_and(|age| age >= than)))
    }

    /// Chooses what is to go of the packs that are older than the grace.
    pub fn choose(&mut self, live: &IdSet, grace: Duration) -> Result<Choice, PackError> {
        let is_some_open = self.stock.packs.keys().any(|pack| self.stock.is_open(pack));
        let is_old = self.is_older(if is_some_open { grace } else { Duration::ZERO })?;
        Ok(choose(&self.stock, &self.looked_at, live, is_old))
    }

    /// Condemns the packs of a choice. What is alive in them is copied before, so that pushes need not send it again.
    pub fn condemn(&mut self, choice: &Choice, live: &IdSet, job: &Job<'_>) -> Result<Removed, PackError> {
        let copied = self.copy_alive(choice, live, job)?;
        self.packs.condemn(choice.packs())?;
        self.stock.records.extend(choice.packs().map(|pack| (pack, None)));
        Ok(copied)
    }

    /// Copies what is alive in the packs of a choice, and condemns none.
    pub fn copy_alive(&mut self, choice: &Choice, live: &IdSet, job: &Job<'_>) -> Result<Removed, PackError> {
        if choice.is_nothing() {
            return Ok(Removed::default());
        }
        let mut uncounted = self.packs.catalog().avoided().clone();
        uncounted.extend(choice.packs());
        self.packs.avoid(uncounted)?;
        let going: Vec<(Id, u64)> = choice.packs().filter_map(|id| self.held(&id)).collect();
        let written = match rescue(self.packs, &self.all, live, &going, job) {
            Ok(written) => written,
            Err(Stopped::Failed(error)) => return Err(error),
            // It is looked at once more before anything goes.
            Err(Stopped::Gone(_)) => Written::default(),
        };
        Ok(Removed { fresh_packs: written.packs, fresh_bytes: written.stored_bytes, ..Removed::default() })
    }
}

/// A segment that is not what its name says would make what is alive look dead.
fn check_segments(store: &str, catalog: &Catalog) -> Result<(), PackError> {
    let segments: Vec<_> = catalog.segments().collect();
    match segments.par_iter().find_any(|segment| !is_sound(segment)) {
        None => Ok(()),
        Some((id, _)) => Err(PackError::Object {
            store: store.to_owned(),
            key: layout::segment(id),
            cause: FormatError::damaged("index segment", "it is not what its name says"),
        }),
    }
}
