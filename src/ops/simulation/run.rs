//! One seed: some pushes and collectors at once, and then a look whether all that was promised is there.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::base::{Cancel, Id, Job, Silent};
use crate::ops::project::Project;
use crate::packs::{PackStore, layout, load};
use crate::store::Listed;

use super::actors::{Actor, Promise, Unwanted};
use super::bucket::{Bucket, Plan, Seat, bucket};
use super::dice::Dice;
use super::scene::{CLONES, Scene};

/// What came of a seed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What was promised and is not there.
    pub lost: Vec<String>,
    /// Roots that were acknowledged and that no policy dropped.
    pub promised: usize,
    /// Packs that collectors removed.
    pub removed: u64,
    /// All requests.
    pub log: Vec<String>,
}

impl Plan {
    /// What goes wrong under a seed.
    pub fn of(seed: u64) -> Plan {
        let mut dice = Dice::new(seed ^ 0xabcd);
        Plan {
            failing: [0, 1, 4, 10][dice.below(4)],
            page: [2, 5, 1000][dice.below(3)],
            pace: [1, 60, 3600][dice.below(3)],
            is_stale: dice.percent(50),
            hides_records: false,
        }
    }
}

/// Runs a seed. `projects` has one for each clone.
pub fn run(scene: &Scene, projects: &mut [Project], seed: u64, plan: Plan) -> Outcome {
    let folder = temporary();
    let mut dice = Dice::new(seed);
    let collectors = 1 + dice.below(2);
    let rounds = 1 + dice.below(3);
    let bucket = bucket(CLONES.len() + collectors, seed, plan);
    let promises: Mutex<Vec<Promise>> = Mutex::default();
    let unwanted: Mutex<Vec<Unwanted>> = Mutex::default();
    let cancel = Cancel::default();
    let job = Job { events: &Silent, cancel: &cancel, threads: 1 };
    let (job, promises, unwanted, at) = (&job, &promises, &unwanted, folder.path());
    std::thread::scope(|scope| {
        let actor = |number| Actor { number, bucket: &bucket, folder: at, scene, job };
        for (clone, project) in projects.iter_mut().enumerate() {
            let actor = actor(clone);
            scope.spawn(move || {
                let _leaving = enter(&actor, seed);
                actor.push(project, clone, promises);
            });
        }
        for number in CLONES.len()..CLONES.len() + collectors {
            let actor = actor(number);
            scope.spawn(move || {
                let _leaving = enter(&actor, seed);
                actor.collect(seed ^ number as u64, rounds, unwanted);
            });
        }
    });
    look(&bucket, &promises.lock().unwrap(), &unwanted.lock().unwrap(), folder.path())
}

/// Begins an actor; it leaves when this is dropped, also by a panic, so that nobody waits for it.
fn enter(actor: &Actor<'_>, seed: u64) -> Leaving {
    load(seed.wrapping_mul(64) + actor.number as u64);
    Leaving(Arc::clone(actor.bucket), actor.number)
}

struct Leaving(Arc<Bucket>, usize);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.leave(self.1);
    }
}

fn look(bucket: &Arc<Bucket>, promises: &[Promise], unwanted: &[Unwanted], folder: &Path) -> Outcome {
    let mut outcome = Outcome::default();
    let reader = PackStore::remote(Seat::new(bucket, None, false), &folder.join("reader"));
    reader.refresh(false).unwrap();
    let mut dropped = BTreeSet::new();
    bucket.peek(|objects| {
        outcome.removed = objects.removed;
        outcome.log = std::mem::take(&mut objects.log);
        dropped = std::mem::take(&mut objects.dropped);
    });
    take_out_what_is_gone(&reader);
    for Promise { root, who, objects } in promises {
        // A root that is gone was dropped by a policy, or gave way to one that leads to the same and more. A promise
        // ends only with the last of these.
        let is_over = |other: &Unwanted| other.root == *root || other.objects.is_superset(objects);
        if dropped.contains(layout::root(root).as_str()) && unwanted.iter().any(is_over) {
            continue;
        }
        outcome.promised += 1;
        let lost = objects.iter().filter_map(|id| reader.read(id).err());
        outcome.lost.extend(lost.map(|error| format!("{who}: {error}")));
    }
    outcome
}

/// An index may name packs that are gone: a push that slept while its pack was condemned, two collectors that wrote the
/// index at once. A chunk of such a pack is lost only if it lies in no other.
fn take_out_what_is_gone(reader: &PackStore) {
    let mut gone: HashSet<Id> = reader.catalog().packs().iter().map(|pack| pack.id).collect();
    let mut each = |listed: Listed| {
        layout::id_of(&listed.key).map(|pack| gone.remove(&pack));
    };
    reader.store().list(layout::PACKS, &mut each).unwrap();
    reader.unindex(&gone).unwrap();
}

/// A folder in memory where the system has one: copies are synced.
fn temporary() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}
