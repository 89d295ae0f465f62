//! A dataset, or parts of one, on its way out of the project: what must go, and what must not be lost.

use crate::base::{Id, Job, RepoPath, Stat, Step};
use crate::format::compression::Noticer;
use crate::format::pack::PackKind;
use crate::format::pointer::{Kind, Pointer};
use crate::format::tree::{self, Node};
use crate::packs::{Nowhere, Sink};
use crate::worktree::{Placer, Staging};

use super::admit::Admitted;
use super::copies::Copies;
use super::draft::Draft;
use super::error::Error;
use super::lazy_writer::LazyWriter;
use super::pages::Pages;
use super::place;
use super::plan::Plan;
use super::pointed::{self, pointer_path};
use super::project::Project;
use super::publish::{Undo, Unignored, unignore_dataset};
use super::rm::{Removed, RmOptions};
use super::seen::{self, overlay};
use super::shelter::{Sheltered, shelter};
use super::survey::{Standing, Survey, survey, survey_anew};
use super::version::{Version, lacking};

/// What leaves of one dataset.
pub struct Departure {
    dataset: RepoPath,
    /// Empty: the dataset as a whole.
    parts: Vec<RepoPath>,
    pointer: Option<Pointer>,
    pointer_bytes: Option<Vec<u8>>,
    survey: Survey,
    /// What the tree loses, by path.
    gone: Vec<RepoPath>,
    /// What the worktree loses, by path.
    removes: Vec<(RepoPath, Stat)>,
    edits: Vec<RepoPath>,
    keep: bool,
    /// That what goes is somewhere else, once that is so; `None` if no file goes.
    sheltered: Option<Sheltered>,
    /// The id of what is left, once its tree is made.
    left: Option<Id>,
}

impl Departure {
    /// Looks at the dataset and decides. Nothing is touched.
    pub fn plan(
        project: &Project,
        dataset: RepoPath,
        parts: Vec<RepoPath>,
        options: &RmOptions,
        job: &Job<'_>,
    ) -> Result<Departure, Error> {
        let pointer_bytes = pointed::read_bytes(project, &dataset)?;
        let pointer = match &pointer_bytes {
            // A broken pointer can be removed, but nothing can be taken out of what it stands for.
            Some(bytes) if parts.is_empty() => pointed::parse(&pointer_path(&dataset), bytes).ok(),
            Some(bytes) => Some(pointed::parse(&pointer_path(&dataset), bytes)?),
            None => None,
        };
        let mut survey = survey(project, &dataset, &Nowhere, Step::Hash, job)?;
        let is_of_pointer = survey.base == pointer.as_ref().map(|pointer| pointer.id);
        if let (Version::Folder(root), false) = (survey.version(), is_of_pointer)
            && project.cache()?.find(&root).is_none()
        {
            // Nobody knows any more what the files here were: they are compared with what the pointer says.
            survey = survey_anew(project, &dataset, &Nowhere, Step::Hash, job)?;
        }
        let mut departure = Departure {
            dataset,
            parts,
            pointer,
            pointer_bytes,
            survey,
            gone: Vec::new(),
            removes: Vec::new(),
            edits: Vec::new(),
            keep: options.keep,
            sheltered: None,
            left: None,
        };
        let remote = departure.pointer.as_ref().and_then(|pointer| pointer.remote.clone());
        let pages = Pages::new(project, remote.as_deref())?;
        departure.find_gone(&pages, options.force)?;
        if !options.keep && departure.survey.standing != Standing::Absent {
            departure.find_files(&pages, options.force)?;
        }
        pages.keep()?;
        Ok(departure)
    }

    /// Whether no part of it is tracked any more.
    pub fn is_whole(&self) -> bool {
        self.parts.is_empty()
    }

    /// Changes that would be lost.
    pub fn edits(&self) -> impl Iterator<Item = RepoPath> {
        self.edits.iter().map(|path| self.dataset.join(path))
    }

    /// What is told of it.
    pub fn report(&self) -> Removed {
        let is_left = |path: &RepoPath| self.removes.binary_search_by(|(removed, _)| removed.cmp(path)).is_err();
        let in_parts = |path: &RepoPath| self.is_whole() || self.parts.iter().any(|part| path.is_in(part));
        let found = self.survey.differences().filter(|difference| difference.new.is_some());
        let left = found.filter(|difference| in_parts(&difference.path) && is_left(&difference.path));
        Removed {
            path: self.dataset.clone(),
            parts: self.parts.clone(),
            files_removed: self.removes.len() as u64,
            files_left: if self.keep { 0 } else { left.count() as u64 },
        }
    }

    /// What the dataset loses in its tree, if only parts of it go.
    fn find_gone(&mut self, pages: &Pages<'_>, force: bool) -> Result<(), Error> {
        let whole = |part: &RepoPath| self.dataset.join(part);
        let Some(first) = self.parts.first() else { return Ok(()) };
        let not_inside = |part: &RepoPath| Error::NotInDataset { path: whole(part), dataset: self.dataset.clone() };
        let pointer = self.pointer.as_ref().filter(|pointer| matches!(pointer.kind, Kind::Folder { .. }));
        let pointer = pointer.ok_or_else(|| not_inside(first))?;
        if !force && self.survey.base.is_some_and(|base| base != pointer.id) {
            let moved = pointer_path(&self.dataset);
            return Err(Error::PointerMoved { dataset: self.dataset.clone(), pointer: moved });
        }
        for part in &self.parts {
            let before = self.gone.len();
            for entry in Version::of(pointer).entries(pages, part)? {
                self.gone.push(entry?.path);
            }
            if self.gone.len() == before {
                return Err(not_inside(part));
            }
        }
        self.gone.sort();
        Ok(())
    }

    /// What the files here were last made equal to; the pointer, if nobody knows.
    fn known(&self) -> Version {
        match (&self.pointer, self.survey.base) {
            (Some(pointer), base) if base.is_none_or(|base| base == pointer.id) => Version::of(pointer),
            _ => self.survey.version(),
        }
    }

    /// Which of the known files are here, and which of them have changes.
    fn find_files(&mut self, pages: &Pages<'_>, force: bool) -> Result<(), Error> {
        let known = self.known();
        let all = [RepoPath::default()];
        for part in if self.is_whole() { &all[..] } else { &self.parts[..] } {
            for entry in known.entries(pages, part)? {
                let entry = entry?;
                let Some(stat) = self.survey.stat(&entry.path) else { continue };
                let now = self.survey.difference(&entry.path).and_then(|difference| difference.new);
                match &now {
                    Some(now) if !force && !is_same(&entry.path, now, &entry.node) => self.edits.push(entry.path),
                    _ => self.removes.push((entry.path, stat)),
                }
            }
        }
        self.removes.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(())
    }

    /// Stores in the cache what would be lost with the files.
    ///
    /// # Errors
    /// `WorktreeOnly` if something is lost that no file brings back; not if that is forced.
    pub fn shelter(&mut self, project: &Project, force: bool, job: &Job<'_>) -> Result<(), Error> {
        if self.removes.is_empty() {
            return Ok(());
        }
        let sheltered = shelter(project, &self.dataset, &self.removal(), &self.survey, job)?;
        self.sheltered = Some(sheltered);
        if force { Ok(()) } else { self.refuse_only_copy(project) }
    }

    /// The files here must not be the last place where their data is.
    fn refuse_only_copy(&self, project: &Project) -> Result<(), Error> {
        let remote = self.pointer.as_ref().and_then(|pointer| pointer.remote.as_deref());
        let pages = Pages::new(project, remote)?;
        let (cache, copies) = (project.cache()?, Copies::load(project)?);
        let has = |id: &Id| cache.find(id).is_some() || copies.have(id);
        let all = [RepoPath::default()];
        let mut chunks = 0;
        for part in if self.is_whole() { &all[..] } else { &self.parts[..] } {
            let lacking = lacking(&pages, &self.known(), part, &has)?;
            chunks += (lacking.chunks.len() + lacking.pages.len()) as u64;
        }
        match chunks {
            0 => Ok(()),
            chunks => Err(Error::WorktreeOnly { dataset: self.dataset.clone(), chunks }),
        }
    }

    /// What the worktree loses, as a plan.
    fn removal(&self) -> Plan {
        Plan { removes: self.removes.clone(), ..Plan::nothing() }
    }

    /// The pointer of what is left, if something is. Its pages are stored.
    pub fn draft(&mut self, project: &Project) -> Result<Option<Draft>, Error> {
        let Some(pointer) = self.pointer.clone().filter(|_| !self.is_whole()) else { return Ok(None) };
        let pages = Pages::new(project, pointer.remote.as_deref())?;
        let writer = LazyWriter::new(project.cache()?);
        let mut noticer = Noticer::new(writer.compression());
        let changes = self.gone.iter().map(|path| (path.clone(), None));
        let root = tree::edit(&pages, &pointer.id, changes, |id, page: Vec<u8>| {
            Ok::<_, Error>(writer.take(PackKind::Pages, id, &page, &mut noticer)?)
        })?;
        pages.keep()?;
        writer.finish()?;
        self.left = Some(root.id);
        let wanted = Admitted {
            dataset: self.dataset.clone(),
            inside: RepoPath::default(),
            pointer: Some(pointer),
            old_bytes: self.pointer_bytes.clone(),
            force: true,
        };
        Ok(Some(Draft::of_part(&wanted, &root)))
    }

    /// Takes away the pointer and the ignore line. `added` and `removed` get what Git must be told.
    pub fn withdraw(
        &self,
        project: &Project,
        undo: &mut Undo,
        added: &mut Vec<RepoPath>,
        removed: &mut Vec<RepoPath>,
    ) -> Result<(), Error> {
        let pointer = pointer_path(&self.dataset);
        if let Some(bytes) = &self.pointer_bytes {
            undo.remove(pointer.below(project.root()), bytes.clone())?;
        }
        removed.push(pointer);
        match unignore_dataset(project, &self.dataset, undo)? {
            Unignored::Same => {}
            Unignored::Changed(file) => added.push(file),
            Unignored::Removed(file) => removed.push(file),
        }
        Ok(())
    }

    /// Removes the files, and the folders that are empty then.
    pub fn remove_files(&self, project: &Project, force: bool) -> Result<(), Error> {
        let Some(sheltered) = &self.sheltered else { return Ok(()) };
        let staging = Staging::begin(project.root())?;
        place::put(project.root(), &self.dataset, &staging, &self.removal(), Vec::new(), sheltered, force)?;
        let path = self.dataset.below(project.root());
        if !self.is_whole() && self.survey.standing == Standing::Folder && !path.exists() {
            // A dataset without files is a folder still.
            Placer::open(project.root(), &staging)?.make_folder(&self.dataset)?;
        }
        Ok(())
    }

    /// Remembers the worktree as it is now.
    pub fn remember(&self, project: &Project) -> Result<(), Error> {
        if self.is_whole() {
            return Ok(seen::forget(project, &self.dataset)?);
        }
        let is_in_step = self.survey.base.is_some() && self.survey.base == self.pointer.as_ref().map(|it| it.id);
        // Where the files are of an older pointer, what is gone is told as deleted, until the next checkout.
        let Some(left) = self.left.filter(|_| is_in_step) else { return Ok(()) };
        let changes = || {
            let gone = self.gone.iter().map(|path| (path.as_bytes(), None));
            overlay(self.survey.changes(|_| false), gone)
        };
        self.survey.remember_as(project, left, changes)
    }
}

/// Whether what is here is what it was. Of a dataset that is one file, nobody keeps the executable bit.
fn is_same(path: &RepoPath, now: &Node, known: &Node) -> bool {
    match (now, known) {
        (Node::File { id, .. }, Node::File { id: known, .. }) if path.is_empty() => id == known,
        _ => now.has_content_of(known),
    }
}
