//! What a checkout must do to one dataset, and what forbids it: decided before anything is touched.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::{RepoPath, Stat};
use crate::format::tree::{Change, Entry, Node};
use crate::worktree::check_portable;

use super::error::{Error, Kind};
use super::pages::Pages;
use super::survey::Survey;
use super::version::{Version, changes};

/// A file, symlink or empty folder to be put in place.
#[derive(Debug, Clone)]
pub struct Write {
    /// Where, below the dataset.
    pub path: RepoPath,
    /// What.
    pub node: Node,
    /// What must stand there now; nothing if `None`.
    pub replaces: Option<Stat>,
}

/// A path to be removed, below the dataset, and the stat that it must have.
pub type Remove = (RepoPath, Stat);

/// All that must be done to a dataset.
#[derive(Debug)]
pub struct Plan {
    /// What is written, by path.
    pub writes: Vec<Write>,
    /// What is removed and the stat that it has, by path.
    pub removes: Vec<Remove>,
    /// Paths that are already what they should be, though esker did not know.
    pub already: BTreeSet<RepoPath>,
    /// Changes of the user that would be lost.
    pub edits: Vec<RepoPath>,
    /// What is in the way of a file or a folder above one.
    pub in_the_way: Vec<RepoPath>,
    /// Paths that no honest tree has, and why they are never written.
    pub hostile: Vec<(RepoPath, &'static str)>,
}

/// Plans how the dataset in `survey` becomes `target`, of `files` entries, at or below `inside`.
///
/// The worktree, what it was last made equal to, and the target are compared path by path. Where the worktree is what
/// it was, the target comes; where it is what it should be, nothing happens; else it is a change of the user, which
/// only `force` overrides. Paths that neither version knows are left alone. What this worktree does not keep goes if it is
/// here, and does not come if it is not.
pub fn plan(
    pages: &Pages<'_>,
    survey: &Survey,
    target: &Version,
    files: u64,
    inside: &RepoPath,
    keeps: &dyn Fn(&RepoPath) -> bool,
    force: bool,
) -> Result<Plan, Error> {
    let mut wanted = wanted(pages, survey, target, files, inside)?;
    leave_out(&mut wanted, survey, inside, keeps);
    let mut plan = Plan::nothing();
    for (path, node) in wanted {
        let here = survey.stat(&path);
        let changed = survey.difference(&path).and_then(|difference| difference.new);
        match (&changed, &node) {
            (Some(changed), Some(node)) if changed.has_content_of(node) => {
                plan.already.insert(path);
                continue;
            }
            (Some(_), _) if !force => {
                plan.edits.push(path);
                continue;
            }
            _ => {}
        }
        match (node, here) {
            (Some(node), replaces) => plan.writes.push(Write { path, node, replaces }),
            (None, Some(stat)) => plan.removes.push((path, stat)),
            (None, None) => {}
        }
    }
    plan.find_obstacles(survey);
    plan.find_hostile_paths();
    Ok(plan)
}

/// What should be at each path at which something must be done, or looked at.
fn wanted(
    pages: &Pages<'_>,
    survey: &Survey,
    target: &Version,
    files: u64,
    inside: &RepoPath,
) -> Result<BTreeMap<RepoPath, Option<Node>>, Error> {
    let changes = match changes(pages, &survey.version(), target, inside) {
        Ok(changes) => changes,
        // The target may be all here, and what was checked out before be lost or out of reach.
        Err(error) if matches!(error.kind(), Kind::Damage | Kind::Remote) => {
            return wanted_by_sight(pages, survey, target, inside);
        }
        Err(error) => return Err(error),
    };
    let mut wanted = BTreeMap::new();
    let mut expected = survey.seen_count();
    for change in changes {
        match change {
            Change::Added(entry) => {
                expected += 1;
                wanted.insert(entry.path, Some(entry.node));
            }
            Change::Modified { new, .. } => {
                wanted.insert(new.path, Some(new.node));
            }
            Change::Removed(entry) => {
                expected = expected.saturating_sub(1);
                wanted.insert(entry.path, None);
            }
        }
    }
    let local = survey.differences().map(|difference| difference.path);
    let local: Vec<RepoPath> = local.filter(|path| path.is_in(inside) && !wanted.contains_key(path)).collect();
    let local: Vec<&RepoPath> = local.iter().collect();
    // What neither version has is no business of ours.
    for entry in target.entries_at(pages, &local, inside)? {
        wanted.insert(entry.path, Some(entry.node));
    }
    // Parts of the dataset were left out when it was checked out before.
    if expected != files || !inside.is_empty() {
        for entry in target.entries(pages, inside)? {
            let entry = entry?;
            if survey.stat(&entry.path).is_none() {
                wanted.entry(entry.path).or_insert(Some(entry.node));
            }
        }
    }
    Ok(wanted)
}

/// Takes out of what is wanted what this worktree does not keep.
fn leave_out(
    wanted: &mut BTreeMap<RepoPath, Option<Node>>,
    survey: &Survey,
    inside: &RepoPath,
    keeps: &dyn Fn(&RepoPath) -> bool,
) {
    wanted.retain(|path, node| keeps(path) || node.is_none() || survey.stat(path).is_some());
    wanted.iter_mut().filter(|(path, _)| !keeps(path)).for_each(|(_, node)| *node = None);
    for path in survey.known_here().filter(|path| path.is_in(inside) && !keeps(path)) {
        wanted.entry(path.clone()).or_insert(None);
    }
}

/// The same where the tree that was checked out last cannot be read: what was seen of each file tells enough of it.
fn wanted_by_sight(
    pages: &Pages<'_>,
    survey: &Survey,
    target: &Version,
    inside: &RepoPath,
) -> Result<BTreeMap<RepoPath, Option<Node>>, Error> {
    let gone = survey.seen_paths().filter(|path| path.is_in(inside)).map(|path| (path, None));
    let mut wanted: BTreeMap<_, _> = gone.collect();
    for entry in target.entries(pages, inside)? {
        let Entry { path, node } = entry?;
        if survey.still_has(&path, &node) {
            wanted.remove(&path);
        } else {
            wanted.insert(path, Some(node));
        }
    }
    Ok(wanted)
}

impl Plan {
    /// Nothing has to be done.
    pub fn nothing() -> Plan {
        Plan {
            writes: Vec::new(),
            removes: Vec::new(),
            already: BTreeSet::new(),
            edits: Vec::new(),
            in_the_way: Vec::new(),
            hostile: Vec::new(),
        }
    }

    /// Whether nothing has to be done.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.removes.is_empty()
    }

    /// How many files are new.
    pub fn added(&self) -> u64 {
        self.writes.iter().filter(|write| write.replaces.is_none()).count() as u64
    }

    /// How many files are replaced.
    pub fn modified(&self) -> u64 {
        self.writes.len() as u64 - self.added()
    }

    /// Paths that lead into Git's own folder, or through a file or a symlink of the same tree.
    fn find_hostile_paths(&mut self) {
        let written: BTreeSet<&RepoPath> = self.writes.iter().map(|write| &write.path).collect();
        for path in &written {
            if let Err(reason) = check_portable(path) {
                self.hostile.push(((*path).clone(), reason));
            }
            if std::iter::successors(path.parent(), RepoPath::parent).any(|above| written.contains(&above)) {
                self.hostile.push(((*path).clone(), "it lies below something that is no folder"));
            }
        }
    }

    /// A folder where a file must come, or a file where a folder must: unless it goes by this plan.
    fn find_obstacles(&mut self, survey: &Survey) {
        let goes: BTreeSet<&RepoPath> = self.removes.iter().map(|(path, _)| path).collect();
        for write in &self.writes {
            let above = std::iter::successors(write.path.parent(), RepoPath::parent);
            let mut obstacles = above.filter(|folder| survey.stat(folder).is_some() && !goes.contains(folder));
            // An empty folder is no obstacle to what comes into it.
            self.in_the_way.extend(obstacles.find(|folder| !survey.is_empty_folder(folder)));
            if matches!(write.node, Node::EmptyFolder) {
                continue;
            }
            let stays = survey.below(&write.path).find(|path| !goes.contains(path));
            self.in_the_way.extend(stays.cloned());
        }
    }

    /// Splits the removals: those that make room for something come first, all others last.
    pub fn removals(&self) -> (Vec<&Remove>, Vec<&Remove>) {
        let makes_room = |path: &RepoPath| {
            self.writes.iter().any(|write| write.path != *path && (write.path.is_in(path) || path.is_in(&write.path)))
        };
        // Removals and writes can only meet where a file and a folder change places, which is rare.
        if !self.removes.iter().any(|(path, _)| self.meets(path)) {
            return (Vec::new(), self.removes.iter().collect());
        }
        self.removes.iter().partition(|(path, _)| makes_room(path))
    }

    fn meets(&self, path: &RepoPath) -> bool {
        let find = |path: &RepoPath| self.writes.binary_search_by(|write| write.path.cmp(path));
        let at = find(path).unwrap_or_else(|at| at);
        let below = self.writes.get(at).is_some_and(|write| write.path.is_in(path));
        let above = std::iter::successors(path.parent(), RepoPath::parent).any(|folder| find(&folder).is_ok());
        below || above
    }
}
