//! The roots of a remote: which ones there are, and which of this project's go, or give way to narrower ones.

use std::collections::{BTreeMap, HashSet};

use crate::base::{Id, RepoPath};
use crate::format::root::{Dataset, Kind, Root};
use crate::git::Repo;
use crate::packs::{PackError, PackStore};

use super::super::error::Error;
use super::super::root::random;
use super::kept::Kept;
use super::live::Stopped;

/// Roots by name.
pub type Roots = BTreeMap<Id, Root>;

/// What becomes of a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It stays.
    Stays,
    /// It goes: nothing of it is needed.
    Goes,
    /// This one takes its place, under a name of its own.
    Narrows(Root),
}

/// What was decided of all roots of a project.
#[derive(Debug, Default)]
pub struct Decided {
    /// Those that go.
    pub dropped: Roots,
    /// Those that are replaced, each with what takes its place.
    pub narrowed: BTreeMap<Id, (Root, Root)>,
    /// Those that add nothing to another, which is named.
    pub covered: BTreeMap<Id, Id>,
}

/// Reads those of `listed` that are not known yet, and forgets those that are not listed.
///
/// # Errors
/// `RootUnread` for a root that cannot be decoded.
pub fn read(remote: &PackStore, listed: &HashSet<Id>, roots: &mut Roots) -> Result<(), Error> {
    roots.retain(|id, _| listed.contains(id));
    let mut unknown: Vec<&Id> = listed.iter().filter(|id| !roots.contains_key(id)).collect();
    unknown.sort_unstable();
    for id in unknown {
        // One that vanished was dropped by somebody else.
        let root = remote.root(id).map_err(|cause| Stopped(cause).at(remote.name(), id))?;
        roots.extend(root.map(|root| (*id, root)));
    }
    Ok(())
}

/// What becomes of a root if only so much is kept. Commits that are not known here are always kept.
pub fn fate(root: &Root, kept: &Kept, repo: &Repo) -> Fate {
    let (mut commits, mut is_known) = (Vec::new(), true);
    for id in &root.commits {
        match repo.commit_named(id).map(|commit| commit.id) {
            Some(commit) if kept.unreadable.contains(&commit) => is_known = false,
            Some(commit) if kept.commits.contains(&commit) => commits.push(id.clone()),
            Some(_) => {}
            None => is_known = false,
        }
    }
    let is_needed = |dataset: &&Dataset| kept.points_at(&dataset.id, dataset.kind == Kind::Folder);
    let datasets: Vec<Dataset> = root.datasets.iter().filter(is_needed).cloned().collect();
    match datasets.len() {
        _ if !is_known => Fate::Stays,
        0 => Fate::Goes,
        count if count == root.datasets.len() && commits.len() == root.commits.len() => Fate::Stays,
        _ => Fate::Narrows(Root { random: random(), commits, datasets, ..root.clone() }),
    }
}

/// Decides of all roots of the project `repository`. Nothing is changed.
pub fn decide(roots: &Roots, repository: &[u8; 16], fate: &dyn Fn(&Root) -> Fate) -> Decided {
    let mut decided = Decided::default();
    let mut stay: Vec<(&Id, &Root)> = Vec::new();
    for (id, root) in roots.iter().filter(|(_, root)| root.repository == *repository) {
        match fate(root) {
            Fate::Stays => stay.push((id, root)),
            Fate::Goes => drop(decided.dropped.insert(*id, root.clone())),
            Fate::Narrows(new) => drop(decided.narrowed.insert(*id, (root.clone(), new))),
        }
    }
    decided.covered = covered(&stay);
    decided
}

/// The roots that add nothing to another of `roots`. Of equal ones the first stays, whoever decides.
fn covered(roots: &[(&Id, &Root)]) -> BTreeMap<Id, Id> {
    let sets: Vec<(HashSet<&[u8]>, HashSet<&Dataset>)> = roots
        .iter()
        .map(|(_, root)| (root.commits.iter().map(|id| &**id).collect(), root.datasets.iter().collect()))
        .collect();
    let adds_nothing = |one: usize, other: usize| {
        let ((commits, datasets), (other_commits, other_datasets)) = (&sets[one], &sets[other]);
        let is_equal = commits.len() == other_commits.len() && datasets.len() == other_datasets.len();
        commits.is_subset(other_commits)
            && datasets.is_subset(other_datasets)
            && (!is_equal || roots[other].0 < roots[one].0)
    };
    let find = |one: usize| (0..roots.len()).find(|other| *other != one && adds_nothing(one, *other));
    (0..roots.len()).filter_map(|one| Some((*roots[one].0, *roots[find(one)?].0))).collect()
}

impl Decided {
    /// What is left of `roots`.
    pub fn left(&self, roots: &Roots) -> Roots {
        let goes = |id: &Id| self.dropped.contains_key(id) || self.covered.contains_key(id);
        let mut left: Roots = roots.iter().filter(|(id, _)| !goes(id)).map(|(id, root)| (*id, root.clone())).collect();
        for (id, (_, new)) in &self.narrowed {
            left.insert(*id, new.clone());
        }
        left
    }

    /// The datasets that this takes out of the roots.
    pub fn datasets(&self) -> Vec<&Dataset> {
        let dropped = self.dropped.values().flat_map(|root| &root.datasets);
        let narrowed = self.narrowed.values().flat_map(|(old, new)| {
            let new: HashSet<&Dataset> = new.datasets.iter().collect();
            old.datasets.iter().filter(move |dataset| !new.contains(dataset))
        });
        let mut known: HashSet<(Id, &RepoPath)> = HashSet::new();
        dropped.chain(narrowed).filter(|dataset| known.insert((dataset.id, &dataset.path))).collect()
    }

    /// Does what was decided. What goes is kept on this machine, so that it can be brought back.
    ///
    /// A root that takes the place of another is put first; then `look` looks, as a push does, that all which is alive
    /// counts still; then the other must be listed. A collector that lists the roots in pages may see neither: it had
    /// condemned what it is about to remove before, which that look sees. So it is with a root that covers another.
    pub fn carry_out(
        &self,
        remote: &PackStore,
        look: &mut dyn FnMut() -> Result<(), PackError>,
    ) -> Result<(), PackError> {
        for root in self.dropped.values().chain(self.narrowed.values().map(|(old, _)| old)) {
            remote.keep_dropped(root)?;
        }
        for id in self.dropped.keys() {
            remote.delete_root(id)?;
        }
        if self.narrowed.is_empty() && self.covered.is_empty() {
            return Ok(());
        }
        let news = self.narrowed.iter().map(|(old, (_, new))| Ok((old, remote.put_root(new)?)));
        let news = news.collect::<Result<Vec<_>, PackError>>()?;
        look()?;
        let listed = remote.roots()?;
        for (old, new) in news {
            remote.delete_root(if listed.contains(old) { old } else { &new })?;
        }
        for (id, other) in &self.covered {
            if listed.contains(other) {
                remote.delete_root(id)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(commits: &[u8], names: &[&str]) -> Root {
        let dataset = |name: &&str| Dataset {
            path: RepoPath::new(name.as_bytes()).unwrap(),
            kind: Kind::Folder,
            id: Id::of(name.as_bytes()),
            bytes: 1,
        };
        let commits = commits.iter().map(|byte| [*byte; 20].into()).collect();
        Root {
            repository: [1; 16],
            random: random(),
            created: 0,
            commits,
            datasets: names.iter().map(dataset).collect(),
        }
    }

    fn named(roots: Vec<Root>) -> (Roots, Vec<Id>) {
        let ids: Vec<Id> = roots.iter().map(|root| root.encode().1).collect();
        (ids.iter().copied().zip(roots).collect(), ids)
    }

    #[test]
    fn a_root_that_adds_nothing_to_another_is_found() {
        let (roots, ids) = named(vec![root(&[1], &["a"]), root(&[1, 2], &["a", "b"]), root(&[3], &["a"])]);
        let decided = decide(&roots, &[1; 16], &|_| Fate::Stays);
        assert_eq!(decided.covered, BTreeMap::from([(ids[0], ids[1])]));
        assert_eq!(decided.left(&roots).len(), 2);
    }

    #[test]
    fn of_equal_roots_one_stays() {
        let (roots, _) = named(vec![root(&[1], &["a"]), root(&[1], &["a"]), root(&[1], &["a"])]);
        assert_eq!(decide(&roots, &[1; 16], &|_| Fate::Stays).left(&roots).len(), 1);
    }

    #[test]
    fn roots_of_other_projects_are_left_alone() {
        let (roots, _) = named(vec![root(&[1], &["a"]), root(&[1], &["a"])]);
        let decided = decide(&roots, &[2; 16], &|_| Fate::Goes);
        assert_eq!(decided.left(&roots).len(), 2);
    }
}
