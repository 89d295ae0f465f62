//! `migrate`: survey, read, map, publish.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{Job, RepoPath};
use crate::format::foreign::{Map, OldId};
use crate::format::pointer::{Kind, Pointer};
use crate::packs::Sink;

use super::super::admit;
use super::super::error::{Error, MOST_NAMED};
use super::super::lazy_writer::LazyWriter;
use super::super::pointed::{self, Dataset, dataset_path};
use super::super::project::Project;
use super::super::version::{Version, is_whole};
use super::journal::Journal;
use super::publish::{Publication, publish};
use super::report::{MigrateOptions, MigrateReport, Migrated, Tool};
use super::shelf::{Answer, Shelf};
use super::surveyed::{Surveyed, Wanted};
use super::take::{Taken, take};
use super::{attributes, build, dvc, lfs, map_file};

/// Takes over what another tool keeps: reads each of its objects once, checks it, and writes pointers and the map last.
///
/// # Errors
/// `NotAllThere` if something is missing or damaged and `allow_missing` is not set. After any error, pointers, ignore files and
/// Git's index are as they were; what was read stays in the cache, and the next run does not read it again.
pub fn migrate(project: &Project, options: &MigrateOptions, job: &Job<'_>) -> Result<MigrateReport, Error> {
    let mut surveyed = match options.tool {
        Tool::Dvc => dvc::survey(project, options, job)?,
        Tool::Lfs => lfs::survey(project, options, job)?,
    };
    let shelf = match options.tool {
        Tool::Dvc => dvc::shelf(project, options, &mut surveyed.notes)?,
        Tool::Lfs => lfs::shelf(project, options)?,
    };
    admit_all(project, options.tool, &surveyed)?;
    let known = map_file::of_worktree(project.repo(), options.tool)?;
    let mut migration =
        Migration { project, options, shelf, surveyed, known, taken: Taken::default(), fetch_problem: None, job };
    if options.is_dry_run { migration.foretell() } else { migration.run() }
}

/// Refuses datasets that cannot be, before anything is read.
fn admit_all(project: &Project, tool: Tool, surveyed: &Surveyed) -> Result<(), Error> {
    let tracked = pointed::in_worktree(project)?;
    for (path, wanted) in &surveyed.here {
        let others: Vec<Dataset> = tracked.iter().filter(|dataset| dataset.path != *path).cloned().collect();
        if let Some(above) = others.iter().find(|dataset| path.is_in(&dataset.path)) {
            return Err(Error::InsideDataset { path: path.clone(), dataset: above.path.clone() });
        }
        match admit::check_place(project, &others, path) {
            // Git tracks the pointer of Git LFS at that very path.
            Err(Error::TrackedByGit { .. }) if tool == Tool::Lfs => {}
            checked => checked?,
        }
        if let Wanted::Folder(files) = wanted
            && let Some(file) = files.iter().find(|file| dataset_path(&file.path).is_some())
        {
            return Err(Error::HoldsOther { path: path.clone(), nested: path.join(&file.path) });
        }
    }
    Ok(())
}

struct Migration<'m> {
    project: &'m Project,
    options: &'m MigrateOptions,
    shelf: Shelf,
    surveyed: Surveyed,
    known: Map,
    taken: Taken,
    /// Why Git LFS could not fetch what was missing.
    fetch_problem: Option<String>,
    job: &'m Job<'m>,
}

impl Migration<'_> {
    fn run(&mut self) -> Result<MigrateReport, Error> {
        let cache = self.project.cache()?;
        // What is found in the cache from here on is there until a pointer names it.
        let _held = self.project.hold_cache()?;
        let wanted = self.unmapped()?;
        let mut journal = Journal::load(self.project, self.options.tool)?;
        let lists = build::lists(&self.shelf, &wanted, &mut self.taken, self.job)?;
        let files = files(&wanted, &lists);
        take(self.project, &self.shelf, files, &mut journal, &mut self.taken, self.job)?;
        if self.options.tool == Tool::Lfs {
            self.fetch_and_take(&wanted, &mut journal)?;
        }
        self.refuse_troubles()?;
        let writer = LazyWriter::new(cache);
        let map = self.map(&wanted, &lists, &writer)?;
        self.leave_lacking(&map);
        let (pointers, untracked, datasets) = self.pointers(&map, &writer)?;
        self.taken.count(writer.finish()?);
        let attributes = self.attributes(&untracked)?;
        let publication = Publication { tool: self.options.tool, map: &map, pointers, untracked, attributes };
        publish(self.project, &publication)?;
        Ok(self.report(&map, datasets, wanted.len() as u64))
    }

    /// What must be read: all that the map does not know, or of which the cache lacks something.
    fn unmapped(&mut self) -> Result<BTreeMap<OldId, RepoPath>, Error> {
        let cache = self.project.cache()?;
        let mut wanted = self.surveyed.wanted();
        let of_folders: BTreeSet<OldId> = self.of_folders();
        for (old, pointer) in &self.known.objects {
            // The files of a folder need their chunks, which the map does not tell.
            if wanted.contains_key(old)
                && !of_folders.contains(old)
                && is_whole(self.project, &Version::of(pointer), &|id| cache.find(id).is_some())?
            {
                wanted.remove(old);
            }
        }
        Ok(wanted)
    }

    fn of_folders(&self) -> BTreeSet<OldId> {
        let folders = self.surveyed.here.values().filter_map(|wanted| match wanted {
            Wanted::Folder(files) => Some(files.iter().map(|file| file.old.clone())),
            Wanted::One(_) => None,
        });
        folders.flatten().collect()
    }

    fn fetch_and_take(&mut self, wanted: &BTreeMap<OldId, RepoPath>, journal: &mut Journal) -> Result<(), Error> {
        if self.taken.troubles.iter().all(|trouble| trouble.is_damaged) {
            return Ok(());
        }
        match lfs::fetch(self.project, self.options) {
            Ok(()) => {
                self.taken.troubles.clear();
                self.shelf = lfs::shelf(self.project, self.options)?;
                let missing = wanted.iter().filter(|(old, _)| !self.taken.known.contains_key(*old));
                let missing = missing.map(|(old, path)| (old.clone(), path.clone())).collect();
                take(self.project, &self.shelf, missing, journal, &mut self.taken, self.job)
            }
            Err(reason) => {
                self.fetch_problem = Some(reason);
                Ok(())
            }
        }
    }

    fn refuse_troubles(&mut self) -> Result<(), Error> {
        self.taken.troubles.sort();
        if self.taken.troubles.is_empty() || self.options.allow_missing {
            return Ok(());
        }
        let count = self.taken.troubles.len();
        let troubles = self.taken.troubles.iter().take(MOST_NAMED).cloned().collect();
        Err(Error::NotAllThere { tool: self.options.tool, troubles, count, fetch_problem: self.fetch_problem.take() })
    }

    /// The old map, and all that is new.
    fn map(&self, wanted: &BTreeMap<OldId, RepoPath>, lists: &build::Lists, sink: &dyn Sink) -> Result<Map, Error> {
        let mut map = self.known.clone();
        for old in wanted.keys() {
            let pointer = match (lists.get(old), self.taken.known.get(old)) {
                (Some(entries), _) => {
                    build::of_list(entries, &self.taken, sink).map_err(|error| within_dataset(error, &wanted[old]))?
                }
                (None, Some(known)) => Some(build::of_file(known, sink)?),
                (None, None) => None,
            };
            if let Some(pointer) = pointer {
                map.objects.insert(old.clone(), pointer);
            }
        }
        let places = self.surveyed.places.iter().filter(|place| map.objects.contains_key(&place.old));
        let places = places.cloned().collect();
        map.merge(Map { places, ..Map::default() });
        // What only a folder of this migration needs is in no place.
        let placed: BTreeSet<OldId> = map.places.iter().map(|place| place.old.clone()).collect();
        map.objects.retain(|old, _| placed.contains(old));
        Ok(map)
    }

    /// Says which datasets are left out, since some of their data is not to be had.
    fn leave_lacking(&mut self, map: &Map) {
        let lacking = self.surveyed.places.iter().filter(|place| !map.objects.contains_key(&place.old));
        for place in lacking.cloned().collect::<Vec<_>>() {
            let is_here = matches!(self.surveyed.here.get(&place.dataset), Some(Wanted::One(here)) if *here == place);
            let reason = match is_here {
                true => "some of its data is missing or damaged",
                false => "some of its data in old revisions is missing or damaged",
            };
            self.surveyed.leave(&place.dataset.to_string(), &place.file, reason);
        }
    }

    /// The pointers to write, what Git no longer tracks, and what is told of each dataset.
    #[allow(clippy::type_complexity, reason = "three lists of one walk")]
    fn pointers(
        &mut self,
        map: &Map,
        sink: &dyn Sink,
    ) -> Result<(Vec<(RepoPath, Pointer)>, Vec<RepoPath>, Vec<Migrated>), Error> {
        let (mut pointers, mut untracked, mut datasets) = (Vec::new(), Vec::new(), Vec::new());
        let here = std::mem::take(&mut self.surveyed.here);
        for (path, wanted) in here {
            let pointer = match &wanted {
                Wanted::One(place) if map.objects.contains_key(&place.old) => map.pointer(place),
                Wanted::One(_) => None,
                Wanted::Folder(files) => build::of_files(files, &self.taken, sink)?,
            };
            let Some(pointer) = pointer else { continue };
            if self.options.tool == Tool::Lfs {
                match &wanted {
                    Wanted::One(_) => untracked.push(path.clone()),
                    Wanted::Folder(files) => untracked.extend(files.iter().map(|file| path.join(&file.path))),
                }
            }
            let old = pointed::read(self.project, &path)?;
            if old.as_ref().is_some_and(|old| old.id != pointer.id) {
                let text = format!("{path} has a pointer that says something else, which stays");
                self.surveyed.notes.push(text);
            }
            datasets.push(migrated(&path, &old.clone().unwrap_or_else(|| pointer.clone()), old.is_none()));
            if old.is_none() {
                pointers.push((path, pointer));
            }
        }
        Ok((pointers, untracked, datasets))
    }

    /// Files of attributes that need no line for Git LFS any more: all, if nothing is left for it.
    fn attributes(&mut self, untracked: &[RepoPath]) -> Result<Vec<attributes::Attributes>, Error> {
        if self.options.tool != Tool::Lfs || !self.project.config().stages() {
            return Ok(Vec::new());
        }
        let all = attributes::of_lfs(self.project)?;
        let here = self.surveyed.places.iter().filter(|place| place.file == place.dataset);
        let untracked: BTreeSet<&RepoPath> = untracked.iter().collect();
        let mut left = false;
        for place in here.filter(|place| !untracked.contains(&place.dataset)) {
            left |= !self.project.repo().tracked_below(&place.dataset, 1)?.is_empty();
        }
        if !left {
            return Ok(all);
        }
        for file in &all {
            self.surveyed.notes.push(format!("{} still gives files to Git LFS: some are not taken over", file.path));
        }
        Ok(Vec::new())
    }

    fn report(&mut self, map: &Map, datasets: Vec<Migrated>, objects: u64) -> MigrateReport {
        let versions: BTreeSet<_> = map.places.iter().map(|place| (&place.dataset, &place.old)).collect();
        MigrateReport {
            tool: self.options.tool,
            is_dry_run: false,
            removable: removable(self.options.tool, &self.surveyed, !datasets.is_empty()),
            datasets,
            versions: versions.len() as u64,
            commits: self.surveyed.commits,
            objects: objects.max(self.taken.known.len() as u64),
            objects_read: self.taken.read,
            bytes_read: self.taken.bytes,
            new_bytes: self.taken.written.raw_bytes,
            stored_bytes: self.taken.written.stored_bytes,
            troubles: std::mem::take(&mut self.taken.troubles),
            left: std::mem::take(&mut self.surveyed.left).into_iter().collect(),
            notes: std::mem::take(&mut self.surveyed.notes),
        }
    }

    /// What a run would do, without reading any data but lists.
    fn foretell(&mut self) -> Result<MigrateReport, Error> {
        let wanted = self.unmapped()?;
        let lists = build::lists(&self.shelf, &wanted, &mut self.taken, self.job)?;
        let files = files(&wanted, &lists);
        let mut bytes = 0;
        for (old, path) in &files {
            self.job.check()?;
            match self.shelf.size(old)? {
                Answer::Good(size) => bytes += size,
                bad => self.taken.trouble(old, path, &self.shelf, bad),
            }
        }
        self.taken.troubles.sort();
        let mut datasets = Vec::new();
        for (path, here) in &self.surveyed.here {
            let is_folder = match here {
                Wanted::One(place) => place.old.is_folder,
                Wanted::Folder(_) => true,
            };
            let is_new = pointed::read(self.project, path)?.is_none();
            datasets.push(Migrated { path: path.clone(), id: None, bytes: None, files: None, is_folder, is_new });
        }
        let versions: BTreeSet<_> = self.surveyed.places.iter().map(|place| (&place.dataset, &place.old)).collect();
        Ok(MigrateReport {
            tool: self.options.tool,
            is_dry_run: true,
            versions: versions.len() as u64,
            commits: self.surveyed.commits,
            objects: files.len() as u64,
            bytes_read: bytes,
            datasets,
            troubles: std::mem::take(&mut self.taken.troubles),
            left: std::mem::take(&mut self.surveyed.left).into_iter().collect(),
            notes: std::mem::take(&mut self.surveyed.notes),
            ..MigrateReport::default()
        })
    }
}

/// The files among what is wanted, and those in its lists.
fn files(wanted: &BTreeMap<OldId, RepoPath>, lists: &build::Lists) -> BTreeMap<OldId, RepoPath> {
    let mut files: BTreeMap<OldId, RepoPath> =
        wanted.iter().filter(|(old, _)| !old.is_folder).map(|(old, path)| (old.clone(), path.clone())).collect();
    for (folder, entries) in lists {
        for (path, old) in entries {
            files.entry(old.clone()).or_insert_with(|| wanted[folder].join(path));
        }
    }
    files
}

/// A tree that refuses an entry names it from the dataset.
fn within_dataset(error: Error, dataset: &RepoPath) -> Error {
    match error {
        Error::Tree(refused) => {
            Error::CannotTrack { path: dataset.join(&refused.path), reason: refused.reason.to_owned() }
        }
        error => error,
    }
}

fn migrated(path: &RepoPath, pointer: &Pointer, is_new: bool) -> Migrated {
    let (is_folder, files) = match pointer.kind {
        Kind::File { .. } => (false, 1),
        Kind::Folder { files } => (true, files),
    };
    let (id, bytes, files) = (Some(pointer.id), Some(pointer.bytes), Some(files));
    Migrated { path: path.clone(), id, bytes, files, is_folder, is_new }
}

fn removable(tool: Tool, surveyed: &Surveyed, has_datasets: bool) -> Vec<String> {
    let texts: &[&str] = match tool {
        _ if !has_datasets => &[],
        Tool::Dvc => &["git rm -r --cached .dvc", "git rm --ignore-unmatch '*.dvc' .dvcignore", "rm -r .dvc"],
        Tool::Lfs => &["git lfs uninstall --local", "rm -r .git/lfs"],
    };
    let has_lock = surveyed.places.iter().any(|place| place.file.name() == b"dvc.lock");
    let stays = has_lock.then(|| "# keep .dvc, dvc.yaml and dvc.lock while stages are run by DVC".to_owned());
    stays.into_iter().chain(texts.iter().map(|text| (*text).to_owned())).collect()
}
