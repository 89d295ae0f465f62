//! Those who use the store at once: pushes that are tried again when they fail, and collectors.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::base::{Id, Job, Step};
use crate::format::root::{MAX_LEN, Root};
use crate::ops::error::Error;
use crate::ops::gc::{Collect, Fate, collect_from};
use crate::ops::project::Project;
use crate::ops::push::push_to;
use crate::ops::remotes::Remote;
use crate::packs::{PackStore, layout, transfer};

use super::bucket::{Bucket, Seat};
use super::dice::Dice;
use super::scene::Scene;

/// How often a push that failed is tried again.
const TRIES: usize = 5;

/// A root that a push was told to be safe, and what it leads to.
pub struct Promise {
    pub root: Id,
    pub who: String,
    pub objects: BTreeSet<Id>,
}

/// A root that a policy dropped, and what it led to.
pub struct Unwanted {
    pub root: Id,
    pub objects: BTreeSet<Id>,
}

/// One actor: its number in the store, and where it keeps copies of what it learnt.
pub struct Actor<'a> {
    pub number: usize,
    pub bucket: &'a Arc<Bucket>,
    pub folder: &'a Path,
    pub scene: &'a Scene,
    pub job: &'a Job<'a>,
}

impl Actor<'_> {
    fn packs(&self, seat: &Arc<Seat>, folder: &str) -> PackStore {
        PackStore::remote(Arc::clone(seat) as _, &self.folder.join(format!("{}-{folder}", self.number))).in_step()
    }

    /// Pushes each version of a clone, one after the other.
    pub fn push(&self, project: &Project, clone: usize, promises: &Mutex<Vec<Promise>>) {
        for (version, part) in self.scene.parts[clone].iter().enumerate() {
            for _ in 0..TRIES {
                let seat = Seat::new(self.bucket, Some(self.number), true);
                let remote = Remote { name: "origin".to_owned(), packs: self.packs(&seat, "push") };
                let Ok(pushed) = push_to(project, &remote, part, self.job) else { continue };
                let datasets = part.wanted.iter().map(|selected| selected.dataset.pointer.id);
                let objects: BTreeSet<Id> =
                    datasets.flat_map(|dataset| self.scene.objects(&dataset)).copied().collect();
                let who = format!("actor {} with version {version}", self.number);
                let promise = |root| Promise { root, who: who.clone(), objects: objects.clone() };
                promises.lock().unwrap().extend(pushed.roots.into_iter().map(promise));
                break;
            }
        }
    }

    /// Collects garbage some times: as `gc` does, or as a worse collector would.
    pub fn collect(&self, seed: u64, rounds: usize, unwanted: &Mutex<Vec<Unwanted>>) {
        let mut dice = Dice::new(seed);
        for _ in 0..rounds {
            // One that fails stops where it is, for ever.
            let _ = match dice.percent(70) {
                true => self.collect_really(&mut dice, unwanted),
                false => self.collect_wildly(&mut dice, unwanted),
            };
        }
    }

    /// The real one, with a policy that drops some roots and a grace that pushes may or may not outlast.
    fn collect_really(&self, dice: &mut Dice, unwanted: &Mutex<Vec<Unwanted>>) -> Result<(), Error> {
        let seat = Seat::new(self.bucket, Some(self.number), false);
        let remote = Remote { name: "origin".to_owned(), packs: self.packs(&seat, "gc") };
        let repository = self.scene.repositories[dice.below(self.scene.repositories.len())];
        let grace = Duration::from_secs([0, 0, 60, 3600][dice.below(4)]);
        let (share, salt) = ([0, 20, 60][dice.below(3)], dice.below(1000) as u64);
        let fate = |root: &Root| {
            let (_, id) = root.encode();
            let roll = id.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
            if !Dice::new(roll ^ salt).percent(share) {
                return Fate::Stays;
            }
            unwanted.lock().unwrap().push(Unwanted { root: id, objects: self.scene.objects_of(root) });
            Fate::Goes
        };
        let collect = Collect { repository, fate: &fate, grace, is_dry_run: false };
        collect_from(&remote, None, &collect, self.job).map(drop)
    }

    /// One that keeps the order of the protocol and nothing else: any pack may be a victim, any root may be dropped.
    fn collect_wildly(&self, dice: &mut Dice, unwanted: &Mutex<Vec<Unwanted>>) -> Result<(), Error> {
        let seat = Seat::new(self.bucket, Some(self.number), false);
        let packs = self.packs(&seat, "counting");
        packs.refresh_for_push(false)?;
        let roots: BTreeSet<Id> = packs.roots()?.into_iter().collect();
        if dice.percent(40) && !roots.is_empty() {
            let dropped = *roots.iter().nth(dice.below(roots.len())).expect("the dice stay below");
            let objects = self.scene.objects_of(&self.root(&packs, &dropped)?);
            unwanted.lock().unwrap().push(Unwanted { root: dropped, objects });
            packs.store().delete(&layout::root(&dropped))?;
        }
        let mut victims = BTreeSet::new();
        packs.store().list(layout::PACKS, &mut |listed| victims.extend(layout::id_of(&listed.key)))?;
        victims.retain(|_| dice.percent(50));
        packs.condemn(victims.iter().copied())?;
        for _ in 0..dice.below(20) {
            packs.store().list("grace/", &mut |_| {})?;
        }
        let live = self.live(&packs)?;
        packs.look_again()?;
        let all = self.packs(&seat, "all");
        all.refresh(false)?;
        let homeless: Vec<Id> = live.into_iter().filter(|id| packs.find(id).is_none()).collect();
        let writer = packs.writer()?;
        transfer(&all, &writer, &homeless, Step::Sweep, self.job)?;
        writer.finish()?;
        packs.unindex(&victims.iter().copied().collect::<HashSet<Id>>())?;
        for pack in victims {
            packs.store().delete(&layout::pack(&pack))?;
        }
        Ok(())
    }

    fn root(&self, packs: &PackStore, id: &Id) -> Result<Root, Error> {
        let bytes = packs.store().get(&layout::root(id), MAX_LEN as u64)?;
        Ok(Root::decode(&bytes).expect("the store flips no bits").0)
    }

    /// What all roots lead to.
    fn live(&self, packs: &PackStore) -> Result<BTreeSet<Id>, Error> {
        let mut live = BTreeSet::new();
        let roots: BTreeSet<Id> = packs.roots()?.into_iter().collect();
        for id in roots {
            live.extend(self.scene.objects_of(&self.root(packs, &id)?));
        }
        Ok(live)
    }
}
