//! What lies in a store, as a collector's look found it: packs, and the records that condemn some.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use crate::base::Id;
use crate::store::Listed;

use super::super::error::PackError;
use super::super::layout;
use super::super::open::PackStore;

/// Packs and records by name, as they were listed.
#[derive(Debug, Default)]
pub struct Stock {
    /// All packs, indexed or not.
    pub packs: HashMap<Id, Held>,
    /// When each record was put, by the store's clock; `None` if it came after the look.
    pub records: HashMap<Id, Option<SystemTime>>,
    /// Packs that the index names and that are not there.
    pub lost: HashSet<Id>,
}

/// One pack that is there.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// Its size.
    pub bytes: u64,
    /// When it was put, by the store's clock.
    pub modified: SystemTime,
}

impl Stock {
    /// Lists records, then the index, then packs: what the index names must be there, or somebody removed it.
    pub fn look(packs: &PackStore) -> Result<Stock, PackError> {
        let mut stock = Stock::default();
        list(packs, layout::CONDEMNED, |id, found| {
            stock.records.insert(id, Some(found.modified));
        })?;
        packs.fetch_whole_index()?;
        packs.avoid(stock.records.keys().copied().collect())?;
        list(packs, layout::PACKS, |id, found| {
            stock.packs.insert(id, Held { bytes: found.bytes, modified: found.modified });
        })?;
        let named = packs.catalog().packs().into_iter().map(|pack| pack.id);
        stock.lost = named.filter(|id| !stock.packs.contains_key(id)).collect();
        stock.avoid_lost(packs)?;
        Ok(stock)
    }

    /// Nothing that is condemned or lost counts.
    pub fn avoid_lost(&self, packs: &PackStore) -> Result<(), PackError> {
        packs.avoid(self.records.keys().chain(&self.lost).copied().collect())
    }

    /// Whether a pack is there, and nobody condemned it.
    pub fn is_open(&self, pack: &Id) -> bool {
        self.packs.contains_key(pack) && !self.records.contains_key(pack)
    }

    /// The latest time that any of it tells: the store's clock is not before it.
    pub fn latest(&self) -> Option<SystemTime> {
        self.packs.values().map(|held| held.modified).chain(self.records.values().copied().flatten()).max()
    }
}

fn list(packs: &PackStore, prefix: &str, mut each: impl FnMut(Id, Listed)) -> Result<(), PackError> {
    packs.store().list(prefix, &mut |found| {
        if let Some(id) = layout::id_of(&found.key) {
            each(id, found);
        }
    })?;
    Ok(())
}
