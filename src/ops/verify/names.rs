//! What is to be there: every version of a dataset that this clone, or a root of a remote, names, and who names it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use crate::base::{Id, Job, RepoPath, Warning};
use crate::format::pointer::Pointer;
use crate::format::root::Root;
use crate::git::{BlobId, Commit, GitEnvironment, Repo, Tip};

use super::super::error::Error;
use super::super::migrate;
use super::super::needed::linked_worktrees;
use super::super::pointed::{self, dataset_path, pointer_path};
use super::super::project::{Project, Settings};
use super::super::version::Version;
use super::report::VerifyOptions;

/// One version of a dataset, or of a part of one.
#[derive(Debug, Clone)]
pub struct Named {
    /// The dataset.
    pub path: RepoPath,
    /// The part that is meant; empty for all.
    pub inside: RepoPath,
    /// What it is.
    pub version: Version,
    /// The id in its pointer.
    pub id: Id,
    /// The remote that its pointer names.
    pub remote: Option<String>,
    /// Who names it, first of all.
    pub revision: String,
}

/// All versions, each once per path, and how many refs were looked at.
#[derive(Debug, Default)]
pub struct Names {
    /// The versions.
    pub all: Vec<Named>,
    /// How many refs.
    pub refs: u64,
    known: HashMap<(RepoPath, Id), usize>,
    paths: Vec<RepoPath>,
}

impl Names {
    /// What this clone names: its worktrees, their indexes, the tips of its refs, and all history if that is asked for.
    ///
    /// Pointers that cannot be read are told and passed over: what they stood for nobody knows.
    pub fn of_clone(project: &Project, options: &VerifyOptions, job: &Job<'_>) -> Result<Names, Error> {
        let mut names = Names { paths: options.paths.clone(), ..Names::default() };
        names.worktree(project, "worktree", job)?;
        for linked in linked_worktrees(project) {
            let settings = Settings { from: linked.clone(), ..Settings::default() };
            // A worktree that is gone, or cannot be read, names nothing.
            if let Ok(repo) = Repo::discover(&linked, &GitEnvironment::default()) {
                names.worktree(&Project::of(repo, &settings)?, &format!("worktree {}", linked.display()), job)?;
            }
        }
        names.refs(project, options, job)?;
        Ok(names)
    }

    /// What roots name.
    pub fn of_roots(roots: &[(Id, Root)], paths: &[RepoPath]) -> Names {
        let mut names = Names { paths: paths.to_vec(), ..Names::default() };
        for (id, root) in roots {
            let hex = |commit: &[u8]| commit.iter().take(5).map(|byte| format!("{byte:02x}")).collect::<String>();
            let revision = root.commits.first().map_or_else(|| format!("root {}", id.short()), |commit| hex(commit));
            for dataset in &root.datasets {
                let version = Version::of_root(dataset);
                names.add(&dataset.path, version, dataset.id, None, &revision);
            }
        }
        names
    }

    fn worktree(&mut self, project: &Project, label: &str, job: &Job<'_>) -> Result<(), Error> {
        for path in pointed::known_paths(project)? {
            match pointed::read(project, &path) {
                Ok(pointer) => self.pointer(&path, pointer, label),
                Err(error) => job.warn(Warning::Note(format!("passed over: {error}"))),
            }
            for staged in project.repo().staged_sides(&pointer_path(&path))? {
                self.pointer(&path, Pointer::parse(&staged).ok(), "index");
            }
        }
        Ok(())
    }

    fn refs(&mut self, project: &Project, options: &VerifyOptions, job: &Job<'_>) -> Result<(), Error> {
        let repo = project.repo();
        migrate::graft_all(repo)?;
        let tips = repo.standing()?;
        self.refs = repo.references()?.len() as u64;
        let mut parsed: HashMap<BlobId, Option<Pointer>> = HashMap::new();
        let mut known = HashSet::new();
        for Tip { name, commit } in tips.iter().filter(|tip| known.insert(tip.commit.id)) {
            job.check()?;
            for (path, blob) in repo.pointer_blobs_at(commit)? {
                let Some(dataset) = dataset_path(&path) else { continue };
                let pointer = match parsed.entry(blob) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(read(repo, &path, blob, name, job)?),
                };
                self.pointer(&dataset, pointer.clone(), name);
            }
        }
        if options.all_commits {
            let commits: Vec<Commit> = tips.into_iter().map(|tip| tip.commit).collect();
            for past in repo.pointers_in_history(&commits, job.cancel)? {
                let pointer = Pointer::parse(&past.bytes).ok();
                if let Some(dataset) = dataset_path(&past.path) {
                    self.pointer(&dataset, pointer, &past.commit.short());
                }
            }
        }
        Ok(())
    }

    fn pointer(&mut self, path: &RepoPath, pointer: Option<Pointer>, revision: &str) {
        if let Some(pointer) = pointer {
            self.add(path, Version::of(&pointer), pointer.id, pointer.remote, revision);
        }
    }

    fn add(&mut self, path: &RepoPath, version: Version, id: Id, remote: Option<String>, revision: &str) {
        let Some(inside) = self.chosen(path) else { return };
        let key = (path.clone(), id);
        if self.known.contains_key(&key) {
            return;
        }
        self.known.insert(key, self.all.len());
        self.all.push(Named { path: path.clone(), inside, version, id, remote, revision: revision.to_owned() });
    }

    /// The part of a dataset that the user means; `None` if it is not meant at all.
    fn chosen(&self, dataset: &RepoPath) -> Option<RepoPath> {
        if self.paths.is_empty() {
            return Some(RepoPath::default());
        }
        let is_whole = |path: &RepoPath| dataset.is_in(path) || *path == pointer_path(dataset);
        if self.paths.iter().any(is_whole) {
            return Some(RepoPath::default());
        }
        self.paths.iter().find_map(|path| path.strip(dataset))
    }

    /// Those that go to the remote `name`, and that no root names yet.
    pub fn beside(self, roots: &Names, name: &str, default: &str) -> Vec<Named> {
        let goes_there = |named: &Named| named.remote.as_deref().unwrap_or(default) == name;
        let known: HashSet<Id> = roots.all.iter().map(|named| named.id).collect();
        self.all.into_iter().filter(|named| goes_there(named) && !known.contains(&named.id)).collect()
    }
}

/// A pointer of a commit; `None`, and a warning, if it cannot be read.
fn read(repo: &Repo, path: &RepoPath, blob: BlobId, name: &str, job: &Job<'_>) -> Result<Option<Pointer>, Error> {
    let pointer = pointed::parse(path, &repo.pointer_bytes(path, blob)?);
    if let Err(error) = &pointer {
        job.warn(Warning::Note(format!("{name} is passed over in part: {error}")));
    }
    Ok(pointer.ok())
}
