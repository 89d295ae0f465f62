//! `du`: how large datasets are, how much of that is there once only, and how much the cache holds.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;

use crate::base::{Id, Job, RepoPath};
use crate::format::manifest::Visit;
use crate::format::tree::{ChunkRef, Entry, VisitTree};
use crate::packs::Catalog;

use super::super::chosen::Chosen;
use super::super::error::Error;
use super::super::here::Held;
use super::super::moment::Moment;
use super::super::pages::Pages;
use super::super::project::Project;
use super::super::version::{Version, may_hold, reach};

/// What to weigh.
#[derive(Debug, Clone, Default)]
pub struct DuOptions {
    /// The revision; what the pointers in the worktree say if `None`.
    pub revision: Option<String>,
    /// Datasets, parts of them, folders that hold some; all if empty.
    pub paths: Vec<RepoPath>,
}

/// How large it all is.
#[derive(Debug, Clone, Serialize)]
pub struct DuReport {
    /// Each dataset, by path.
    pub datasets: Vec<Usage>,
    /// All together; what several datasets have counts once.
    pub total: Usage,
}

/// How large one is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Where; empty for the total.
    pub path: RepoPath,
    /// How many files, links and empty folders it has.
    pub files: u64,
    /// The sizes of all files, in bytes.
    pub bytes: u64,
    /// How many different chunks they are made of.
    pub chunks: u64,
    /// The bytes of those, before compression.
    pub unique_bytes: u64,
    /// The bytes that the chunks which the cache has take there.
    pub cached_bytes: u64,
    /// The bytes of the chunks that the cache lacks, before compression.
    pub missing_bytes: u64,
}

/// Weighs datasets by their lists of chunks; no data is read.
pub fn du(project: &Project, options: &DuOptions, job: &Job<'_>) -> Result<DuReport, Error> {
    let moment = Moment::of(project, options.revision.as_deref())?;
    let catalog = project.cache()?.catalog();
    let mut known = HashSet::new();
    let (mut datasets, mut total) = (Vec::new(), Usage::default());
    for (chosen, pointer) in moment.datasets(project, &options.paths)? {
        let pages = Pages::new(project, pointer.remote.as_deref())?;
        let version = Held::by_pointer(Some(&pointer)).version;
        let mut scale = Scale::new(&chosen, &mut known, &mut total, Arc::clone(&catalog), job);
        scale.weigh(&pages, &version)?;
        datasets.push(scale.usage);
        pages.keep()?;
    }
    Ok(DuReport { datasets, total })
}

/// Weighs one dataset, and adds to the total what no dataset before had.
struct Scale<'a> {
    chosen: &'a Chosen,
    inside: RepoPath,
    usage: Usage,
    own: HashSet<Id>,
    known: &'a mut HashSet<Id>,
    total: &'a mut Usage,
    catalog: Arc<Catalog>,
    job: &'a Job<'a>,
}

impl<'a> Scale<'a> {
    fn new(
        chosen: &'a Chosen,
        known: &'a mut HashSet<Id>,
        total: &'a mut Usage,
        catalog: Arc<Catalog>,
        job: &'a Job<'a>,
    ) -> Scale<'a> {
        let usage = Usage { path: chosen.dataset.clone(), ..Usage::default() };
        Scale { chosen, inside: chosen.common(), usage, own: HashSet::new(), known, total, catalog, job }
    }

    fn weigh(&mut self, pages: &Pages<'_>, version: &Version) -> Result<(), Error> {
        if let Version::File(node) = version {
            self.count(node.bytes());
        }
        reach(pages, version, self)
    }

    fn count(&mut self, bytes: u64) {
        for usage in [&mut self.usage, &mut *self.total] {
            usage.files += 1;
            usage.bytes += bytes;
        }
    }
}

impl Usage {
    /// Counts a chunk in that was not counted yet; `stored_len` is what it takes in the cache, if that has it.
    fn add(&mut self, chunk: &ChunkRef, stored_len: Option<u32>) {
        self.chunks += 1;
        self.unique_bytes += u64::from(chunk.bytes);
        match stored_len {
            Some(len) => self.cached_bytes += u64::from(len),
            None => self.missing_bytes += u64::from(chunk.bytes),
        }
    }
}

impl Visit<Error> for Scale<'_> {
    fn page(&mut self, _id: &Id) -> Result<bool, Error> {
        self.job.check()?;
        Ok(true)
    }

    fn chunk(&mut self, chunk: &ChunkRef) -> Result<(), Error> {
        if self.own.insert(chunk.id) {
            let stored_len = self.catalog.find(&chunk.id).map(|place| place.stored_len);
            self.usage.add(chunk, stored_len);
            if self.known.insert(chunk.id) {
                self.total.add(chunk, stored_len);
            }
        }
        Ok(())
    }
}

impl VisitTree<Error> for Scale<'_> {
    fn entry(&mut self, entry: &Entry) -> Result<bool, Error> {
        let is_meant = self.chosen.has(&entry.path);
        if is_meant {
            self.count(entry.node.bytes());
        }
        Ok(is_meant)
    }

    fn is_wanted(&mut self, after: Option<&RepoPath>, last: &RepoPath) -> bool {
        may_hold(after, last, &self.inside)
    }
}
