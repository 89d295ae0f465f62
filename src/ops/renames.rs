//! Which of the paths that went and of those that came are the same files under other names.
//!
//! Whole folders first, the largest before all others; then single files. Only equal content is paired.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use crate::base::{Id, RepoPath};
use crate::format::seen::Kind;

/// One path that went, or came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item<'a> {
    /// Where.
    pub path: &'a RepoPath,
    /// What.
    pub kind: Kind,
    /// Its content.
    pub id: Id,
}

/// A folder under another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FolderMove {
    /// Its old name.
    pub from: RepoPath,
    /// Its new name.
    pub to: RepoPath,
    /// How many files, links and empty folders it took along.
    pub files: u64,
}

/// A path that went and the path that came instead, by their places in the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The one that went.
    pub removed: usize,
    /// The one that came.
    pub added: usize,
    /// Whether a renamed folder took it along.
    pub in_folder: bool,
}

/// All that was renamed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Renames {
    /// Folders, by their old names.
    pub folders: Vec<FolderMove>,
    /// Files, those in renamed folders too, by their old names.
    pub pairs: Vec<Pair>,
}

/// Of so many files of the same name and content, one is chosen; further ones are not looked at.
const MOST_ALIKE: usize = 64;

/// Pairs what went with what came; both lists ascend by path. `remains` says whether anything is left in a folder.
///
/// A folder is renamed if nothing remains in it and at least half of what went from it, and two things or more, came to
/// the same places in one other folder. What is empty is paired only inside such a folder.
pub fn renames<E>(
    removed: &[Item<'_>],
    added: &[Item<'_>],
    mut remains: impl FnMut(&RepoPath) -> Result<bool, E>,
) -> Result<Renames, E> {
    let mut search = Search {
        removed,
        added,
        is_gone: vec![true; removed.len()],
        is_new: vec![true; added.len()],
        found: Renames::default(),
    };
    let mut tried = HashSet::new();
    for (from, to) in search.candidates() {
        if tried.insert(from) {
            search.try_folder(from, to, &mut remains)?;
        }
    }
    search.pair_files();
    search.found.folders.sort_by(|one, other| one.from.cmp(&other.from));
    search.found.pairs.sort_by_key(|pair| pair.removed);
    Ok(search.found)
}

struct Search<'a> {
    removed: &'a [Item<'a>],
    added: &'a [Item<'a>],
    /// Which of those that went have no partner yet.
    is_gone: Vec<bool>,
    /// Which of those that came have no partner yet.
    is_new: Vec<bool>,
    found: Renames,
}

impl<'a> Search<'a> {
    /// Pairs of folders that share files, those that share most first.
    fn candidates(&self) -> Vec<(&'a [u8], &'a [u8])> {
        let mut alike: HashMap<(Id, &[u8]), Vec<&RepoPath>> = HashMap::new();
        for item in self.added.iter().filter(|item| item.is_weighty()) {
            alike.entry((item.id, item.path.name())).or_default().push(item.path);
        }
        let mut votes: HashMap<(&[u8], &[u8]), u64> = HashMap::new();
        for item in self.removed.iter().filter(|item| item.is_weighty()) {
            let others = alike.get(&(item.id, item.path.name())).into_iter().flatten().take(MOST_ALIKE);
            let nearest = others.max_by_key(|other| common_names(item.path, other));
            for pair in nearest.into_iter().flat_map(|other| folders_above(item.path, other)) {
                *votes.entry(pair).or_default() += 1;
            }
        }
        let mut candidates: Vec<_> = votes.into_iter().collect();
        candidates.sort_by_key(|((from, to), votes)| (std::cmp::Reverse(*votes), from.len(), *from, *to));
        candidates.into_iter().map(|(pair, _)| pair).collect()
    }

    fn try_folder<E>(
        &mut self,
        from: &[u8],
        to: &[u8],
        remains: &mut impl FnMut(&RepoPath) -> Result<bool, E>,
    ) -> Result<(), E> {
        let all = range_below(self.removed, from);
        let mut pairs = Vec::new();
        for at in all.clone().filter(|at| self.is_gone[*at]) {
            let place = [to, &self.removed[at].path.as_bytes()[from.len()..]].concat();
            let found = self.added.binary_search_by(|item| item.path.as_bytes().cmp(&place));
            if let Some(added) = found.ok().filter(|to| self.is_new[*to] && self.removed[at].is_like(&self.added[*to]))
            {
                pairs.push(Pair { removed: at, added, in_folder: true });
            }
        }
        let is_weighty = pairs.iter().any(|pair| self.removed[pair.removed].is_weighty());
        let (Ok(from), Ok(to)) = (RepoPath::new(from), RepoPath::new(to)) else { return Ok(()) };
        if pairs.len() < 2 || 2 * pairs.len() < all.len() || !is_weighty || remains(&from)? {
            return Ok(());
        }
        self.found.folders.push(FolderMove { from, to, files: pairs.len() as u64 });
        pairs.into_iter().for_each(|pair| self.take(pair));
        Ok(())
    }

    /// Pairs what is left: files of the same name first, then in the order of their paths.
    fn pair_files(&mut self) {
        let mut alike: HashMap<Id, (Vec<usize>, Vec<usize>)> = HashMap::new();
        for at in (0..self.removed.len()).filter(|at| self.is_gone[*at] && self.removed[*at].is_weighty()) {
            alike.entry(self.removed[at].id).or_default().0.push(at);
        }
        for at in (0..self.added.len()).filter(|at| self.is_new[*at] && self.added[*at].is_weighty()) {
            alike.entry(self.added[at].id).and_modify(|(_, added)| added.push(at));
        }
        for (removed, added) in alike.into_values() {
            self.pair_alike(removed, added);
        }
    }

    fn pair_alike(&mut self, removed: Vec<usize>, added: Vec<usize>) {
        let mut named: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for at in added.iter().rev() {
            named.entry(self.added[*at].path.name()).or_default().push(*at);
        }
        let mut others = Vec::new();
        for at in removed {
            match named.get_mut(self.removed[at].path.name()).and_then(Vec::pop) {
                Some(added) => self.take(Pair { removed: at, added, in_folder: false }),
                None => others.push(at),
            }
        }
        let left: Vec<usize> = added.into_iter().filter(|at| self.is_new[*at]).collect();
        for (removed, added) in others.into_iter().zip(left) {
            self.take(Pair { removed, added, in_folder: false });
        }
    }

    fn take(&mut self, pair: Pair) {
        self.is_gone[pair.removed] = false;
        self.is_new[pair.added] = false;
        self.found.pairs.push(pair);
    }
}

impl Item<'_> {
    fn is_file(&self) -> bool {
        matches!(self.kind, Kind::File | Kind::Executable)
    }

    /// Whether equal content says something: all empty files are equal, and links are often.
    fn is_weighty(&self) -> bool {
        self.is_file() && self.id != Id::of(b"")
    }

    fn is_like(&self, other: &Item<'_>) -> bool {
        self.id == other.id && (self.kind == other.kind || self.is_file() && other.is_file())
    }
}

fn is_slash(byte: &u8) -> bool {
    *byte == b'/'
}

/// How many last names two paths have in common.
fn common_names(one: &RepoPath, other: &RepoPath) -> usize {
    let (one, other) = (one.as_bytes().rsplit(is_slash), other.as_bytes().rsplit(is_slash));
    one.zip(other).take_while(|(one, other)| one == other).count()
}

/// The folders above two paths, pair by pair, as long as their last names are the same; never the root.
fn folders_above<'a>(one: &'a RepoPath, other: &'a RepoPath) -> Vec<(&'a [u8], &'a [u8])> {
    let mut pairs = Vec::new();
    let (mut one, mut other) = (split(one.as_bytes()), split(other.as_bytes()));
    while let (Some((above, name)), Some((other_above, other_name))) = (one, other) {
        if name != other_name || above == other_above {
            break;
        }
        pairs.push((above, other_above));
        (one, other) = (split(above), split(other_above));
    }
    pairs
}

/// The folder of a path and its last name; `None` if it lies in the root.
fn split(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let slash = path.iter().rposition(is_slash)?;
    Some((&path[..slash], &path[slash + 1..]))
}

/// Where the items below a folder stand in the list.
fn range_below(items: &[Item<'_>], folder: &[u8]) -> std::ops::Range<usize> {
    let first = [folder, b"/"].concat();
    let start = items.partition_point(|item| item.path.as_bytes() < first.as_slice());
    let below = items[start..].partition_point(|item| item.path.as_bytes().starts_with(&first));
    start..start + below
}

#[cfg(test)]
mod tests;
