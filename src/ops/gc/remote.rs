//! A collection in a remote, from the first listing to the last removal; docs/sharing.md says why in this order.

use std::collections::HashSet;
use std::time::Duration;

use crate::base::{Id, Job, Step, Unit};
use crate::format::root::Root;
use crate::packs::{IdSet, PackError, PackStore, Removed, Sweep};

use super::super::error::Error;
use super::super::remotes::Remote;
use super::files::dying;
use super::live::{Live, Stopped};
use super::report::Swept;
use super::roots::{self, Fate, Roots};

/// How to collect in a remote.
pub struct Collect<'a> {
    /// The `project.id`: roots of others are never touched.
    pub repository: [u8; 16],
    /// What becomes of each root of this project.
    pub fate: &'a dyn Fn(&Root) -> Fate,
    /// How old packs must be, and how long records must stand, by the store's clock.
    pub grace: Duration,
    /// Only say what would go.
    pub is_dry_run: bool,
}

/// Collects in one remote: condemns what nothing needs, and removes what was condemned long enough ago.
///
/// Pages are read from `near` where that has them.
///
/// # Errors
/// `RootUnread` if it is not known what some root keeps: then nothing was changed. After any other error, all that is
/// needed is there, and a second run goes on.
pub fn collect_from(
    remote: &Remote,
    near: Option<&PackStore>,
    collect: &Collect<'_>,
    job: &Job<'_>,
) -> Result<Swept, Error> {
    let packs = &remote.packs;
    let mut swept = Swept::default();
    // Roots first: an index that is listed later names all that they lead to.
    let listed = packs.roots()?;
    let mut sweep = packs.sweep(collect.is_dry_run)?;
    let everything = sweep.everything()?;
    let newer;
    let mut roots = Roots::new();
    roots::read(packs, &listed, &mut roots)?;
    let decided = roots::decide(&roots, &collect.repository, collect.fate);
    let mut needs =
        Needs { live: Live::new(near, &everything, sweep.ids()), walked: HashSet::new(), store: packs.name() };
    job.began(Step::Compare, None, Unit::Items);
    needs.add(&decided.left(&roots), job)?;
    job.done(Step::Compare);
    swept.missing = sweep.missing(needs.live.ids());
    swept.dropped_roots = decided.dropped.keys().chain(decided.covered.keys()).copied().collect();
    swept.narrowed_roots = decided.narrowed.keys().copied().collect();
    if collect.is_dry_run {
        foresee(&mut sweep, &mut swept, needs.live.ids(), collect)?;
        for dataset in decided.datasets() {
            swept.files.extend(dying(near, &everything, dataset, needs.live.ids())?);
        }
        return Ok(swept);
    }
    decided.carry_out(packs, &mut || settle(&mut sweep, needs.live.ids(), job))?;
    let choice = sweep.choose(needs.live.ids(), collect.grace)?;
    swept.choose(&choice);
    swept.count(&sweep.condemn(&choice, needs.live.ids(), job)?);
    let ripe = sweep.ripe(collect.grace)?;
    if !ripe.is_empty() {
        // Whoever pushed since the first look has put a root; whoever pushes from now on sees the records.
        roots::read(packs, &packs.roots()?, &mut roots)?;
        if !needs.know(&roots) {
            newer = sweep.everything_now()?;
            needs.live.read_from(&newer);
        }
        needs.add(&roots, job)?;
        swept.count(&sweep.remove(&ripe, needs.live.ids(), job)?);
    }
    swept.waiting_bytes = sweep.condemned_bytes();
    sweep.forget_records()?;
    Ok(swept)
}

/// Looks until all that is alive and is there is in packs that nobody condemned.
fn settle(sweep: &mut Sweep<'_>, live: &IdSet, job: &Job<'_>) -> Result<(), PackError> {
    while sweep.rescue(live, job)?.packs > 0 {
        job.check()?;
    }
    Ok(())
}

fn foresee(sweep: &mut Sweep<'_>, swept: &mut Swept, live: &IdSet, collect: &Collect<'_>) -> Result<(), Error> {
    let choice = sweep.choose(live, collect.grace)?;
    swept.choose(&choice);
    let mut ripe = sweep.ripe(collect.grace)?;
    if collect.grace.is_zero() {
        ripe.extend(choice.packs());
    }
    let bytes = sweep.bytes_of(&ripe);
    swept.count(&Removed { packs: ripe.len() as u64, bytes, ..Removed::default() });
    swept.fresh_bytes = choice.alive_bytes;
    swept.waiting_bytes = sweep.condemned_bytes();
    Ok(())
}

/// What the roots need.
struct Needs<'a> {
    live: Live<'a>,
    /// The roots that were gone through.
    walked: HashSet<Id>,
    store: &'a str,
}

impl Needs<'_> {
    /// Whether all of these were gone through.
    fn know(&self, roots: &Roots) -> bool {
        roots.values().all(|root| self.walked.contains(&root.encode().1))
    }

    /// Goes through all roots that were not gone through before, whoever put them.
    fn add(&mut self, roots: &Roots, job: &Job<'_>) -> Result<(), Error> {
        for (id, root) in roots {
            // A narrower root stands under the name of that whose place it takes: both are walked.
            if !self.walked.insert(root.encode().1) {
                continue;
            }
            for dataset in &root.datasets {
                self.live.add(dataset, job).map_err(|cause| Stopped(cause).at(self.store, id))?;
            }
        }
        Ok(())
    }
}
