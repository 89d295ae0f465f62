//! Where good copies of what is lost come from: the store itself, the cache, other remotes, the worktree.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Mutex;

use crate::base::{Id, Job, RepoPath, Step};
use crate::format::compression::{Compression, Noticer};
use crate::format::pack::PackKind;
use crate::format::pointer::Kind;
use crate::format::tree::Chunks;
use crate::packs::{Catalog, Look, PackError, Sink, Writer, Written, store_pages, transfer_good};

use super::super::error::Error;
use super::super::pages::Pages;
use super::super::pointed::{self, Dataset};
use super::super::project::Project;
use super::super::source::store_unchanged;
use super::super::survey::survey_anew;
use super::examine::Examined;
use super::ground::Ground;

/// Stores good copies of what is lost or damaged in fresh packs, as far as there are any.
///
/// All good chunks of damaged packs are stored, too. Returns those that must be left alone, since a newer esker wrote
/// them.
pub fn store_good(
    project: &Project,
    ground: &Ground<'_>,
    look: &Look,
    found: &Examined,
    job: &Job<'_>,
) -> Result<(Written, HashSet<Id>), Error> {
    let distrusted: HashSet<Id> = look.flawed.keys().chain(&look.lost).copied().collect();
    let writer = ground.packs().writer_without(&distrusted)?;
    match gather(project, ground, look, found, &writer, job) {
        Ok(newer) => Ok((writer.finish()?, newer)),
        Err(error) => {
            // The next run goes on from what is whole; the error that led here is the one to tell.
            let _ = writer.keep_stored();
            Err(error)
        }
    }
}

fn gather(
    project: &Project,
    ground: &Ground<'_>,
    look: &Look,
    found: &Examined,
    writer: &Writer<'_>,
    job: &Job<'_>,
) -> Result<HashSet<Id>, Error> {
    let mut newer = HashSet::new();
    for pack in look.flawed.keys() {
        if !ground.packs().salvage(look, pack, writer, job)? {
            newer.insert(*pack);
        }
    }
    ground.packs().rescue_condemned(look, &found.condemned, writer, job)?;
    let wanted: Vec<Id> = found.missing.keys().copied().collect();
    ground.packs().rescue_condemned(look, &wanted, writer, job)?;
    if ground.as_remote().is_some() {
        transfer_good(ground.own(), writer, &wanted, Step::Send, job)?;
    }
    if wanted.iter().any(|id| !writer.has(id)) {
        from_worktree(project, found, writer, job)?;
        from_remotes(project, ground, &wanted, writer, job)?;
    }
    Ok(newer)
}

/// Every remote that is known to have something that is still wanted, but for the one that is mended.
fn from_remotes(
    project: &Project,
    ground: &Ground<'_>,
    wanted: &[Id],
    writer: &Writer<'_>,
    job: &Job<'_>,
) -> Result<(), Error> {
    for settings in project.config().remotes() {
        let open: Vec<Id> = wanted.iter().filter(|id| !writer.has(id)).copied().collect();
        let is_mended = ground.as_remote().is_some_and(|remote| remote.name == settings.name);
        let copy = Catalog::load(&settings.name, &project.copies_of(&settings));
        if is_mended || !copy.is_ok_and(|copy| open.iter().any(|id| copy.find(id).is_some())) {
            continue;
        }
        let remote = project.remote(Some(&settings.name))?;
        remote.packs.refresh(false)?;
        transfer_good(&remote.packs, writer, &open, Step::Fetch, job)?;
    }
    Ok(())
}

/// Files of the worktree that still are what was added: their chunks are cut and hashed anew, and so are the lists.
fn from_worktree(project: &Project, found: &Examined, writer: &Writer<'_>, job: &Job<'_>) -> Result<(), Error> {
    let wanted = Wanted { missing: &found.missing, to: writer };
    for path in pointed::known_paths(project)? {
        let Some(pointer) = pointed::read(project, &path).ok().flatten() else { continue };
        if !found.datasets.contains(&pointer.id) {
            continue;
        }
        let dataset = Dataset { path, pointer };
        let has_lost_lists = found.missing.iter().any(|(id, kind)| *kind == PackKind::Pages && !writer.has(id));
        match dataset.pointer.kind {
            Kind::Folder { .. } if has_lost_lists => lists_of_folder(project, &dataset, &wanted, job)?,
            Kind::File { .. } | Kind::Folder { .. } => {
                let in_dataset = found.files.iter().filter(|file| file.dataset == dataset.path);
                let files: BTreeSet<RepoPath> = in_dataset.map(|file| file.path.clone()).collect();
                for content in store_unchanged(project, &dataset, &files, &wanted, job)? {
                    if let (Kind::File { .. }, Chunks::Inline(chunks)) = (dataset.pointer.kind, &content.chunks) {
                        store_pages(&wanted, chunks, &mut Noticer::new(wanted.compression()))?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// Makes the lists of a folder anew from its files. They are stored if the folder is what its pointer says.
fn lists_of_folder(project: &Project, dataset: &Dataset, wanted: &Wanted<'_>, job: &Job<'_>) -> Result<(), Error> {
    let manifests = PagesToo { wanted, pages: Mutex::default() };
    let survey = survey_anew(project, &dataset.path, &manifests, Step::Store, job)?;
    let mut lists = manifests.pages.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let none = Pages::of_verb(project, None, false)?;
    let root = survey.tree(&RepoPath::default(), &none, |id, page| {
        lists.insert(id, page);
        Ok(())
    })?;
    if root.id == dataset.pointer.id {
        let mut noticer = Noticer::new(wanted.compression());
        lists.iter().try_for_each(|(id, page)| wanted.to.take(PackKind::Pages, *id, page, &mut noticer))?;
    }
    Ok(())
}

/// Lets through what is missing.
struct Wanted<'a> {
    missing: &'a HashMap<Id, PackKind>,
    to: &'a Writer<'a>,
}

impl Sink for Wanted<'_> {
    fn compression(&self) -> Compression {
        self.to.compression()
    }

    fn take(&self, kind: PackKind, id: Id, raw: &[u8], noticer: &mut Noticer) -> Result<(), PackError> {
        if self.missing.contains_key(&id) { self.to.take(kind, id, raw, noticer) } else { Ok(()) }
    }
}

/// The same, and keeps the pages of manifests until it is known whether they are wanted.
struct PagesToo<'a> {
    wanted: &'a Wanted<'a>,
    pages: Mutex<HashMap<Id, Vec<u8>>>,
}

impl Sink for PagesToo<'_> {
    fn compression(&self) -> Compression {
        self.wanted.compression()
    }

    fn take(&self, kind: PackKind, id: Id, raw: &[u8], noticer: &mut Noticer) -> Result<(), PackError> {
        if kind == PackKind::Pages {
            self.pages.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(id, raw.to_vec());
            return Ok(());
        }
        self.wanted.take(kind, id, raw, noticer)
    }
}
