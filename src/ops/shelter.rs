//! Before a file of the worktree is replaced or removed, what only that file has is stored in the cache.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs::File;

use crate::base::{Id, Job, RepoPath, Stat, Step, Unit};
use crate::format::compression::{Compression, Noticer};
use crate::format::pack::PackKind;
use crate::format::tree::{ChunkRef, Chunks, Entry, Node, node_chunks};
use crate::packs::{PackError, PackStore, Sink, store_pages};

use super::copies::Copies;
use super::error::Error;
use super::ingest::{ingest, unknown};
use super::lazy_writer::LazyWriter;
use super::pages::Pages;
use super::plan::Plan;
use super::pointed;
use super::project::Project;
use super::survey::Survey;
use super::version::Version;

/// Says that a plan may be carried out: what it takes away is somewhere else.
pub struct Sheltered(());

/// Stores in the cache what the files that `plan` replaces or removes have, and neither it nor any remote that is known
/// to.
///
/// That is so in a thin cache, and where the cache lost something. Changes that were never added are the user's.
pub fn shelter(
    project: &Project,
    dataset: &RepoPath,
    plan: &Plan,
    survey: &Survey,
    job: &Job<'_>,
) -> Result<Sheltered, Error> {
    let replaced = plan.writes.iter().filter(|write| write.replaces.is_some()).map(|write| &write.path);
    let goes = replaced.chain(plan.removes.iter().map(|(path, _)| path));
    let goes = goes.filter_map(|path| Some((path, survey.file_at(path)?))).filter(|(_, (_, stat))| stat.bytes > 0);
    let goes: BTreeMap<&RepoPath, (Id, Stat)> = goes.collect();
    if !goes.is_empty() {
        let elsewhere = Elsewhere { project, cache: project.cache()?, copies: OnceCell::new() };
        let alone = elsewhere.lacks(dataset, goes, survey)?;
        store(&elsewhere, dataset, &alone, job)?;
    }
    Ok(Sheltered(()))
}

fn store(
    elsewhere: &Elsewhere<'_>,
    dataset: &RepoPath,
    alone: &[(RepoPath, Stat)],
    job: &Job<'_>,
) -> Result<(), Error> {
    if alone.is_empty() {
        return Ok(());
    }
    let writer = LazyWriter::new(elsewhere.cache);
    let sink = OnlyCopies { copies: elsewhere.copies()?, to: &writer };
    let files: Vec<(&RepoPath, Stat)> = alone.iter().map(|(path, stat)| (path, *stat)).collect();
    job.began(Step::Store, Some(files.iter().map(|(_, stat)| stat.bytes).sum()), Unit::Bytes);
    for (read, (path, _)) in
        ingest(elsewhere.project.root(), &files, &unknown, &sink, Step::Store, job)?.iter().zip(alone)
    {
        // The list of a short file stands in the tree, but that of a dataset of one file is a page.
        if let Chunks::Inline(chunks) = &read.content.chunks
            && path == dataset
        {
            store_pages(&sink, chunks, &mut Noticer::new(sink.compression()))?;
        }
    }
    writer.finish()?;
    job.done(Step::Store);
    Ok(())
}

/// Where else the data of files may be.
struct Elsewhere<'a> {
    project: &'a Project,
    cache: &'a PackStore,
    copies: OnceCell<Copies>,
}

impl Elsewhere<'_> {
    fn copies(&self) -> Result<&Copies, Error> {
        if let Some(copies) = self.copies.get() {
            return Ok(copies);
        }
        let copies = Copies::load(self.project)?;
        Ok(self.copies.get_or_init(|| copies))
    }

    fn has(&self, id: &Id) -> Result<bool, Error> {
        Ok(self.cache.find(id).is_some() || self.copies()?.have(id))
    }

    /// Which of the files that go have something that is nowhere else, named from the root.
    fn lacks(
        &self,
        dataset: &RepoPath,
        mut goes: BTreeMap<&RepoPath, (Id, Stat)>,
        survey: &Survey,
    ) -> Result<Vec<(RepoPath, Stat)>, Error> {
        let pages = Pages::of_verb(self.project, None, false)?;
        let pointer = pointed::read(self.project, dataset).ok().flatten();
        let mut alone = Vec::new();
        // A file of one chunk is that chunk, wherever it stands in a tree.
        goes.retain(|_, (id, _)| self.cache.find(id).is_none());
        for version in [survey.version()].into_iter().chain(pointer.iter().map(Version::of)) {
            match self.lacks_of(&version, &pages, &mut goes, &mut alone) {
                // Without the lists it is not known: that is decided below.
                Err(Error::Packs(error)) if error.is_about_data() => {}
                other => other?,
            }
        }
        // Pages are pushed last: where the first is, there is all that it leads to.
        if let Version::Folder(root) = survey.version()
            && !goes.is_empty()
            && self.copies()?.have(&root)
        {
            goes.clear();
        }
        let is_as_added = |path: &RepoPath| survey.base.is_some() && survey.difference(path).is_none();
        for (path, (id, stat)) in goes.into_iter().filter(|(path, _)| is_as_added(path)) {
            if !self.has(&id)? {
                alone.push((path.clone(), stat));
            }
        }
        alone.iter_mut().for_each(|(path, _)| *path = dataset.join(path));
        Ok(alone)
    }

    /// Takes those files out of `goes` that are what `version` says, and into `alone` those of them that have something
    /// that is nowhere else.
    fn lacks_of(
        &self,
        version: &Version,
        pages: &Pages<'_>,
        goes: &mut BTreeMap<&RepoPath, (Id, Stat)>,
        alone: &mut Vec<(RepoPath, Stat)>,
    ) -> Result<(), Error> {
        if matches!(version, Version::File(Node::File { bytes: 0, .. })) {
            // Of what a dataset of one file was, only the id is known.
            return Ok(());
        }
        let paths: Vec<&RepoPath> = goes.keys().copied().collect();
        for Entry { path, node } in version.entries_at(pages, &paths, &RepoPath::default())? {
            let Node::File { id, .. } = &node else { continue };
            let Some((_, stat)) = goes.get(&path).copied().filter(|(here, _)| here == id) else { continue };
            let mut is_alone = false;
            for chunk in node_chunks(pages, &node)? {
                let (_, ChunkRef { id, .. }) = chunk?;
                is_alone |= !self.has(&id)?;
            }
            goes.remove(&path);
            if is_alone {
                alone.push((path, stat));
            }
        }
        Ok(())
    }
}

/// Lets through what no remote is known to have. Blocks that can be shared cost nothing, whoever has them.
struct OnlyCopies<'a> {
    copies: &'a Copies,
    to: &'a dyn Sink,
}

impl Sink for OnlyCopies<'_> {
    fn compression(&self) -> Compression {
        self.to.compression()
    }

    fn take(&self, kind: PackKind, id: Id, raw: &[u8], noticer: &mut Noticer) -> Result<(), PackError> {
        if self.copies.have(&id) { Ok(()) } else { self.to.take(kind, id, raw, noticer) }
    }

    fn snapshot(&self, file: &File) -> Result<Option<File>, PackError> {
        self.to.snapshot(file)
    }

    fn take_shared(&self, snapshot: &File, chunks: &[ChunkRef]) -> Result<(), PackError> {
        self.to.take_shared(snapshot, chunks)
    }
}
