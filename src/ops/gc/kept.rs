//! Which commits keep their data, and what they point at.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use crate::base::{Id, Job, RepoPath};
use crate::format::pointer::{Kind, Pointer};
use crate::git::{BlobId, Commit, CommitId};

use super::super::error::Error;
use super::super::migrate;
use super::super::needed;
use super::super::pointed::dataset_path;
use super::super::project::Project;

/// Which commits keep their data, besides those that a branch, a tag, a stash or a worktree stands on.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// The commits of references that fit one of these patterns.
    pub refs: Vec<String>,
    /// So many of the newest commits of each branch and tag.
    pub newest: Option<usize>,
    /// The commits that are not older than this, in seconds since 1970.
    pub since: Option<i64>,
    /// All commits that are reached, also from references of other kinds.
    pub all_commits: bool,
}

impl Policy {
    /// Whether nothing was asked for.
    pub fn is_none(&self) -> bool {
        self.refs.is_empty() && self.newest.is_none() && self.since.is_none() && !self.all_commits
    }
}

/// What a policy keeps.
#[derive(Debug, Default)]
pub struct Kept {
    /// The commits.
    pub commits: HashSet<CommitId>,
    /// Those of them that have a pointer which nobody can read: what they need is not known.
    pub unreadable: HashSet<CommitId>,
    /// What they, and the worktrees, point at, by id and whether it is a folder; with a path at which it is.
    pub pointers: HashMap<(Id, bool), (RepoPath, Pointer)>,
}

impl Kept {
    /// What the policy keeps of this clone.
    ///
    /// # Errors
    /// `Git` if some of the history cannot be read.
    pub fn of(project: &Project, policy: &Policy, job: &Job<'_>) -> Result<Kept, Error> {
        let repo = project.repo();
        migrate::graft_all(repo)?;
        let named = [repo.branches()?, repo.tags()?, repo.remote_branches()?].concat();
        let mut tips: Vec<Commit> = named.into_iter().map(|tip| tip.commit).collect();
        tips.extend(repo.head()?);
        tips.extend(repo.stashes()?);
        tips.extend(repo.worktree_heads()?);
        let mut commits: HashSet<CommitId> = tips.iter().map(|tip| tip.id).collect();
        for pattern in &policy.refs {
            commits.extend(repo.refs_matching(pattern)?.into_iter().map(|commit| commit.id));
        }
        if policy.all_commits {
            let standing: Vec<Commit> = repo.standing()?.into_iter().map(|tip| tip.commit).collect();
            commits.extend(repo.history(&standing, job.cancel)?.into_iter().map(|commit| commit.id));
        }
        if let Some(since) = policy.since {
            commits.extend(repo.history_since(&tips, since, job.cancel)?);
        }
        for tip in &tips {
            let newest = repo.newest(tip, policy.newest.unwrap_or(1), job.cancel)?;
            commits.extend(newest.into_iter().map(|commit| commit.id));
        }
        let mut kept = Kept { commits, ..Kept::default() };
        kept.read(project, job)?;
        Ok(kept)
    }

    /// Reads the pointers of all commits and worktrees.
    fn read(&mut self, project: &Project, job: &Job<'_>) -> Result<(), Error> {
        let mut known: HashMap<BlobId, Option<Pointer>> = HashMap::new();
        let repo = project.repo();
        for id in self.commits.clone() {
            job.check()?;
            let Some(commit) = repo.commit_named(id.as_bytes()) else { continue };
            for (path, blob) in repo.pointer_blobs_at(&commit)? {
                let pointer = match known.entry(blob) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(Pointer::parse(&repo.pointer_bytes(&path, blob)?).ok()),
                };
                match (&*pointer, dataset_path(&path)) {
                    (Some(pointer), Some(path)) => self.add(path, pointer),
                    (None, _) => drop(self.unreadable.insert(id)),
                    (_, None) => {}
                }
            }
        }
        for (path, pointer) in needed::of_worktrees(project)?.all {
            self.add(path, &pointer);
        }
        Ok(())
    }

    fn add(&mut self, path: RepoPath, pointer: &Pointer) {
        let key = (pointer.id, matches!(pointer.kind, Kind::Folder { .. }));
        self.pointers.entry(key).or_insert_with(|| (path, pointer.clone()));
    }

    /// Whether this pointer stands for something that is kept.
    pub fn has(&self, pointer: &Pointer) -> bool {
        self.points_at(&pointer.id, matches!(pointer.kind, Kind::Folder { .. }))
    }

    /// Whether something that is kept points at this version.
    pub fn points_at(&self, id: &Id, is_folder: bool) -> bool {
        self.pointers.contains_key(&(*id, is_folder))
    }
}
