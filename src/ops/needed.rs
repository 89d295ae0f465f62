//! What this clone needs of its cache: all that its pointers lead to, at all revisions or in the worktree.

use std::collections::HashSet;
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};

use crate::base::{Id, Job, RepoPath};
use crate::format::FormatError;
use crate::format::manifest::Visit;
use crate::format::pointer::{Kind, Pointer};
use crate::format::tree::{ChunkRef, VisitTree};
use crate::git::{GitEnvironment, Repo};
use crate::packs::{PackStore, Place};

use super::error::Error;
use super::migrate;
use super::pages::Pages;
use super::pointed;
use super::project::{Project, Settings};
use super::seen::{self, SeenFile};
use super::version::{Version, reach};

/// Goes through pointers and tells of each chunk and page of theirs that the cache has, once.
pub struct Needed<'a, F> {
    pages: Pages<'a>,
    cache: &'a PackStore,
    told: HashSet<Id>,
    /// Pages that were looked for. A file may have the bytes of a page, so that it was told says nothing of it.
    opened: HashSet<Id>,
    absent: HashSet<Id>,
    each: F,
}

impl<'a, F: FnMut(&Id, &Place)> Needed<'a, F> {
    /// Nothing is gone through yet. No remote is asked for anything.
    pub fn new(project: &'a Project, each: F) -> Result<Needed<'a, F>, Error> {
        let pages = Pages::of_verb(project, None, false)?;
        let (told, opened, absent) = (HashSet::new(), HashSet::new(), HashSet::new());
        Ok(Needed { pages, cache: project.cache()?, told, opened, absent, each })
    }

    /// Goes through what a pointer leads to, as far as the cache has it.
    pub fn add(&mut self, pointer: &Pointer) -> Result<(), Error> {
        let Needed { cache, told, opened, absent, each, .. } = self;
        let mut visit = Telling { cache, told, opened, absent, each };
        reach(&self.pages, &Version::of(pointer), &mut visit)
    }

    /// The pages that the cache lacks: what they lead to is not known.
    pub fn absent(&self) -> impl Iterator<Item = &Id> {
        self.absent.iter()
    }
}

struct Telling<'v, F> {
    cache: &'v PackStore,
    told: &'v mut HashSet<Id>,
    opened: &'v mut HashSet<Id>,
    absent: &'v mut HashSet<Id>,
    each: &'v mut F,
}

impl<F: FnMut(&Id, &Place)> Telling<'_, F> {
    /// Whether the cache has it.
    fn tell(&mut self, id: &Id) -> bool {
        let Some(place) = self.cache.find(id) else { return false };
        if self.told.insert(*id) {
            (self.each)(id, &place);
        }
        true
    }
}

impl<F: FnMut(&Id, &Place)> Visit<Error> for Telling<'_, F> {
    fn page(&mut self, id: &Id) -> Result<bool, Error> {
        if !self.opened.insert(*id) {
            return Ok(false);
        }
        let is_here = self.tell(id);
        if !is_here {
            self.absent.insert(*id);
        }
        Ok(is_here)
    }

    fn chunk(&mut self, chunk: &ChunkRef) -> Result<(), Error> {
        self.tell(&chunk.id);
        Ok(())
    }
}

impl<F: FnMut(&Id, &Place)> VisitTree<Error> for Telling<'_, F> {}

/// Pointers, each with the path of its dataset.
#[derive(Debug, Default)]
pub struct Pointers {
    /// Those that can be read.
    pub all: Vec<(RepoPath, Pointer)>,
    /// How many cannot be, of a later version, say: what these need is not known.
    pub unread: u64,
}

impl Pointers {
    /// Adds what these bytes are. The sides of a conflict are in Git's index.
    fn add(&mut self, dataset: &RepoPath, bytes: &[u8]) {
        match Pointer::parse(bytes) {
            Ok(pointer) => self.all.push((dataset.clone(), pointer)),
            Err(FormatError::Conflict { .. }) => {}
            Err(_) => self.unread += 1,
        }
    }
}

/// The pointers of every revision that something of this clone stands on, and of all worktrees and indexes; each version
/// once.
pub fn pointers(project: &Project, job: &Job<'_>) -> Result<Pointers, Error> {
    let repo = project.repo();
    let tips: Vec<_> = repo.standing()?.into_iter().map(|tip| tip.commit).collect();
    migrate::graft_all(repo)?;
    let mut pointers = of_worktrees(project)?;
    for past in repo.pointers_in_history(&tips, job.cancel)? {
        let Some(dataset) = pointed::dataset_path(&past.path) else { continue };
        match Pointer::parse(&past.bytes) {
            Ok(pointer) => pointers.all.push((dataset, pointer)),
            Err(_) => pointers.unread += 1,
        }
    }
    let mut known = HashSet::new();
    pointers.all.retain(|(_, pointer)| known.insert((pointer.id, matches!(pointer.kind, Kind::Folder { .. }))));
    Ok(pointers)
}

/// The pointers of all worktrees of this clone, staged or not; and what stands for the folders that are there, where
/// pointers say something else by now.
pub fn of_worktrees(project: &Project) -> Result<Pointers, Error> {
    let mut pointers = Pointers::default();
    for worktree in iter::once(project).chain(&linked_projects(project)?) {
        located(worktree, &mut pointers)?;
        pointers.all.extend(in_step(worktree)?);
    }
    Ok(pointers)
}

/// What the folders of a worktree were last made equal to: as long as they are there, verbs compare them with it.
fn in_step(project: &Project) -> Result<Vec<(RepoPath, Pointer)>, Error> {
    let known = seen::known(project)?.into_iter().filter(|dataset| dataset.below(project.root()).is_dir());
    let base = |dataset: RepoPath| {
        let file = SeenFile::load(project, &dataset);
        let id = file.base().filter(|_| !file.is_of_a_file())?;
        Some((dataset, Pointer { kind: Kind::Folder { files: 0 }, id, bytes: 0, remote: None, source: None }))
    };
    Ok(known.filter_map(base).collect())
}

/// All other worktrees of this clone, as projects. One that is gone, or cannot be read, is passed over.
pub fn linked_projects(project: &Project) -> Result<Vec<Project>, Error> {
    let mut projects = Vec::new();
    for linked in linked_worktrees(project) {
        let settings = Settings { from: linked.clone(), ..Settings::default() };
        if let Ok(repo) = Repo::discover(&linked, &GitEnvironment::default()) {
            projects.push(Project::of(repo, &settings)?);
        }
    }
    Ok(projects)
}

/// The pointers that a worktree has, staged or not, on all sides of a conflict.
pub fn of_worktree(project: &Project) -> Result<Pointers, Error> {
    let mut pointers = Pointers::default();
    located(project, &mut pointers)?;
    Ok(pointers)
}

fn located(project: &Project, pointers: &mut Pointers) -> Result<(), Error> {
    for path in pointed::known_paths(project)? {
        match pointed::read_bytes(project, &path) {
            Ok(bytes) => bytes.iter().for_each(|bytes| pointers.add(&path, bytes)),
            Err(_) => pointers.unread += 1,
        }
        for bytes in project.repo().staged_sides(&pointed::pointer_path(&path))? {
            pointers.add(&path, &bytes);
        }
    }
    Ok(())
}

/// The roots of all other worktrees of this clone.
pub fn linked_worktrees(project: &Project) -> Vec<PathBuf> {
    let common = project.repo().common_dir();
    let linked = fs::read_dir(common.join("worktrees")).into_iter().flatten().flatten();
    let root = |entry: fs::DirEntry| {
        let git_file = fs::read_to_string(entry.path().join("gitdir")).ok()?;
        Path::new(git_file.trim_end()).parent().map(PathBuf::from)
    };
    let main = common.file_name().filter(|name| *name == ".git").and_then(|_| common.parent()).map(PathBuf::from);
    let all = linked.filter_map(root).chain(main);
    all.filter(|root| root != project.root() && root.exists()).collect()
}
