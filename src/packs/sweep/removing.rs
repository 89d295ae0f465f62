//! The later phases of a collection, when the grace is over and the needs were looked at again: rescue, take out of the
//! index, remove.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use crate::base::{Id, Job, Step, Unit};

use super::super::error::PackError;
use super::super::layout;
use super::super::writer::Written;
use super::id_set::IdSet;
use super::phases::{Removed, Sweep};
use super::rescue::{Stopped, rescue};

/// A record stays for so long after its pack: who slept between two listings must still see it.
const RECORDS_STAY: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How often a rescue begins anew because somebody else removed what it was reading.
const MOST_ROUNDS: usize = 4;

impl Sweep<'_> {
    /// The condemned packs whose grace is over, and those that are gone and that an index still names.
    pub fn ripe(&mut self, grace: Duration) -> Result<HashSet<Id>, PackError> {
        let records: Vec<(Id, Option<SystemTime>)> = self.stock.records.iter().map(|(id, at)| (*id, *at)).collect();
        let (there, gone): (Vec<_>, Vec<_>) =
            records.into_iter().partition(|(id, _)| self.stock.packs.contains_key(id));
        let mut ripe: HashSet<Id> =
            gone.into_iter().map(|(id, _)| id).filter(|id| self.stock.lost.contains(id)).collect();
        if !there.is_empty() {
            let is_over = self.is_older(grace)?;
            // A record of this run has no time yet: it is ripe at once, or in a later run.
            let is_ripe = |at: Option<SystemTime>| at.map_or(grace.is_zero(), &is_over);
            ripe.extend(there.into_iter().filter(|(_, at)| is_ripe(*at)).map(|(id, _)| id));
        }
        Ok(ripe)
    }

    /// Removes ripe packs; `live` is what is needed, looked at after they were found ripe.
    ///
    /// What is alive and has no place elsewhere is copied first, then the index is written without the packs, and only
    /// then they go: a crash in between leaves nothing without its data.
    ///
    /// # Errors
    /// `Damaged` if something alive in them cannot be read: then nothing is removed.
    pub fn remove(&mut self, ripe: &HashSet<Id>, live: &IdSet, job: &Job<'_>) -> Result<Removed, PackError> {
        let mut removed = Removed::default();
        if ripe.is_empty() {
            return Ok(removed);
        }
        let written = self.rescue_from(ripe, live, job)?;
        removed.fresh_packs = written.packs;
        removed.fresh_bytes = written.stored_bytes;
        self.packs.unindex(ripe)?;
        job.began(Step::Sweep, Some(ripe.len() as u64), Unit::Items);
        let mut ripe: Vec<&Id> = ripe.iter().collect();
        ripe.sort_unstable();
        for pack in ripe {
            job.check()?;
            self.packs.store().delete(&layout::pack(pack))?;
            if let Some(held) = self.stock.packs.remove(pack) {
                removed.packs += 1;
                removed.bytes += held.bytes;
            }
            job.moved(Step::Sweep, 1, 0);
        }
        job.done(Step::Sweep);
        Ok(removed)
    }

    /// Looks which packs count now, and copies what is alive and is in none of them.
    pub fn rescue(&mut self, live: &IdSet, job: &Job<'_>) -> Result<Written, PackError> {
        self.rescue_from(&HashSet::new(), live, job)
    }

    pub(super) fn held(&self, pack: &Id) -> Option<(Id, u64)> {
        self.stock.packs.get(pack).map(|held| (*pack, held.bytes))
    }

    /// The same, when the packs of `ripe` are about to be removed.
    fn rescue_from(&mut self, ripe: &HashSet<Id>, live: &IdSet, job: &Job<'_>) -> Result<Written, PackError> {
        for _ in 0..MOST_ROUNDS {
            // Records first: another collector condemns before it lists them, so one of the two sees the other.
            for pack in self.packs.condemned()? {
                self.stock.records.entry(pack).or_insert(None);
            }
            self.packs.fetch_whole_index()?;
            self.stock.avoid_lost(self.packs)?;
            self.all.avoid(self.stock.lost.clone())?;
            let mut going: Vec<(Id, u64)> = ripe.iter().filter_map(|id| self.held(id)).collect();
            going.sort_unstable();
            match rescue(self.packs, &self.all, live, &going, job) {
                Ok(written) => return Ok(written),
                Err(Stopped::Failed(error)) => return Err(error),
                Err(Stopped::Gone(pack)) => {
                    self.stock.lost.insert(pack);
                    self.stock.packs.remove(&pack);
                }
            }
        }
        Err(PackError::KeepsChanging { store: self.packs.name().to_owned() })
    }

    /// How many of `live` are in no pack that counts, as far as it was looked.
    pub fn homeless(&self, live: &IdSet) -> u64 {
        live.outside(&self.packs.catalog()).collect::<HashSet<Id>>().len() as u64
    }

    /// Removes the records that nobody can need any more.
    pub fn forget_records(&mut self) -> Result<u64, PackError> {
        let named: HashSet<Id> = self.packs.catalog().packs().into_iter().map(|pack| pack.id).collect();
        let is_in_use = |pack: &Id| named.contains(pack) || self.stock.packs.contains_key(pack);
        let unused = self.stock.records.iter().filter(|(pack, _)| !is_in_use(pack));
        let unused: Vec<(Id, SystemTime)> = unused.filter_map(|(pack, at)| Some((*pack, (*at)?))).collect();
        if unused.is_empty() {
            return Ok(0);
        }
        let is_over = self.is_older(RECORDS_STAY)?;
        let mut forgotten = 0;
        for (pack, at) in unused {
            if is_over(at) {
                self.packs.store().delete(&layout::condemned(&pack))?;
                forgotten += 1;
            }
        }
        Ok(forgotten)
    }
}
