//! Which versions of which datasets `push`, `fetch` and `pull` mean.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::base::{Id, Job, RepoPath, Warning};
use crate::git::{Commit, CommitId, PastPointer, Repo};

use super::error::Error;
use super::migrate;
use super::pages::Pages;
use super::pointed::{self, Dataset, Selected, dataset_path};
use super::project::Project;
use super::version::Version;

/// What the user asked for. Without any revision it is what the worktree points at.
#[derive(Debug, Clone, Default)]
pub struct SelectionOptions {
    /// Datasets, parts of them, folders that hold some; all if empty.
    pub paths: Vec<RepoPath>,
    /// Revisions whose pointers are meant.
    pub revisions: Vec<String>,
    /// The newest commit of every branch.
    pub all_branches: bool,
    /// The commit of every tag.
    pub all_tags: bool,
    /// Every commit that a branch, a tag or a branch of a remote reaches.
    pub all_commits: bool,
    /// The commits of a range, and nothing of the worktree.
    pub range: Option<Range>,
}

impl SelectionOptions {
    /// Whether only what the pointers of the worktree say is meant.
    pub fn is_of_worktree(&self) -> bool {
        !self.names_revisions() && self.range.is_none()
    }
}

/// Every commit that some reach and others do not.
#[derive(Debug, Clone, Default)]
pub struct Range {
    /// What is reached from here,
    pub tips: Vec<Commit>,
    /// and not from here.
    pub hidden: Vec<Commit>,
}

/// Versions of datasets, each once, and the commits that point at them.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// The commits.
    pub commits: Vec<CommitId>,
    /// What they, or the worktree, point at; by path, the newest version first.
    pub wanted: Vec<Selected>,
}

impl SelectionOptions {
    fn names_revisions(&self) -> bool {
        !self.revisions.is_empty() || self.all_branches || self.all_tags || self.all_commits
    }

    /// The commits that are named one by one.
    pub(super) fn tips(&self, repo: &Repo) -> Result<Vec<Commit>, Error> {
        let mut tips = self.revisions.iter().map(|revision| repo.resolve(revision)).collect::<Result<Vec<_>, _>>()?;
        if self.all_branches || self.all_commits {
            tips.extend(repo.branches()?.into_iter().map(|tip| tip.commit));
        }
        if self.all_tags || self.all_commits {
            tips.extend(repo.tags()?.into_iter().map(|tip| tip.commit));
        }
        if self.all_commits {
            tips.extend(repo.remote_branches()?.into_iter().map(|tip| tip.commit));
            tips.extend(repo.head()?);
        }
        let mut known = HashSet::new();
        tips.retain(|tip| known.insert(tip.id));
        Ok(tips)
    }
}

/// What `fetch` and `pull` mean: what the worktree points at, or what the named revisions do.
pub fn to_fetch(project: &Project, options: &SelectionOptions, job: &Job<'_>) -> Result<Selection, Error> {
    let mut gathered = Gathered::default();
    if options.names_revisions() {
        gathered.revisions(project, options, job)?;
    } else {
        gathered.datasets = pointed::in_worktree(project)?;
    }
    gathered.choose(&options.paths)
}

/// What `push` means: what the worktree points at, and what those commits of `HEAD` do that no branch of a Git remote
/// has yet. Whoever gets these commits by `git push` finds the data of each of them.
pub fn to_push(project: &Project, options: &SelectionOptions, job: &Job<'_>) -> Result<Selection, Error> {
    let mut gathered = Gathered::default();
    if let Some(Range { tips, hidden }) = &options.range {
        gathered.history(project, tips, hidden, job)?;
    } else if options.names_revisions() {
        gathered.revisions(project, options, job)?;
    } else {
        gathered.datasets = pointed::in_worktree(project)?;
        gathered.unpublished(project, job)?;
    }
    gathered.choose(&options.paths)
}

/// The datasets that the commits of a range point at, without their versions.
pub fn past_datasets(
    project: &Project,
    options: &SelectionOptions,
    job: &Job<'_>,
) -> Result<BTreeSet<RepoPath>, Error> {
    let Some(Range { tips, hidden }) = &options.range else { return Ok(BTreeSet::new()) };
    let past = project.repo().pointers_in_history_without(tips, hidden, job.cancel)?;
    Ok(past.iter().filter_map(|pointer| dataset_path(&pointer.path)).collect())
}

/// Sees that each part of a dataset that is meant is there in one version at least.
///
/// # Errors
/// `NotInDataset` for the first that is not.
pub fn check_parts(pages: &Pages<'_>, wanted: &[Selected]) -> Result<(), Error> {
    for versions in wanted.chunk_by(|one, next| one.dataset.path == next.dataset.path && one.inside == next.inside) {
        let Selected { dataset, inside } = &versions[0];
        let mut is_there = inside.is_empty();
        for version in versions.iter().map(|version| Version::of(&version.dataset.pointer)) {
            is_there = is_there || version.entries(pages, inside)?.next().transpose()?.is_some();
        }
        if !is_there {
            return Err(Error::NotInDataset { path: inside.clone(), dataset: dataset.path.clone() });
        }
    }
    Ok(())
}

#[derive(Default)]
struct Gathered {
    commits: Vec<CommitId>,
    datasets: Vec<Dataset>,
}

impl Gathered {
    fn revisions(&mut self, project: &Project, options: &SelectionOptions, job: &Job<'_>) -> Result<(), Error> {
        migrate::graft_all(project.repo())?;
        let tips = options.tips(project.repo())?;
        if options.all_commits {
            return self.history(project, &tips, &[], job);
        }
        for tip in &tips {
            job.check()?;
            self.datasets.extend(pointed::at(project, tip)?);
        }
        self.commits = tips.iter().map(|tip| tip.id).collect();
        Ok(())
    }

    fn unpublished(&mut self, project: &Project, job: &Job<'_>) -> Result<(), Error> {
        // Before the first commit there is the worktree only.
        let Some(head) = project.repo().head()? else { return Ok(()) };
        let published: Vec<Commit> = project.repo().remote_branches()?.into_iter().map(|tip| tip.commit).collect();
        self.history(project, std::slice::from_ref(&head), &published, job)?;
        // What the worktree points at belongs to this commit, or to the next.
        if !self.commits.contains(&head.id) {
            self.commits.push(head.id);
        }
        Ok(())
    }

    fn history(&mut self, project: &Project, tips: &[Commit], hidden: &[Commit], job: &Job<'_>) -> Result<(), Error> {
        let repo = project.repo();
        self.commits.extend(repo.history_without(tips, hidden, job.cancel)?.into_iter().map(|commit| commit.id));
        let past = repo.pointers_in_history_without(tips, hidden, job.cancel)?;
        self.datasets.extend(past.into_iter().filter_map(|pointer| past_dataset(pointer, job)));
        Ok(())
    }

    fn choose(self, paths: &[RepoPath]) -> Result<Selection, Error> {
        let mut versions: BTreeMap<RepoPath, Vec<Dataset>> = BTreeMap::new();
        let mut known: HashSet<(RepoPath, Id)> = HashSet::new();
        for dataset in self.datasets {
            if known.insert((dataset.path.clone(), dataset.pointer.id)) {
                versions.entry(dataset.path.clone()).or_default().push(dataset);
            }
        }
        // Paths mean the same in all versions: one of each is asked.
        let newest = versions.values().filter_map(|versions| versions.first().cloned()).collect();
        let mut wanted = Vec::new();
        for Selected { dataset, inside } in pointed::select(newest, paths)? {
            let all = versions.get(&dataset.path).into_iter().flatten();
            wanted.extend(all.map(|dataset| Selected { dataset: dataset.clone(), inside: inside.clone() }));
        }
        Ok(Selection { commits: self.commits, wanted })
    }
}

/// A pointer of an old commit. One that cannot be read must not stop all later pushes: nobody can mend it any more.
fn past_dataset(past: PastPointer, job: &Job<'_>) -> Option<Dataset> {
    match pointed::parse(&past.path, &past.bytes) {
        Ok(pointer) => Some(Dataset { path: dataset_path(&past.path)?, pointer }),
        Err(error) => {
            job.warn(Warning::Note(format!("commit {} is passed over: {error}", past.commit.short())));
            None
        }
    }
}

/// What goes to, or comes from, one remote.
#[derive(Debug, Clone)]
pub struct Part {
    /// The name of the remote.
    pub remote: String,
    /// The commits of the whole selection.
    pub commits: Vec<CommitId>,
    /// What belongs to this remote.
    pub wanted: Vec<Selected>,
}

impl Selection {
    /// Sorts the datasets by remote: the one named by the user, else by the pointer, else the default one.
    pub fn by_remote(self, project: &Project, named: Option<&str>) -> Result<Vec<Part>, Error> {
        let mut parts: BTreeMap<String, Vec<Selected>> = BTreeMap::new();
        for selected in self.wanted {
            let name = named.or(selected.dataset.pointer.remote.as_deref());
            let remote = project.remote_settings(name)?.name;
            parts.entry(remote).or_default().push(selected);
        }
        let part = |(remote, wanted)| Part { remote, commits: self.commits.clone(), wanted };
        Ok(parts.into_iter().map(part).collect())
    }
}

impl Part {
    /// The same with all of each dataset: a remote holds a version of one as a whole or not at all.
    pub fn whole(mut self) -> Part {
        self.wanted.iter_mut().for_each(|selected| selected.inside = RepoPath::default());
        let mut known = HashSet::new();
        self.wanted.retain(|selected| known.insert((selected.dataset.path.clone(), selected.dataset.pointer.id)));
        self
    }
}

#[cfg(test)]
mod tests;
