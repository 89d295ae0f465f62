//! One version of a dataset: nothing, a file, or a folder. What differs between two, and what it takes to have one.

use crate::base::{Id, RepoPath};
use crate::format::manifest::{self, Visit};
use crate::format::pointer::{Kind, Pointer};
use crate::format::root;
use crate::format::tree::{self, Change, ChunkRef, Chunks, Entry, Node, VisitTree};

use super::error::Error;
use super::pages::Pages;
use super::project::Project;

/// So many paths are looked up one by one: each takes some pages, and a walk over all entries takes all.
const FEW: usize = 64;

/// What a dataset is at some time. Paths in it are relative to the dataset; that of a file is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Version {
    /// It is not there.
    Nothing,
    /// A file.
    File(Node),
    /// A folder: the root page of its tree.
    Folder(Id),
}

impl Version {
    /// What a pointer stands for.
    pub fn of(pointer: &Pointer) -> Version {
        match pointer.kind {
            Kind::Folder { .. } => Version::Folder(pointer.id),
            Kind::File { manifest, executable } => {
                let chunks = manifest.map_or(Chunks::Whole, Chunks::Paged);
                Version::File(Node::File { executable, bytes: pointer.bytes, id: pointer.id, chunks })
            }
        }
    }

    /// What a root names. It does not say whether a file is executable.
    pub fn of_root(dataset: &root::Dataset) -> Version {
        match dataset.kind {
            root::Kind::Folder => Version::Folder(dataset.id),
            root::Kind::File { manifest } => {
                let chunks = manifest.map_or(Chunks::Whole, Chunks::Paged);
                Version::File(Node::File { executable: false, bytes: dataset.bytes, id: dataset.id, chunks })
            }
        }
    }

    /// The entry at `path`, if there is one.
    pub fn entry(&self, pages: &Pages<'_>, path: &RepoPath) -> Result<Option<Node>, Error> {
        match self {
            Version::File(node) if path.is_empty() => Ok(Some(node.clone())),
            Version::Folder(root) if !path.is_empty() => Ok(tree::get(pages, root, path)?.map(|entry| entry.node)),
            _ => Ok(None),
        }
    }

    /// The entries at `paths`, which come by path and lie at or below `inside`.
    pub fn entries_at(&self, pages: &Pages<'_>, paths: &[&RepoPath], inside: &RepoPath) -> Result<Vec<Entry>, Error> {
        if paths.len() <= FEW {
            let found = paths.iter().map(|path| Ok(self.entry(pages, path)?.map(|node| ((*path).clone(), node))));
            let found = found.filter_map(Result::transpose);
            return found.map(|found| found.map(|(path, node)| Entry { path, node })).collect();
        }
        let mut paths = paths.iter().peekable();
        let mut found = Vec::new();
        for entry in self.entries(pages, inside)? {
            let entry = entry?;
            while paths.next_if(|path| ***path < entry.path).is_some() {}
            if paths.next_if(|path| ***path == entry.path).is_some() {
                found.push(entry);
            }
        }
        Ok(found)
    }

    /// All entries at or below `inside`, by path.
    pub fn entries<'p>(
        &self,
        pages: &'p Pages<'_>,
        inside: &RepoPath,
    ) -> Result<Box<dyn Iterator<Item = Result<Entry, Error>> + 'p>, Error> {
        Ok(match self {
            Version::File(node) if inside.is_empty() => {
                Box::new(std::iter::once(Ok(Entry { path: RepoPath::default(), node: node.clone() })))
            }
            Version::Folder(root) => Box::new(tree::walk_below(pages, root, inside)?),
            _ => Box::new(std::iter::empty()),
        })
    }
}

/// What must change at or below `inside` to make `old` into `new`, by path. Equal pages are not read.
pub fn changes(pages: &Pages<'_>, old: &Version, new: &Version, inside: &RepoPath) -> Result<Vec<Change>, Error> {
    if let (Version::File(one), Version::File(other)) = (old, new)
        && one.has_content_of(other)
    {
        return Ok(Vec::new());
    }
    if let (Version::Nothing | Version::Folder(_), Version::Nothing | Version::Folder(_)) = (old, new) {
        let root = |version: &Version| if let Version::Folder(root) = version { Some(*root) } else { None };
        let (old, new) = (root(old), root(new));
        let all = tree::diff(pages, old.as_ref(), pages, new.as_ref())?;
        return all.filter(|change| change.as_ref().map_or(true, |change| change.path().is_in(inside))).collect();
    }
    // A file became a folder or a folder a file: all of the one goes, all of the other comes.
    let gone = old.entries(pages, inside)?.map(|entry| Ok(Change::Removed(entry?)));
    let come = new.entries(pages, inside)?.map(|entry| Ok(Change::Added(entry?)));
    let mut both = gone.chain(come).collect::<Result<Vec<_>, Error>>()?;
    both.sort_by(|one, other| one.path().cmp(other.path()));
    Ok(both)
}

/// The pages and chunks that a version leads to, at or below a path, and that some store lacks.
pub struct Lacking<'a> {
    has: &'a dyn Fn(&Id) -> bool,
    inside: &'a RepoPath,
    /// Pages that are lacking: what they lead to is not known yet.
    pub pages: Vec<Id>,
    /// Chunks that are lacking.
    pub chunks: Vec<ChunkRef>,
}

impl Visit<Error> for Lacking<'_> {
    fn page(&mut self, id: &Id) -> Result<bool, Error> {
        let is_there = (self.has)(id);
        if !is_there {
            self.pages.push(*id);
        }
        Ok(is_there)
    }

    fn chunk(&mut self, chunk: &ChunkRef) -> Result<(), Error> {
        if !(self.has)(&chunk.id) {
            self.chunks.push(*chunk);
        }
        Ok(())
    }
}

impl VisitTree<Error> for Lacking<'_> {
    fn entry(&mut self, entry: &Entry) -> Result<bool, Error> {
        Ok(entry.path.is_in(self.inside))
    }

    fn is_wanted(&mut self, after: Option<&RepoPath>, last: &RepoPath) -> bool {
        may_hold(after, last, self.inside)
    }
}

/// Whether a page whose paths come after `after` and go up to `last` may hold `inside` or something below it.
pub fn may_hold(after: Option<&RepoPath>, last: &RepoPath, inside: &RepoPath) -> bool {
    // Other names may come between a folder and what lies in it, as `a-b` between `a` and `a/b`.
    let is_past = |after: &RepoPath| {
        let below = [inside.as_bytes(), b"/"].concat();
        after.as_bytes() > &below[..] && !after.is_in(inside)
    };
    inside.is_empty() || (last >= inside && !after.is_some_and(is_past))
}

/// What `has` lacks of `version` at or below `inside`. Lacking pages are named and not entered.
pub fn lacking<'a>(
    pages: &Pages<'_>,
    version: &Version,
    inside: &'a RepoPath,
    has: &'a dyn Fn(&Id) -> bool,
) -> Result<Lacking<'a>, Error> {
    let mut lacking = Lacking { has, inside, pages: Vec::new(), chunks: Vec::new() };
    reach(pages, version, &mut lacking)?;
    Ok(lacking)
}

/// Whether `has` holds for all that a version leads to. Pages are read from the cache: what is led to by one that is not
/// there is not known.
pub fn is_whole(project: &Project, version: &Version, has: &dyn Fn(&Id) -> bool) -> Result<bool, Error> {
    let pages = Pages::of_verb(project, None, false)?;
    match lacking(&pages, version, &RepoPath::default(), has) {
        Ok(lacking) => Ok(lacking.pages.is_empty() && lacking.chunks.is_empty()),
        Err(error) if error.is_about_absence() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Tells `visit` of all pages and chunks that a version leads to.
pub fn reach<P: tree::Pages<Error = Error>>(
    pages: &P,
    version: &Version,
    visit: &mut impl VisitTree<Error>,
) -> Result<(), Error> {
    match version {
        Version::Nothing => {}
        Version::Folder(root) => tree::reach(pages, root, visit)?,
        Version::File(Node::File { bytes, chunks: Chunks::Paged(root), .. }) => {
            manifest::reach(pages, &manifest::Root { id: *root, bytes: *bytes }, visit)?;
        }
        Version::File(Node::File { id, bytes, .. }) => {
            ChunkRef::whole(*id, *bytes).iter().try_for_each(|chunk| visit.chunk(chunk))?;
        }
        Version::File(_) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_that_may_hold_a_folder_are_wanted() {
        let path = |text: &str| RepoPath::new(text.as_bytes()).unwrap();
        let holds = |after: &str, last: &str| may_hold(Some(&path(after)), &path(last), &path("d"));
        assert!(holds("a", "d/x") && holds("c", "z") && holds("d/a", "d/b") && holds("d-x", "e") && holds("d", "e"));
        assert!(!holds("a", "c/z") && !holds("d0", "e") && !holds("dz", "e"));
        assert!(may_hold(None, &path("a"), &path("")));
    }
}
