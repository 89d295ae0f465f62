//! `cache`: what lies in it, and emptying it without losing what is nowhere else.

use std::path::PathBuf;

use serde::Serialize;

use crate::base::{Job, Step, Unit, Volume};
use crate::format::pack::{self, Layout};
use crate::packs::{PackStore, layout};
use crate::store::Listed;

use super::copies::Copies;
use super::error::Error;
use super::needed::{self, Needed};
use super::project::Project;

/// What lies in the cache.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CacheInfo {
    /// Its folder.
    pub folder: PathBuf,
    /// Whether `cache.dir` says so: then other clones may share it.
    pub is_set: bool,
    /// `full`, or `thin`: then data that was added stays in its files until it is pushed.
    pub mode: &'static str,
    /// Other worktrees of this clone, which share it.
    pub worktrees: Vec<PathBuf>,
    /// Bytes of all packs and indexes.
    pub disk_bytes: u64,
    /// How many packs there are.
    pub packs: u64,
    /// How many of them are containers, which share blocks with the files that they were made of.
    pub containers: u64,
    /// Bytes of those.
    pub container_bytes: u64,
    /// Whether the file system shares blocks between files, so that large files are added as containers.
    pub shares_blocks: bool,
    /// How many index segments.
    pub segments: u64,
    /// How many chunks and pages the segments list; one in two segments counts twice.
    pub objects: u64,
    /// Chunks and pages that the pointers of this worktree lead to.
    pub used_objects: u64,
    /// Bytes that those take in packs.
    pub used_bytes: u64,
}

/// How to empty the cache.
#[derive(Debug, Clone, Copy, Default)]
pub struct CacheClearOptions {
    /// Drop also what no remote is known to have, and what other clones may need.
    pub force: bool,
}

/// What was dropped.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CacheClearReport {
    /// The folder of the cache.
    pub folder: PathBuf,
    /// How many packs.
    pub packs: u64,
    /// How many index segments.
    pub segments: u64,
    /// Bytes of both.
    pub freed_bytes: u64,
    /// Other worktrees of this clone, which shared it.
    pub worktrees: Vec<PathBuf>,
}

/// Looks at the cache. A cache that is not there is not made.
pub fn cache_info(project: &Project, job: &Job<'_>) -> Result<CacheInfo, Error> {
    let folder = project.cache_folder();
    let is_set = project.config().cache_dir().is_some();
    let worktrees = needed::linked_worktrees(project);
    let mode = project.config().cache_mode();
    let mut info = CacheInfo { folder, is_set, mode, worktrees, ..CacheInfo::default() };
    if !info.folder.join("config").exists() {
        return Ok(info);
    }
    let cache = project.cache()?;
    let [segments, packs] = objects(cache)?;
    info.disk_bytes = bytes(&segments) + bytes(&packs);
    info.packs = packs.len() as u64;
    info.segments = segments.len() as u64;
    info.shares_blocks = Volume::probe(&info.folder)?.can_clone;
    let containers = containers(cache, &packs)?;
    info.containers = containers.len() as u64;
    info.container_bytes = containers.iter().map(|pack| pack.bytes).sum();
    info.objects = cache.catalog().entry_count();
    let mut needed = Needed::new(project, |_, place| {
        info.used_objects += 1;
        info.used_bytes += u64::from(place.stored_len);
    })?;
    for (_, pointer) in needed::of_worktree(project)?.all {
        job.check()?;
        needed.add(&pointer)?;
    }
    Ok(info)
}

/// Drops all packs and their index: what is needed later is fetched again.
///
/// # Errors
/// Unless forced: `SharedCache`, since nobody knows the needs of other clones; `OnlyCopy` if a revision of this clone
/// needs something that no remote is known to have. No remote is asked.
pub fn cache_clear(project: &Project, options: &CacheClearOptions, job: &Job<'_>) -> Result<CacheClearReport, Error> {
    let folder = project.cache_folder();
    let worktrees = needed::linked_worktrees(project);
    let mut report = CacheClearReport { folder, worktrees, ..CacheClearReport::default() };
    if !report.folder.join("config").exists() {
        return Ok(report);
    }
    if !options.force {
        refuse_shared(project)?;
    }
    let _alone = project.close_cache()?;
    if !options.force {
        // Nobody adds anything from here on.
        project.cache()?.reload()?;
        refuse_only_copies(project, job)?;
    }
    // The index goes first: a crash in between leaves packs that nothing names, and no name without a pack.
    let cache = project.cache()?;
    let objects = objects(cache)?;
    let count = objects.iter().map(Vec::len).sum::<usize>() as u64;
    job.began(Step::Sweep, Some(count), Unit::Items);
    for object in objects.iter().flatten() {
        job.check()?;
        cache.store().delete(&object.key)?;
        job.moved(Step::Sweep, 1, 0);
    }
    cache.drop_guides()?;
    job.done(Step::Sweep);
    let [segments, packs] = &objects;
    report.packs = packs.len() as u64;
    report.segments = segments.len() as u64;
    report.freed_bytes = bytes(packs) + bytes(segments);
    Ok(report)
}

fn refuse_shared(project: &Project) -> Result<(), Error> {
    match project.config().cache_dir() {
        Some(_) => Err(Error::SharedCache { folder: project.cache_folder() }),
        None => Ok(()),
    }
}

fn refuse_only_copies(project: &Project, job: &Job<'_>) -> Result<(), Error> {
    let copies = Copies::load(project)?;
    let mut count = 0;
    let mut needed = Needed::new(project, |id, _| count += u64::from(!copies.have(id)))?;
    let pointers = needed::pointers(project, job)?;
    for (_, pointer) in &pointers.all {
        job.check()?;
        needed.add(pointer)?;
    }
    let is_list_lost = needed.absent().any(|id| !copies.have(id));
    drop(needed);
    if is_list_lost || pointers.unread > 0 || project.repo().is_shallow()? {
        // What is not known to be needed may be, and be here and nowhere else.
        count = project.cache()?.catalog().ids().filter(|id| !copies.have(id)).count() as u64;
    }
    if count == 0 { Ok(()) } else { Err(Error::OnlyCopy { count }) }
}

/// The index segments and the packs, in the order in which they may be removed.
fn objects(cache: &PackStore) -> Result<[Vec<Listed>; 2], Error> {
    let list = |prefix: &str| {
        let mut listed = Vec::new();
        cache.store().list(prefix, &mut |found| listed.push(found))?;
        Ok::<_, Error>(listed)
    };
    Ok([list(layout::INDEX)?, list(layout::PACKS)?])
}

/// Those of `packs` that are containers.
fn containers<'p>(cache: &PackStore, packs: &'p [Listed]) -> Result<Vec<&'p Listed>, Error> {
    let mut containers = Vec::new();
    for pack in packs.iter().filter(|pack| pack.bytes >= pack::CONTAINER_START as u64) {
        let header = cache.store().read(&pack.key, 0..pack::HEADER_LEN as u64)?;
        if Layout::of(&header) == Layout::Container {
            containers.push(pack);
        }
    }
    Ok(containers)
}

fn bytes(objects: &[Listed]) -> u64 {
    objects.iter().map(|object| object.bytes).sum()
}
