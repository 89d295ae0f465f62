//! A walk over all that versions lead to, however much of it is lost.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::base::{Id, RepoPath};
use crate::format::manifest::Visit;
use crate::format::pack::PackKind;
use crate::format::tree::{ChunkRef, Entry, VisitTree};
use crate::packs::{Look, PackError};

use super::super::error::Error;
use super::super::version::{Version, may_hold, reach};
use super::ground::{Ground, Lists, Standing};
use super::names::Named;
use super::report::Suffering;

/// What versions lead to, each chunk and page once.
pub struct Walk<'a> {
    ground: &'a Ground<'a>,
    look: &'a Look,
    lists: &'a Lists<'a>,
    inside: RepoPath,
    /// Pages and chunks that were visited: a file may have the bytes of a page.
    known: [HashSet<Id>; 2],
    /// What is lost or damaged.
    pub missing: HashMap<Id, PackKind>,
    /// What lies in condemned packs only.
    pub condemned: Vec<Id>,
    /// What only a remote is known to have.
    pub elsewhere: u64,
    /// Different pages.
    pub pages: u64,
    /// Different chunks.
    pub chunks: u64,
}

impl<'a> Walk<'a> {
    /// Nothing is visited yet.
    pub fn new(ground: &'a Ground<'a>, look: &'a Look, lists: &'a Lists<'a>) -> Walk<'a> {
        Walk {
            ground,
            look,
            lists,
            inside: RepoPath::default(),
            known: [HashSet::new(), HashSet::new()],
            missing: HashMap::new(),
            condemned: Vec::new(),
            elsewhere: 0,
            pages: 0,
            chunks: 0,
        }
    }

    /// Visits what one version leads to and no earlier one did.
    pub fn visit(&mut self, named: &Named) -> Result<(), Error> {
        self.inside = named.inside.clone();
        match reach(self.lists, &named.version, self) {
            // The bytes are right, and say what no list may say: whoever needs them cannot have them.
            Err(Error::Packs(PackError::Page { id, .. })) => {
                self.missing.insert(id, PackKind::Pages);
                Ok(())
            }
            other => other,
        }
    }

    fn note(&mut self, id: &Id, kind: PackKind) -> Standing {
        let standing = self.ground.standing(self.look, id);
        match standing {
            Standing::There => {}
            Standing::Condemned => self.condemned.push(*id),
            Standing::Elsewhere => self.elsewhere += 1,
            Standing::Missing => drop(self.missing.insert(*id, kind)),
        }
        standing
    }
}

impl Visit<Error> for Walk<'_> {
    fn page(&mut self, id: &Id) -> Result<bool, Error> {
        if !self.known[0].insert(*id) {
            return Ok(false);
        }
        self.pages += 1;
        let standing = self.note(id, PackKind::Pages);
        let is_read = self.lists.can_read(id)?;
        if !is_read && standing == Standing::There {
            self.missing.insert(*id, PackKind::Pages);
        }
        Ok(is_read)
    }

    fn chunk(&mut self, chunk: &ChunkRef) -> Result<(), Error> {
        if self.known[1].insert(chunk.id) {
            self.chunks += 1;
            self.note(&chunk.id, PackKind::Chunks);
        }
        Ok(())
    }
}

impl VisitTree<Error> for Walk<'_> {
    fn entry(&mut self, entry: &Entry) -> Result<bool, Error> {
        Ok(entry.path.is_in(&self.inside))
    }

    fn is_wanted(&mut self, after: Option<&RepoPath>, last: &RepoPath) -> bool {
        may_hold(after, last, &self.inside)
    }
}

/// The pages that versions lead to and that the cache lacks, as far as its own pages tell.
pub struct Unread<'a> {
    ground: &'a Ground<'a>,
    lists: &'a Lists<'a>,
    known: HashSet<Id>,
    /// The pages.
    pub pages: Vec<Id>,
}

impl<'a> Unread<'a> {
    /// All of `versions`.
    pub fn of(ground: &'a Ground<'a>, lists: &'a Lists<'a>, versions: &[&Version]) -> Result<Vec<Id>, Error> {
        let mut unread = Unread { ground, lists, known: HashSet::new(), pages: Vec::new() };
        for version in versions {
            match reach(lists, version, &mut unread) {
                Err(Error::Packs(error)) if error.is_about_data() => {}
                other => other?,
            }
        }
        Ok(unread.pages)
    }
}

impl Visit<Error> for Unread<'_> {
    fn page(&mut self, id: &Id) -> Result<bool, Error> {
        if !self.known.insert(*id) {
            return Ok(false);
        }
        if self.ground.own().find(id).is_none() {
            self.pages.push(*id);
            return Ok(false);
        }
        self.lists.can_read(id)
    }

    fn chunk(&mut self, _chunk: &ChunkRef) -> Result<(), Error> {
        Ok(())
    }
}

impl VisitTree<Error> for Unread<'_> {}

/// Which files need one of the missing.
pub struct Naming<'a> {
    lists: &'a Lists<'a>,
    missing: &'a HashMap<Id, PackKind>,
    files: BTreeMap<(RepoPath, RepoPath), BTreeSet<String>>,
    /// The ids of the datasets that suffer.
    pub datasets: HashSet<Id>,
    named: Option<&'a Named>,
    file: Option<RepoPath>,
}

impl<'a> Naming<'a> {
    /// Nobody is named yet.
    pub fn new(lists: &'a Lists<'a>, missing: &'a HashMap<Id, PackKind>) -> Naming<'a> {
        Naming { lists, missing, files: BTreeMap::new(), datasets: HashSet::new(), named: None, file: None }
    }

    /// Names the files of one version that suffer.
    pub fn name(&mut self, named: &'a Named) -> Result<(), Error> {
        if self.missing.is_empty() {
            return Ok(());
        }
        (self.named, self.file) = (Some(named), None);
        match reach(self.lists, &named.version, self) {
            // Told by its id before.
            Err(Error::Packs(error)) if error.is_about_data() => Ok(()),
            other => other,
        }
    }

    /// The files, by path.
    pub fn files(self) -> (Vec<Suffering>, HashSet<Id>) {
        let file = |((path, dataset), revisions): ((RepoPath, RepoPath), BTreeSet<String>)| Suffering {
            path,
            dataset,
            revisions: revisions.into_iter().collect(),
        };
        (self.files.into_iter().map(file).collect(), self.datasets)
    }

    fn look(&mut self, id: &Id) {
        let Some(named) = self.named.filter(|_| self.missing.contains_key(id)) else { return };
        let path = named.path.join(&self.file.clone().unwrap_or_default());
        self.files.entry((path, named.path.clone())).or_default().insert(named.revision.clone());
        self.datasets.insert(named.id);
    }
}

impl Visit<Error> for Naming<'_> {
    fn page(&mut self, id: &Id) -> Result<bool, Error> {
        self.look(id);
        self.lists.can_read(id)
    }

    fn chunk(&mut self, chunk: &ChunkRef) -> Result<(), Error> {
        self.look(&chunk.id);
        Ok(())
    }
}

impl VisitTree<Error> for Naming<'_> {
    fn entry(&mut self, entry: &Entry) -> Result<bool, Error> {
        self.file = Some(entry.path.clone());
        Ok(self.named.is_some_and(|named| entry.path.is_in(&named.inside)))
    }

    fn is_wanted(&mut self, _after: Option<&RepoPath>, _last: &RepoPath) -> bool {
        // A page of the tree comes next: whose files it holds, nobody knows yet.
        self.file = None;
        true
    }
}
