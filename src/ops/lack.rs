//! What a remote, or the cache, lacks of some versions of datasets; which packs and roots hold all the rest.

use std::collections::HashSet;
use std::sync::Arc;

use crate::base::{Id, Job, RepoPath, Step, Unit};
use crate::format::manifest::Visit;
use crate::format::tree::{ChunkRef, Entry, VisitTree};
use crate::packs::{Catalog, PackStore};

use super::acknowledged::Acknowledged;
use super::bring;
use super::error::Error;
use super::pages::Pages;
use super::pointed::Selected;
use super::project::Project;
use super::remotes::Remote;
use super::version::{Version, may_hold, reach};

/// What was found out about some versions.
#[derive(Debug, Default)]
pub struct Lack {
    /// Chunks that the target lacks, each once, in the order in which files need them.
    pub chunks: Vec<ChunkRef>,
    /// Pages that the target lacks, each once.
    pub pages: Vec<Id>,
    /// Pages that the cache lacks: what they lead to is not known.
    pub unread: Vec<Id>,
    /// What each version adds to that, in the order in which they were given.
    pub shares: Vec<Share>,
    /// The packs in which the target has what it does not lack.
    packs: HashSet<Id>,
    /// The roots that vouch for what was not looked at.
    roots: HashSet<Id>,
}

/// What is lacking of one version, less what is lacking of those before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    /// Whether an acknowledged root keeps the version: it was not looked at.
    pub is_kept: bool,
    /// Files of which a chunk is lacking.
    pub files: u64,
    /// Chunks that are lacking.
    pub chunks: u64,
    /// Pages that are lacking.
    pub pages: u64,
    /// The bytes of the lacking chunks, before compression.
    pub bytes: u64,
}

impl Lack {
    /// Whether nothing is lacking, as far as it is known.
    pub fn is_nothing(&self) -> bool {
        self.chunks.is_empty() && self.pages.is_empty()
    }

    /// The bytes of all lacking chunks, before compression.
    pub fn bytes(&self) -> u64 {
        self.shares.iter().map(|share| share.bytes).sum()
    }

    /// Takes out chunks that are found to be somewhere else. How many files lacked something is not counted anew.
    pub fn leave_out(&mut self, found: &HashSet<Id>) {
        let mut chunks = std::mem::take(&mut self.chunks).into_iter();
        for share in &mut self.shares {
            let before = self.chunks.len();
            let own = chunks.by_ref().take(share.chunks as usize);
            self.chunks.extend(own.filter(|chunk| !found.contains(&chunk.id)));
            let left = &self.chunks[before..];
            share.chunks = left.len() as u64;
            share.bytes = left.iter().map(|chunk| u64::from(chunk.bytes)).sum();
            share.files = share.files.min(share.chunks);
        }
    }

    /// Notes where what was lacking lies now that it was sent.
    pub fn sent(&mut self, remote: &Catalog) {
        let sent = self.chunks.iter().map(|chunk| &chunk.id).chain(&self.pages);
        let packs: Vec<Id> = sent.filter_map(|id| remote.find(id)).map(|place| place.pack).collect();
        self.packs.extend(packs);
    }

    /// Whether all that was found on the remote, or sent to it, still counts there.
    pub fn is_settled(&self, remote: &Catalog, acknowledged: &Acknowledged) -> bool {
        let indexed: HashSet<Id> = remote.packs().into_iter().map(|pack| pack.id).collect();
        let counts = |pack: &Id| indexed.contains(pack) && !remote.avoided().contains(pack);
        self.packs.iter().all(counts) && self.roots.iter().all(|root| acknowledged.has(root))
    }

    /// Whether something rests on acknowledged roots alone.
    pub fn rests_on_roots(&self) -> bool {
        !self.roots.is_empty()
    }
}

/// As [`lack`], after all pages were brought from `remote` that are needed and that it has: a round for each level.
///
/// `unread` then are the pages that are neither in the cache nor there.
pub fn lack_with_pages(
    project: &Project,
    remote: &Remote,
    wanted: &[Selected],
    target: &PackStore,
    acknowledged: &Acknowledged,
    job: &Job<'_>,
) -> Result<Lack, Error> {
    loop {
        let lack = lack(project, wanted, &target.catalog(), acknowledged, job)?;
        let there: Vec<Id> = lack.unread.iter().filter(|id| remote.packs.find(id).is_some()).copied().collect();
        if there.is_empty() {
            return Ok(lack);
        }
        bring::copy(project, remote, &there, job)?;
    }
}

/// Looks up what `target` lacks of `wanted`: the remote of a push, or the cache.
///
/// What an acknowledged root keeps is not looked at: neither whole versions, nor the pages that a new version shares
/// with one of them. Everything else is, down to the last chunk: that a page is there says nothing about what it leads
/// to, since an interrupted push may have left it.
pub fn lack(
    project: &Project,
    wanted: &[Selected],
    target: &Catalog,
    acknowledged: &Acknowledged,
    job: &Job<'_>,
) -> Result<Lack, Error> {
    let cache = project.cache()?;
    // Only pages that the cache has are read, so no remote is ever asked but for one that is damaged.
    let pages = Pages::new(project, None)?;
    let mut looking = Looking::new(target, cache.catalog(), job);
    job.began(Step::Compare, None, Unit::Items);
    let mut at_path: Option<&RepoPath> = None;
    for Selected { dataset, inside } in wanted {
        job.check()?;
        if let Some(root) = acknowledged.keeper(dataset) {
            looking.lack.roots.insert(root);
            looking.lack.shares.push(Share { is_kept: true, ..Share::default() });
            continue;
        }
        if at_path != Some(&dataset.path) {
            let (passed, keepers) = acknowledged.pages_of(cache, &dataset.path);
            looking.lack.roots.extend(keepers);
            looking.passed = passed;
            at_path = Some(&dataset.path);
        }
        looking.at(&pages, &Version::of(&dataset.pointer), inside)?;
    }
    job.done(Step::Compare);
    Ok(looking.lack)
}

struct Looking<'a> {
    target: &'a Catalog,
    here: Arc<Catalog>,
    job: &'a Job<'a>,
    lack: Lack,
    /// Pages of acknowledged versions of the dataset.
    passed: HashSet<Id>,
    /// Pages that were looked at.
    opened: HashSet<Id>,
    /// Chunks that are lacking. A file may have the bytes of a page, so these say nothing of pages.
    lacking: HashSet<Id>,
    inside: RepoPath,
    /// Whether the file at hand is counted as one that lacks something.
    is_counted: bool,
}

impl<'a> Looking<'a> {
    fn new(target: &'a Catalog, here: Arc<Catalog>, job: &'a Job<'a>) -> Looking<'a> {
        let (lack, passed) = (Lack::default(), HashSet::new());
        let (opened, lacking, inside) = (HashSet::new(), HashSet::new(), RepoPath::default());
        Looking { target, here, job, lack, passed, opened, lacking, inside, is_counted: false }
    }

    fn at(&mut self, pages: &Pages<'_>, version: &Version, inside: &RepoPath) -> Result<(), Error> {
        self.inside = inside.clone();
        let (chunks, pages_before) = (self.lack.chunks.len(), self.lack.pages.len());
        self.lack.shares.push(Share::default());
        self.is_counted = false;
        reach(pages, version, self)?;
        let new = &self.lack.chunks[chunks..];
        let bytes = new.iter().map(|chunk| u64::from(chunk.bytes)).sum();
        let (chunks, pages) = (new.len() as u64, (self.lack.pages.len() - pages_before) as u64);
        let share = self.share();
        *share = Share { chunks, pages, bytes, ..*share };
        Ok(())
    }

    fn share(&mut self) -> &mut Share {
        self.lack.shares.last_mut().expect("at() put one there")
    }

    /// Whether the target has it; if so, the pack in which it lies is one to watch.
    fn is_there(&mut self, id: &Id) -> bool {
        let place = self.target.find(id);
        self.lack.packs.extend(place.map(|place| place.pack));
        place.is_some()
    }
}

impl Visit<Error> for Looking<'_> {
    fn page(&mut self, id: &Id) -> Result<bool, Error> {
        self.job.check()?;
        if self.passed.contains(id) || !self.opened.insert(*id) {
            return Ok(false);
        }
        if self.here.find(id).is_none() {
            self.lack.unread.push(*id);
            return Ok(false);
        }
        if !self.is_there(id) {
            self.lack.pages.push(*id);
        }
        self.job.moved(Step::Compare, 1, 0);
        Ok(true)
    }

    fn chunk(&mut self, chunk: &ChunkRef) -> Result<(), Error> {
        if self.is_there(&chunk.id) || !self.lacking.insert(chunk.id) {
            return Ok(());
        }
        self.lack.chunks.push(*chunk);
        if !std::mem::replace(&mut self.is_counted, true) {
            self.share().files += 1;
        }
        Ok(())
    }
}

impl VisitTree<Error> for Looking<'_> {
    fn entry(&mut self, entry: &Entry) -> Result<bool, Error> {
        self.is_counted = false;
        Ok(entry.path.is_in(&self.inside))
    }

    fn is_wanted(&mut self, after: Option<&RepoPath>, last: &RepoPath) -> bool {
        may_hold(after, last, &self.inside)
    }
}
