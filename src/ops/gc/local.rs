//! A collection in the cache: what is nowhere else stays, and what somebody points at.

use std::collections::HashSet;
use std::time::Duration;

use crate::base::{Id, Job, RepoPath, Step, Unit};
use crate::format::pack::PackKind;
use crate::format::pointer::Pointer;
use crate::packs::{IdSet, PackStore, Removed, Sweep};

use super::super::acknowledged::in_root;
use super::super::copies::Copies;
use super::super::error::Error;
use super::super::needed::{self, Pointers};
use super::super::pointed::Dataset;
use super::super::project::Project;
use super::files::dying;
use super::kept::Kept;
use super::live::Live;
use super::options::GcOptions;
use super::report::{GcFile, Swept};

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
    let mut sweep = project.cache()?.sweep(options.is_dry_run)?;
    let all = sweep.everything()?;
    job.began(Step::Compare, None, Unit::Items);
    let needs = Needs::look(project, options, &sweep, &all, job)?;
    swept.unclear_lists = needs.lost_lists.iter().filter(|id| !needs.copies.have(id)).count() as u64;
    swept.unclear_pointers = needs.named.0.unread;
    swept.is_shallow = project.repo().is_shallow()?;
    let mut live = needs.live(&mut sweep, swept.is_unclear())?;
    job.done(Step::Compare);
    let choice = sweep.choose(&live, options.grace())?;
    swept.choose(&choice);
    if options.is_dry_run {
        let ripe: HashSet<_> = sweep.ripe(Duration::ZERO)?.into_iter().chain(choice.packs()).collect();
        swept.count(&Removed { packs: ripe.len() as u64, bytes: sweep.bytes_of(&ripe), ..Removed::default() });
        swept.fresh_bytes = choice.alive_bytes;
        swept.files = needs.dying(&all, &live)?;
        return Ok(swept);
    }
    // What is alive in packs that go is copied before anybody has to wait.
    swept.count(&sweep.copy_alive(&choice, &live, job)?);
    let _alone = project.close_cache()?;
    // Whoever pointed at something since the first look has ended: their pointers are there, and so are the pages that
    // these name, in packs that came since.
    needs.look_again(&sweep, &mut live, job)?;
    swept.count(&sweep.condemn(&choice, &live, job)?);
    let ripe = sweep.ripe(Duration::ZERO)?;
    swept.count(&sweep.remove(&ripe, &live, job)?);
    sweep.forget_records()?;
    Ok(swept)
}

/// What the cache is needed for.
struct Needs<'p> {
    project: &'p Project,
    options: &'p GcOptions,
    /// What the remotes have.
    copies: Copies,
    /// What the policy keeps, and all that it leads to.
    kept: (Kept, IdSet),
    /// The same of all that anything names.
    named: (Pointers, IdSet),
    /// Lists that the cache lacks.
    lost_lists: HashSet<Id>,
}

impl<'p> Needs<'p> {
    fn look(
        project: &'p Project,
        options: &'p GcOptions,
        sweep: &Sweep<'_>,
        all: &PackStore,
        job: &Job<'_>,
    ) -> Result<Needs<'p>, Error> {
        let copies = Copies::load(project)?;
        let kept = Kept::of(project, &options.policy, job)?;
        let needed = alive(kept.pointers.values(), all, sweep, job)?.into_ids();
        let pointers = needed::pointers(project, job)?;
        let mut named = alive(&pointers.all, all, sweep, job)?;
        let lost_lists = std::mem::take(&mut named.absent);
        Ok(Needs { project, options, copies, kept: (kept, needed), named: (pointers, named.into_ids()), lost_lists })
    }

    /// What stays: what is needed, what no remote has, and what is too young to be judged. If what is needed `is_unclear`,
    /// all that no remote has.
    fn live(&self, sweep: &mut Sweep<'_>, is_unclear: bool) -> Result<IdSet, Error> {
        let (needed, named) = (&self.kept.1, &self.named.1);
        let is_thin = self.project.config().is_thin();
        let mut live = sweep.those(self.copies.catalogs(), UNNAMED_STAY, |known| {
            let is_alone = !known.is_elsewhere;
            // A thin cache keeps lists, and of the data what is nowhere else.
            known.is_in(needed) && (!is_thin || is_alone || known.is_page)
                || known.is_in(named) && is_alone
                || !known.is_in(named) && known.is_young
                // A list may be lost, say, and what it leads to be here and nowhere else.
                || is_unclear && is_alone && known.is_open
        })?;
        let is_alone = |id: &&Id| !self.copies.have(id);
        live.insert_others(needed.others().filter(|id| !is_thin || is_alone(id)));
        live.insert_others(named.others().filter(is_alone));
        Ok(live)
    }

    /// Adds to `live` what is needed by now and was not when it was looked first.
    fn look_again(&self, sweep: &Sweep<'_>, live: &mut IdSet, job: &Job<'_>) -> Result<(), Error> {
        let now = sweep.everything_now()?;
        let kept = Kept::of(self.project, &self.options.policy, job)?;
        let is_page = |id: &Id| now.find(id).is_some_and(|place| place.kind == PackKind::Pages);
        let stays = |id: &Id| !self.project.config().is_thin() || !self.copies.have(id) || is_page(id);
        for id in alive(kept.pointers.values(), &now, sweep, job)?.into_ids().without(&self.kept.1).filter(stays) {
            live.insert(&id);
        }
        Ok(())
    }

    /// The files of earlier versions of which something would go.
    fn dying(&self, all: &PackStore, live: &IdSet) -> Result<Vec<GcFile>, Error> {
        let mut files = Vec::new();
        let (kept, named) = (&self.kept.0, &self.named.0);
        for (path, pointer) in named.all.iter().filter(|(_, pointer)| !kept.has(pointer)) {
            let dataset = Dataset { path: path.clone(), pointer: pointer.clone() };
            files.extend(dying(None, all, &in_root(&dataset), live)?);
        }
        Ok(files)
    }
}

/// All that these pointers lead to, as far as the cache has it.
fn alive<'a, 'p>(
    pointers: impl IntoIterator<Item = &'p (RepoPath, Pointer)>,
    cache: &'a PackStore,
    sweep: &Sweep<'_>,
    job: &Job<'_>,
) -> Result<Live<'a>, Error> {
    let mut live = Live::of_part(cache, sweep.ids());
    for (path, pointer) in pointers {
        let dataset = Dataset { path: path.clone(), pointer: pointer.clone() };
        live.add(&in_root(&dataset), job)?;
    }
    Ok(live)
}
