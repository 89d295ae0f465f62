//! Which packs are to go: those in which nothing is alive, and of those that are mostly dead as many as it takes.

use std::collections::HashMap;

use crate::base::Id;
use crate::format::pack::{ENTRY_LEN, HEADER_LEN, RECORD_LEN, TRAILER_LEN};

use super::super::catalog::{Catalog, packs_in};
use super::id_set::IdSet;
use super::in_order::{Entry, in_order};
use super::stock::Stock;

/// So much of all bytes may be dead: 1 in 20. To free the last of them would cost more than it gives.
const TOLERATED: u64 = 20;

/// What a collector is about to condemn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// Packs in which nothing is alive.
    pub dead: Vec<Id>,
    /// Packs in which so little is alive that it is copied elsewhere.
    pub repacked: Vec<Id>,
    /// Bytes of all these packs.
    pub bytes: u64,
    /// Bytes of what is alive in them, which others will take.
    pub alive_bytes: u64,
    /// Bytes of dead objects in the packs that stay.
    pub wasted_bytes: u64,
    /// Bytes of all packs that nobody condemned before.
    pub all_bytes: u64,
}

/// A pack that is a candidate, or that stays.
struct Weighed {
    id: Id,
    bytes: u64,
    alive: u64,
    may_go: bool,
}

impl Weighed {
    fn dead(&self) -> u64 {
        self.bytes.saturating_sub(self.alive)
    }
}

/// Chooses among the packs of `stock` that nobody condemned and that are old enough for `is_old`.
///
/// A chunk that lies in several packs is alive in one of them only: in that which has most that is alive.
pub fn choose(
    stock: &Stock,
    catalog: &Catalog,
    live: &IdSet,
    is_old: impl Fn(std::time::SystemTime) -> bool,
) -> Choice {
    let alive = alive_bytes(&Counting::of(stock, catalog), catalog, live);
    let mut choice = Choice::default();
    let mut stay = Vec::new();
    let mut packs: Vec<_> = stock.packs.iter().filter(|(id, _)| stock.is_open(id)).collect();
    packs.sort_by_key(|(id, _)| **id);
    for (id, held) in packs {
        let alive = alive.get(id).copied().unwrap_or(0).min(held.bytes);
        choice.all_bytes += held.bytes;
        let pack = Weighed { id: *id, bytes: held.bytes, alive, may_go: is_old(held.modified) };
        match (pack.alive, pack.may_go) {
            (0, true) => {
                choice.dead.push(pack.id);
                choice.bytes += pack.bytes;
            }
            _ => stay.push(pack),
        }
    }
    choice.repack(stay);
    choice
}

impl Choice {
    /// Takes the worst of those that stay until little enough is wasted.
    fn repack(&mut self, mut stay: Vec<Weighed>) {
        let mut dead: u64 = stay.iter().map(Weighed::dead).sum();
        let mut all: u64 = stay.iter().map(|pack| pack.bytes).sum();
        stay.retain(|pack| pack.may_go && pack.dead() > pack.bytes / TOLERATED);
        // The share of what is dead, in millionths; of equal ones the larger pack.
        stay.sort_by_key(|pack| {
            std::cmp::Reverse((
                u128::from(pack.dead()) * 1_000_000 / u128::from(pack.bytes.max(1)),
                pack.bytes,
                pack.id,
            ))
        });
        for pack in stay {
            if dead <= all / TOLERATED {
                break;
            }
            dead -= pack.dead();
            all -= pack.dead();
            self.repacked.push(pack.id);
            self.bytes += pack.bytes;
            self.alive_bytes += pack.alive;
        }
        self.wasted_bytes = dead;
    }

    /// All packs that are to go.
    pub fn packs(&self) -> impl Iterator<Item = Id> {
        self.dead.iter().chain(&self.repacked).copied()
    }

    /// Whether none is.
    pub fn is_nothing(&self) -> bool {
        self.dead.is_empty() && self.repacked.is_empty()
    }
}

/// The packs that are there and that nobody condemned, by number.
struct Counting {
    packs: Vec<Id>,
    /// For each segment, for each of its packs the number here.
    numbers: Vec<Vec<Option<usize>>>,
}

impl Counting {
    fn of(stock: &Stock, catalog: &Catalog) -> Counting {
        let (mut packs, mut known) = (Vec::new(), HashMap::new());
        let mut number = |pack: Id| {
            stock.is_open(&pack).then(|| *known.entry(pack).or_insert_with(|| (packs.push(pack), packs.len() - 1).1))
        };
        let numbers = catalog
            .segments()
            .map(|(_, segment)| packs_in(segment).into_iter().map(|pack| number(pack.ok()?.id)).collect());
        let numbers = numbers.collect();
        Counting { packs, numbers }
    }

    /// In which of them the chunk of these entries lies, if it is alive, and how many bytes it takes there.
    fn places<'e>(&'e self, entries: &'e [Entry], live: &'e IdSet) -> impl Iterator<Item = (usize, u64)> + 'e {
        let is_alive = |entry: &&Entry| live.has_entry(entry.segment as usize, entry.number as usize);
        entries.iter().filter(is_alive).filter_map(|entry| {
            let number = self.numbers[entry.segment as usize].get(entry.pack as usize).copied().flatten()?;
            Some((number, u64::from(entry.stored_len) + (RECORD_LEN + ENTRY_LEN) as u64))
        })
    }
}

/// How many bytes of each pack are alive, each chunk in one of its packs.
fn alive_bytes(counting: &Counting, catalog: &Catalog, live: &IdSet) -> HashMap<Id, u64> {
    let mut at_most = vec![0; counting.packs.len()];
    in_order(&[catalog], |entries| counting.places(entries, live).for_each(|(pack, bytes)| at_most[pack] += bytes));
    let mut alive = vec![0; counting.packs.len()];
    in_order(&[catalog], |entries| {
        let rank = |(pack, bytes): &(usize, u64)| (at_most[*pack], counting.packs[*pack], *bytes);
        if let Some((pack, bytes)) = counting.places(entries, live).max_by_key(rank) {
            alive[pack] += bytes;
        }
    });
    // What a pack has at its ends is no waste as long as something is alive in it.
    let ends = (HEADER_LEN + TRAILER_LEN) as u64;
    counting
        .packs
        .iter()
        .zip(alive)
        .filter(|(_, alive)| *alive > 0)
        .map(|(pack, alive)| (*pack, alive + ends))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(name: &str, bytes: u64, alive: u64, may_go: bool) -> Weighed {
        Weighed { id: Id::of(name.as_bytes()), bytes, alive, may_go }
    }

    fn repacked(stay: Vec<Weighed>) -> (Vec<Id>, u64) {
        let mut choice = Choice::default();
        choice.repack(stay);
        (choice.repacked, choice.wasted_bytes)
    }

    #[test]
    fn the_worst_are_repacked_until_little_is_wasted() {
        let worst = Id::of(b"worst");
        let stay = vec![pack("good", 1000, 980, true), pack("worst", 1000, 100, true), pack("bad", 1000, 930, true)];
        // 990 of 3000 are dead; without the worst, 90 of 2100.
        assert_eq!(repacked(stay), (vec![worst], 90));
    }

    #[test]
    fn a_little_waste_is_tolerated() {
        assert_eq!(repacked(vec![pack("a", 1000, 960, true), pack("b", 1000, 950, true)]), (vec![], 90));
    }

    #[test]
    fn a_young_pack_stays_however_bad() {
        assert_eq!(repacked(vec![pack("young", 1000, 1, false), pack("good", 1000, 999, true)]), (vec![], 1000));
    }
}
