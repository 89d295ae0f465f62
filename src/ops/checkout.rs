//! `checkout`: the data in the worktree becomes what the pointers say.

use serde::Serialize;

use crate::base::{Job, RepoPath, Step, Unit};
use crate::worktree::Staging;

use super::aim::Aim;
use super::aims::{self, Begun};
use super::elsewhere::{is_imported, supply};
use super::error::Error;
use super::fetcher::Fetcher;
use super::place as placing;
use super::pointed::Selected;
use super::project::Project;
use super::replaced::Replaced;
use super::sparse;
use super::stage::{self, AllStaged, Sources, Task};
use super::targets::{Target, targets};

/// What to check out.
#[derive(Debug, Clone, Default)]
pub struct CheckoutOptions {
    /// The revision whose pointers are taken; those in the worktree if `None`.
    pub revision: Option<String>,
    /// Datasets, parts of them, folders that hold some; all if empty.
    pub paths: Vec<RepoPath>,
    /// Drop changes of the user that would otherwise be kept.
    pub force: bool,
    /// Ask no remote for what the cache lacks.
    pub no_fetch: bool,
    /// The remote to ask, if not the default one.
    pub remote: Option<String>,
}

/// What `checkout` did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CheckoutReport {
    /// Each dataset that was looked at, by path.
    pub datasets: Vec<CheckedOut>,
    /// Bytes that came from a remote, before compression.
    pub fetched_bytes: u64,
}

/// One dataset.
#[derive(Debug, Clone, Serialize)]
pub struct CheckedOut {
    /// Where it is.
    pub path: RepoPath,
    /// How many files are new in the worktree.
    pub added: u64,
    /// How many files were replaced.
    pub modified: u64,
    /// How many files were removed.
    pub deleted: u64,
    /// Whether the dataset is gone, since no pointer stands for it any more.
    pub is_gone: bool,
}

/// Plans everything, fetches and stages everything, and only then touches the worktree.
///
/// # Errors
/// `LocalEdits` and `InTheWay` before anything is fetched; `DataMissing` and `DataDamaged` before anything is touched.
pub fn checkout(project: &Project, options: &CheckoutOptions, job: &Job<'_>) -> Result<CheckoutReport, Error> {
    let fetcher = (!options.no_fetch).then(|| Fetcher::new(project, options.remote.as_deref()));
    place_with(project, targets(project, options)?, options.force, fetcher.as_ref(), job)
}

/// The same for targets that somebody else chose; `remote` is asked for what the cache lacks, if not the default one.
///
/// # Errors
/// As [`checkout`].
pub fn place(
    project: &Project,
    targets: Vec<Target>,
    force: bool,
    remote: Option<&str>,
    job: &Job<'_>,
) -> Result<CheckoutReport, Error> {
    place_with(project, targets, force, Some(&Fetcher::new(project, remote)), job)
}

/// Puts datasets where nothing is, out of the cache alone, and remembers nothing of them.
pub fn materialise(project: &Project, targets: Vec<Target>, job: &Job<'_>) -> Result<(), Error> {
    put(project, &mut aimed(project, targets, false, None, job)?, false, None, job).map(drop)
}

/// What was imported and no remote gives comes from its source.
fn place_with(
    project: &Project,
    targets: Vec<Target>,
    force: bool,
    fetcher: Option<&Fetcher<'_>>,
    job: &Job<'_>,
) -> Result<CheckoutReport, Error> {
    let imported: Vec<Selected> = targets.iter().filter_map(Target::selected).filter(is_imported).collect();
    if fetcher.is_none() || imported.is_empty() {
        return attempt(project, targets, force, fetcher, job);
    }
    match attempt(project, targets.clone(), force, fetcher, job) {
        Err(error) if error.is_about_absence() => {
            let supplied = supply(project, &imported, job)?;
            let mut report = attempt(project, targets, force, fetcher, job)?;
            report.fetched_bytes += supplied.iter().map(|fetched| fetched.new_bytes).sum::<u64>();
            Ok(report)
        }
        placed => placed,
    }
}

fn attempt(
    project: &Project,
    targets: Vec<Target>,
    force: bool,
    fetcher: Option<&Fetcher<'_>>,
    job: &Job<'_>,
) -> Result<CheckoutReport, Error> {
    let mut aims = aimed(project, targets, force, fetcher, job)?;
    let fetched_bytes = put(project, &mut aims, force, fetcher, job)?;
    aims::write_pointers(project, &aims)?;
    for aim in &aims {
        aim.remember(project)?;
    }
    Ok(CheckoutReport { datasets: aims.iter().map(Aim::report).collect(), fetched_bytes })
}

/// Looks at everything and plans it.
fn aimed<'a>(
    project: &'a Project,
    targets: Vec<Target>,
    force: bool,
    fetcher: Option<&Fetcher<'_>>,
    job: &Job<'_>,
) -> Result<Vec<Aim<'a>>, Error> {
    let sparse = sparse::wanted(project)?;
    let aims = targets.into_iter().map(|target| Aim::take(project, target, sparse.as_ref(), force, fetcher, job));
    let aims = aims.collect::<Result<Vec<_>, Error>>()?;
    aims::refuse(&aims)?;
    Ok(aims)
}

fn put(
    project: &Project,
    aims: &mut [Aim<'_>],
    force: bool,
    fetcher: Option<&Fetcher<'_>>,
    job: &Job<'_>,
) -> Result<u64, Error> {
    if aims.iter().all(Aim::is_done) {
        Staging::sweep(project.root());
        aims.iter().try_for_each(|aim| aim.pages.keep())?;
        return Ok(0);
    }
    // First, so that what moved from one file to another is found in the cache.
    let sheltered = aims.iter().map(|aim| aim.shelter(project, job)).collect::<Result<Vec<_>, Error>>()?;
    let staging = Staging::begin(project.root())?;
    let (fetched_bytes, mut begun) = aims::fetch(project, aims, &staging, fetcher, job)?;
    let bytes = aims.iter().flat_map(|aim| &aim.plan.writes).map(|write| write.node.bytes()).sum();
    job.began(Step::Place, Some(bytes), Unit::Bytes);
    for (aim, begun) in aims.iter().zip(&mut begun) {
        stage_one(project, aim, &staging, begun, fetcher, job)?;
    }
    let staged: Vec<AllStaged> = begun.into_iter().map(|(_, staged)| staged).collect();
    if staged.iter().flatten().any(Option::is_some) {
        // A rename may reach the disk before the bytes do: after a power cut the file would be there, and empty.
        staging.sync()?;
    }
    // From here on the worktree changes; all that is needed is there, and whole.
    for ((aim, staged), sheltered) in aims.iter_mut().zip(staged).zip(&sheltered) {
        aim.placed = placing::put(project.root(), &aim.target.dataset, &staging, &aim.plan, staged, sheltered, force)?;
        aim.make_root(project)?;
    }
    job.done(Step::Place);
    Ok(fetched_bytes)
}

/// Stages the files of one dataset; what is damaged in the cache comes from the remote.
fn stage_one(
    project: &Project,
    aim: &Aim<'_>,
    staging: &Staging,
    (tasks, staged): &mut Begun<'_>,
    fetcher: Option<&Fetcher<'_>>,
    job: &Job<'_>,
) -> Result<(), Error> {
    let cache = project.cache()?;
    let replaced = |task: &Task<'_>| Replaced::by(task, aim, project);
    let here = Sources { cache, remote: None, replaced: None };
    let done = stage::stage(here, &replaced, staging, tasks, staged, job);
    match (done, fetcher) {
        (Err(Error::DataDamaged { files, count, cause }), Some(fetcher)) => match fetcher.remote(aim.remote_name())? {
            Some(remote) => {
                let sources = Sources { remote: Some(&remote.packs), ..here };
                stage::stage(sources, &replaced, staging, tasks, staged, job).map_err(|error| aim.in_dataset(error))
            }
            None => Err(aim.in_dataset(Error::DataDamaged { files, count, cause })),
        },
        (done, _) => done.map_err(|error| aim.in_dataset(error)),
    }
}
