//! What a store has, gone through id by id to choose some of it.

use std::sync::Arc;

use crate::format::segment::SegmentPack;

use super::super::catalog::{Catalog, packs_in};
use super::id_set::IdSet;
use super::in_order::{Entry, in_order};

/// What is known of a chunk or a page that a store had when it was looked at.
pub struct Known<'k> {
    /// Its entries in the index of the store.
    entries: &'k [Entry],
    /// Whether another store has it too.
    pub is_elsewhere: bool,
    /// Whether it lies in a pack that is there, and that nobody condemned.
    pub is_open: bool,
    /// Whether such a pack is young.
    pub is_young: bool,
    /// Whether it is a page.
    pub is_page: bool,
}

/// What is known of a pack.
#[derive(Debug, Clone, Copy, Default)]
pub struct PackState {
    /// Whether it is there, and nobody condemned it.
    pub is_open: bool,
    /// Whether it is young.
    pub is_young: bool,
    /// Whether it holds pages.
    pub is_of_pages: bool,
}

impl Known<'_> {
    /// Whether it is in a set by the same index.
    pub fn is_in(&self, ids: &IdSet) -> bool {
        self.entries.iter().any(|entry| ids.has_entry(entry.segment as usize, entry.number as usize))
    }
}

/// Those of all ids in `catalog` of which `is_wanted` says so.
pub fn select(
    catalog: &Arc<Catalog>,
    elsewhere: &[Catalog],
    state: impl Fn(&SegmentPack) -> PackState,
    is_wanted: &mut dyn FnMut(&Known<'_>) -> bool,
) -> IdSet {
    let states = catalog.segments().map(|(_, segment)| {
        let packs = packs_in(segment).into_iter();
        packs.map(|pack| pack.map(|pack| state(&pack)).unwrap_or_default()).collect::<Vec<PackState>>()
    });
    let states: Vec<Vec<PackState>> = states.collect();
    let of_entry = |entry: &Entry| states[entry.segment as usize].get(entry.pack as usize).copied().unwrap_or_default();
    let mut chosen = IdSet::new(catalog, false);
    let catalogs: Vec<&Catalog> = std::iter::once(&**catalog).chain(elsewhere).collect();
    in_order(&catalogs, |entries| {
        let (here, others) = entries.split_at(entries.partition_point(|entry| entry.catalog == 0));
        let states = || here.iter().map(of_entry);
        let known = Known {
            entries: here,
            is_elsewhere: !others.is_empty(),
            is_open: states().any(|pack| pack.is_open),
            is_young: states().any(|pack| pack.is_open && pack.is_young),
            is_page: states().any(|pack| pack.is_of_pages),
        };
        if !here.is_empty() && is_wanted(&known) {
            chosen.insert_entries(here);
        }
    });
    chosen
}
