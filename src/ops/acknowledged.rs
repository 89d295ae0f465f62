//! What earlier pushes of this clone already put under the protection of a remote.

use std::collections::{HashMap, HashSet};

use crate::base::{Id, RepoPath};
use crate::format::manifest;
use crate::format::pages::{List, Page};
use crate::format::pointer;
use crate::format::root::{self, Root};
use crate::format::tree;
use crate::git::CommitId;
use crate::packs::{Catalog, PackError, PackStore};

use super::pointed::Dataset;

/// The pages of so many acknowledged versions of a dataset are known to a push.
const MOST_VERSIONS: usize = 4;

/// The acknowledged roots that the remote still lists, newest first: all that they lead to is there.
#[derive(Debug, Default)]
pub struct Acknowledged {
    roots: Vec<(Id, Root)>,
    /// Which roots keep a dataset of that id, as positions in `roots`.
    keepers: HashMap<Id, Vec<usize>>,
}

impl Acknowledged {
    /// Asks the remote which roots it has: one listing.
    pub fn load(remote: &PackStore) -> Result<Acknowledged, PackError> {
        let listed = remote.roots()?;
        Ok(Acknowledged::of(remote.acknowledged(&listed)?))
    }

    fn of(roots: Vec<(Id, Root)>) -> Acknowledged {
        let mut keepers: HashMap<Id, Vec<usize>> = HashMap::new();
        for (at, (_, root)) in roots.iter().enumerate() {
            for dataset in &root.datasets {
                keepers.entry(dataset.id).or_default().push(at);
            }
        }
        Acknowledged { roots, keepers }
    }

    /// The same if no collection is under way in `remote`; else none, so that everything is looked at.
    ///
    /// A listing of roots is not one moment. A collector may pass the place of a new root before it is put, and come to
    /// that of the old one after it was dropped: it sees neither, though the old one was there until the new one was.
    /// Such a collector had condemned what it is about to remove before, and that is still indexed.
    pub fn in_peace(self, remote: &Catalog) -> Acknowledged {
        if remote.names_avoided() { Acknowledged::default() } else { self }
    }

    /// The root that keeps the version of the dataset alive.
    pub fn keeper(&self, dataset: &Dataset) -> Option<Id> {
        let newest = self.keepers.get(&dataset.pointer.id)?.first()?;
        Some(self.roots[*newest].0)
    }

    /// Whether this root is still one of them.
    pub fn has(&self, root: &Id) -> bool {
        self.roots.iter().any(|(id, _)| id == root)
    }

    /// Whether each of the datasets is kept alive for each of the commits: then no new root is needed.
    ///
    /// A collector may drop a root when no branch reaches its commits any more. So a version that is also in a later
    /// commit needs a root that names that commit.
    pub fn keep<'d>(&self, commits: &[CommitId], datasets: impl IntoIterator<Item = &'d Dataset>) -> bool {
        let mut agreed: HashSet<&[usize]> = HashSet::new();
        datasets.into_iter().all(|dataset| match self.keepers.get(&dataset.pointer.id) {
            Some(keepers) => !agreed.insert(keepers) || self.name_all(keepers, commits),
            None => false,
        })
    }

    fn name_all(&self, keepers: &[usize], commits: &[CommitId]) -> bool {
        let named = keepers.iter().flat_map(|at| &self.roots[*at].1.commits);
        let named: HashSet<&[u8]> = named.map(|commit| &**commit).collect();
        commits.iter().all(|commit| named.contains(commit.as_bytes()))
    }

    /// The pages of acknowledged versions of the dataset at `path`, and the roots that keep them.
    ///
    /// Only inner pages are read, which name the pages below them. Versions whose pages the cache lacks are passed over.
    pub fn pages_of(&self, cache: &PackStore, path: &RepoPath) -> (HashSet<Id>, Vec<Id>) {
        let (mut pages, mut keepers) = (HashSet::new(), Vec::new());
        for (id, dataset) in self.versions_of(path) {
            let before = pages.len();
            match dataset.kind {
                root::Kind::Folder => add_pages::<tree::Tree>(cache, &dataset.id, &mut pages),
                root::Kind::File { manifest: Some(page) } => add_pages::<manifest::Manifest>(cache, &page, &mut pages),
                root::Kind::File { manifest: None } => {}
            }
            keepers.extend((pages.len() > before).then_some(id));
        }
        (pages, keepers)
    }

    fn versions_of(&self, path: &RepoPath) -> Vec<(Id, &root::Dataset)> {
        let mut known = HashSet::new();
        let all = self.roots.iter().flat_map(|(id, root)| root.datasets.iter().map(|dataset| (*id, dataset)));
        all.filter(|(_, dataset)| dataset.path == *path && known.insert(dataset.id)).take(MOST_VERSIONS).collect()
    }
}

/// Adds the page `id` and all pages below it.
fn add_pages<L: List>(cache: &PackStore, id: &Id, pages: &mut HashSet<Id>) {
    if pages.contains(id) {
        return;
    }
    let Some(page) = cache.read(id).ok().and_then(|bytes| Page::<L>::decode(bytes).ok()) else { return };
    pages.insert(*id);
    for link in page.links() {
        match page.level() {
            // The pages below hold the list itself: to know them is enough.
            1 => drop(pages.insert(link.id)),
            _ => add_pages::<L>(cache, &link.id, pages),
        }
    }
}

/// A dataset as a root names it.
pub fn in_root(dataset: &Dataset) -> root::Dataset {
    let kind = match dataset.pointer.kind {
        pointer::Kind::Folder { .. } => root::Kind::Folder,
        pointer::Kind::File { manifest, .. } => root::Kind::File { manifest },
    };
    root::Dataset { path: dataset.path.clone(), kind, id: dataset.pointer.id, bytes: dataset.pointer.bytes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::pointer::Pointer;

    fn dataset(name: &str) -> Dataset {
        let kind = pointer::Kind::File { manifest: None, executable: false };
        let pointer = Pointer { kind, id: Id::of(name.as_bytes()), bytes: 1, remote: None, source: None };
        Dataset { path: RepoPath::new(name.as_bytes()).unwrap(), pointer }
    }

    fn root(datasets: &[&str]) -> (Id, Root) {
        let datasets = datasets.iter().map(|name| in_root(&dataset(name))).collect();
        let root = Root { repository: [0; 16], random: [0; 16], created: 0, commits: Vec::new(), datasets };
        let (_, id) = root.encode();
        (id, root)
    }

    #[test]
    fn a_dataset_is_kept_by_the_newest_root_that_names_it() {
        let roots = vec![root(&["a"]), root(&["a", "b"])];
        let (newer, older) = (roots[0].0, roots[1].0);
        let acknowledged = Acknowledged::of(roots);
        assert_eq!(acknowledged.keeper(&dataset("a")), Some(newer));
        assert_eq!(acknowledged.keeper(&dataset("b")), Some(older));
        assert_eq!(acknowledged.keeper(&dataset("c")), None);
        assert!(acknowledged.keep(&[], [&dataset("a"), &dataset("b")]));
        assert!(!acknowledged.keep(&[], [&dataset("a"), &dataset("c")]));
    }
}
