//! A collection in the cache: what is nowhere else stays, and what somebody points at.

use std::collections::HashSet;
use std::time::Duration;

use crate::base::{Id, Job, Step, Unit};
use crate::format::pack::PackKind;
use crate::packs::{PackStore, Removed};

use super::super::acknowledged::in_root;
use super::super::copies::Copies;
use super::super::error::Error;
use super::super::pointed::Dataset;
use super::super::project::Project;
use super::files::dying;
use super::kept::{Kept, Policy};
use super::live::Live;
use super::options::GcOptions;
use super::report::Swept;

/// What nothing names stays so long: it may be of an add that was interrupted, or undone and wanted again.
const UNNAMED_STAY: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Removes from the cache what the policy does not keep; from a thin one also all data that a remote is known to have.
///
/// # Errors
/// `SharedCache` unless forced, since nobody knows the needs of other clones; `Packs` if a page that the cache has is
/// damaged: what it leads to is not known.
pub fn collect(project: &Project, options: &GcOptions, job: &Job<'_>) -> Result<Swept, Error> {
    let mut swept = Swept::default();
    if !project.cache_folder().join("config").exists() {
        return Ok(swept);
    }
    if project.config().cache_dir().is_some() && !options.force {
        return Err(Error::SharedCache { folder: project.cache_folder() });
    }
    let cache = project.cache()?;
    let mut sweep = cache.sweep(options.is_dry_run)?;
    let all = sweep.everything()?;
    let kept = Kept::of(project, &options.policy, job)?;
    job.began(Step::Compare, None, Unit::Items);
    let copies = Copies::load(project)?;
    let needs = |kept: &Kept, all: &PackStore| -> Result<HashSet<Id>, Error> {
        let mut ids = alive(kept, all, job)?.ids;
        // A thin cache keeps lists, and of the data what is nowhere else.
        if project.config().is_thin() {
            ids.retain(|id| !copies.have(id) || all.find(id).is_some_and(|place| place.kind == PackKind::Pages));
        }
        Ok(ids)
    };
    let mut live = needs(&kept, &all)?;
    let past = Kept::of(project, &Policy { all_commits: true, ..Policy::default() }, job)?;
    let named = alive(&past, &all, job)?;
    live.extend(named.ids.iter().filter(|id| !copies.have(id)));
    live.extend(sweep.in_young_packs(UNNAMED_STAY)?.difference(&named.ids));
    // A list may be lost, and what it leads to be here and nowhere else.
    swept.unclear_lists = named.absent.iter().filter(|id| !copies.have(id)).count() as u64;
    if swept.unclear_lists > 0 {
        live.extend(sweep.in_young_packs(Duration::MAX)?.into_iter().filter(|id| !copies.have(id)));
    }
    job.done(Step::Compare);
    let choice = sweep.choose(&live, options.grace())?;
    swept.choose(&choice);
    if options.is_dry_run {
        let ripe: HashSet<_> = sweep.ripe(Duration::ZERO)?.into_iter().chain(choice.packs()).collect();
        swept.count(&Removed { packs: ripe.len() as u64, bytes: sweep.bytes_of(&ripe), ..Removed::default() });
        swept.fresh_bytes = choice.alive_bytes;
        let past = past.pointers.iter().filter(|(key, _)| !kept.pointers.contains_key(key));
        for (_, (path, pointer)) in past {
            let dataset = Dataset { path: path.clone(), pointer: pointer.clone() };
            swept.files.extend(dying(None, &all, &in_root(&dataset), &live)?);
        }
        return Ok(swept);
    }
    // What is alive in packs that go is copied before anybody has to wait.
    swept.count(&sweep.copy_alive(&choice, &live, job)?);
    let _alone = project.close_cache()?;
    // Whoever pointed at something since the first look has ended: their pointers are there, and so are the pages that
    // these name, in packs that came since.
    let now = sweep.everything_now()?;
    live.extend(needs(&Kept::of(project, &options.policy, job)?, &now)?);
    swept.count(&sweep.condemn(&choice, &live, job)?);
    let ripe = sweep.ripe(Duration::ZERO)?;
    swept.count(&sweep.remove(&ripe, &live, job)?);
    sweep.forget_records()?;
    Ok(swept)
}

/// All that these pointers lead to, as far as the cache has it.
fn alive<'a>(kept: &Kept, cache: &'a PackStore, job: &Job<'_>) -> Result<Live<'a>, Error> {
    let mut live = Live::of_part(cache);
    for (path, pointer) in kept.pointers.values() {
        let dataset = Dataset { path: path.clone(), pointer: pointer.clone() };
        live.add(&in_root(&dataset), job)?;
    }
    Ok(live)
}
