//! Chunks that the cache lacks and files of the worktree have: where in which file each lies, and reading them.
//!
//! A stat only says where to look. The hash of each chunk decides whether the file still is what was added.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use crate::base::{Id, Job, RepoPath, Stat, Step};
use crate::format::compression::{Compression, Noticer};
use crate::format::pack::PackKind;
use crate::format::tree::{ChunkRef, Entry, Node, node_chunks};
use crate::packs::{Nowhere, PackError, Sink};
use crate::worktree::{Reader, WorktreeError};

use super::error::Error;
use super::here::note_stats;
use super::needed::linked_projects;
use super::pages::Pages;
use super::pointed::{self, Selected};
use super::project::Project;
use super::survey::{Standing, Survey, survey};
use super::version::Version;

/// So many chunks are read by one thread before it takes others.
const BATCH: usize = 64;

/// Where chunks lie in files of the worktrees of a clone.
pub struct Unstored {
    files: Vec<Holder>,
    /// By file, and in it by offset.
    pieces: Vec<Piece>,
}

/// A file that has chunks.
struct Holder {
    /// The root of its worktree.
    root: Arc<Path>,
    path: RepoPath,
    stat: Stat,
}

/// A chunk and its place.
struct Piece {
    chunk: ChunkRef,
    file: usize,
    offset: u64,
}

impl Unstored {
    /// No chunk is known yet.
    pub fn nothing() -> Unstored {
        Unstored { files: Vec::new(), pieces: Vec::new() }
    }

    /// Looks for `wanted` in the datasets of `first`, then in all others, then in other worktrees of the clone. What is
    /// found is taken out of `wanted`.
    pub fn find(
        project: &Project,
        first: &[Selected],
        wanted: &mut HashSet<Id>,
        job: &Job<'_>,
    ) -> Result<Unstored, Error> {
        let mut unstored = Unstored::find_here(project, first, wanted, job)?;
        if !wanted.is_empty() {
            for linked in linked_projects(project)? {
                unstored.add(Unstored::find_here(&linked, first, wanted, job)?);
            }
        }
        Ok(unstored)
    }

    fn find_here(
        project: &Project,
        first: &[Selected],
        wanted: &mut HashSet<Id>,
        job: &Job<'_>,
    ) -> Result<Unstored, Error> {
        let mut unstored = Unstored::nothing();
        let mut looked_at = BTreeSet::new();
        let named: Vec<RepoPath> = first.iter().map(|selected| selected.dataset.path.clone()).collect();
        for dataset in named.into_iter().chain(pointed::known_paths(project)?) {
            if wanted.is_empty() {
                break;
            }
            let asked = first.iter().filter(|selected| selected.dataset.path == dataset);
            let asked: Vec<Version> = asked.map(|selected| Version::of(&selected.dataset.pointer)).collect();
            if looked_at.insert(dataset.clone()) {
                unstored.add(Unstored::find_in(project, &dataset, &asked, wanted, job)?);
            }
        }
        Ok(unstored)
    }

    /// Looks for `wanted` in one dataset, in any of the versions `asked`, too. What is found is taken out of `wanted`.
    pub fn find_in(
        project: &Project,
        dataset: &RepoPath,
        asked: &[Version],
        wanted: &mut HashSet<Id>,
        job: &Job<'_>,
    ) -> Result<Unstored, Error> {
        let mut unstored = Unstored::nothing();
        let pages = Pages::of_verb(project, None, false)?;
        let survey = survey(project, dataset, &Nowhere, Step::Hash, job)?;
        note_stats(project, &survey);
        unstored.look(project, &pages, dataset, &survey, asked, wanted)?;
        Ok(unstored)
    }

    /// Looks for `wanted` in the files of a survey that are what its pointer, what the worktree was last made equal to, or
    /// one of `asked` says. What is found is taken out of `wanted`.
    pub fn look(
        &mut self,
        project: &Project,
        pages: &Pages<'_>,
        dataset: &RepoPath,
        survey: &Survey,
        asked: &[Version],
        wanted: &mut HashSet<Id>,
    ) -> Result<(), Error> {
        if survey.standing == Standing::Absent {
            return Ok(());
        }
        let root: Arc<Path> = project.root().into();
        let pointer = pointed::read(project, dataset).ok().flatten();
        let mut versions: Vec<Version> = pointer.iter().map(Version::of).chain([survey.version()]).collect();
        versions.extend(asked.iter().cloned());
        for (at, version) in versions.iter().enumerate() {
            if wanted.is_empty() || versions[..at].contains(version) {
                continue;
            }
            match self.look_at(pages, (&root, dataset), survey, version, wanted) {
                // A list that cannot be read lists nothing.
                Err(Error::Packs(error)) if error.is_about_data() => {}
                other => other?,
            }
        }
        Ok(())
    }

    fn look_at(
        &mut self,
        pages: &Pages<'_>,
        (root, dataset): (&Arc<Path>, &RepoPath),
        survey: &Survey,
        version: &Version,
        wanted: &mut HashSet<Id>,
    ) -> Result<(), Error> {
        for entry in version.entries(pages, &RepoPath::default())? {
            let Entry { path, node } = entry?;
            let Node::File { id, .. } = &node else { continue };
            let Some((_, stat)) = survey.file_at(&path).filter(|(here, _)| here == id) else { continue };
            let file = self.files.len();
            for chunk in node_chunks(pages, &node)? {
                let (offset, chunk) = chunk?;
                let is_in_file = offset.saturating_add(chunk.bytes.into()) <= stat.bytes;
                if is_in_file && wanted.remove(&chunk.id) {
                    self.pieces.push(Piece { chunk, file, offset });
                }
            }
            if self.pieces.last().is_some_and(|piece| piece.file == file) {
                self.files.push(Holder { root: Arc::clone(root), path: dataset.join(&path), stat });
            }
        }
        Ok(())
    }

    /// Takes over what was found elsewhere.
    pub fn add(&mut self, other: Unstored) {
        let first = self.files.len();
        self.files.extend(other.files);
        self.pieces.extend(other.pieces.into_iter().map(|piece| Piece { file: piece.file + first, ..piece }));
    }

    /// The ids of all chunks that were found.
    pub fn ids(&self) -> HashSet<Id> {
        self.pieces.iter().map(|piece| piece.chunk.id).collect()
    }

    /// Reads those chunks of which `is_wanted` says so into `sink`, each hashed, on all threads. `step` moves by bytes.
    ///
    /// # Errors
    /// `Changed` for a file that is not any more what it was: nothing of it that is wrong has gone into `sink`.
    pub fn read(
        &self,
        is_wanted: impl Fn(&Id) -> bool,
        sink: &dyn Sink,
        step: Step,
        job: &Job<'_>,
    ) -> Result<(), Error> {
        let wanted: Vec<&Piece> = self.pieces.iter().filter(|piece| is_wanted(&piece.chunk.id)).collect();
        wanted.par_chunks(BATCH).try_for_each(|batch| self.read_batch(batch, sink, step, job))
    }

    /// The same into memory. Of files that changed, nothing: whoever asks knows where else to look.
    pub fn gather(&self, is_wanted: impl Fn(&Id) -> bool, job: &Job<'_>) -> Result<HashMap<Id, Vec<u8>>, Error> {
        let gathered = Gathered::default();
        match self.read(is_wanted, &gathered, Step::Fetch, job) {
            Ok(()) | Err(Error::Worktree(WorktreeError::Changed { .. })) => {}
            Err(error) => return Err(error),
        }
        Ok(gathered.0.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn read_batch(&self, batch: &[&Piece], sink: &dyn Sink, step: Step, job: &Job<'_>) -> Result<(), Error> {
        let mut noticer = Noticer::new(sink.compression());
        let mut raw = Vec::new();
        let mut open: Option<(&Path, Reader)> = None;
        for of_file in batch.chunk_by(|one, next| one.file == next.file) {
            let Holder { root, path, stat } = &self.files[of_file[0].file];
            let reader = match open.take().filter(|(at, _)| *at == &**root) {
                Some((_, reader)) => reader,
                None => Reader::open(root)?,
            };
            let (_, reader) = open.insert((root, reader));
            let source = reader.source(path, stat)?;
            for piece in of_file {
                job.check()?;
                raw.resize(piece.chunk.bytes as usize, 0);
                source.read_at(&mut raw, piece.offset)?;
                if Id::of(&raw) != piece.chunk.id {
                    return Err(WorktreeError::Changed { path: path.clone() }.into());
                }
                sink.take(PackKind::Chunks, piece.chunk.id, &raw, &mut noticer)?;
                job.moved(step, raw.len() as u64, 0);
            }
        }
        Ok(())
    }
}

/// Chunks in memory.
#[derive(Default)]
struct Gathered(Mutex<HashMap<Id, Vec<u8>>>);

impl Sink for Gathered {
    fn compression(&self) -> Compression {
        Compression::None
    }

    fn take(&self, _kind: PackKind, id: Id, raw: &[u8], _noticer: &mut Noticer) -> Result<(), PackError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, raw.to_vec());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::ops::testing::{Sandbox, noise, path, run};
    use crate::worktree::scan_one;

    /// A thin project with two files; `data/a` has some chunks.
    fn thin() -> Sandbox {
        let sandbox = Sandbox::new();
        sandbox.write("alice", ".git/esker/config.toml", "[cache]\nmode = \"thin\"\n");
        sandbox.write("alice", "data/a", noise(1, 500_000));
        sandbox.write("alice", "data/b", b"b");
        sandbox.add("alice", &["data"]);
        sandbox
    }

    fn find(project: &Project, wanted: &[&[u8]]) -> (Unstored, HashSet<Id>) {
        let mut wanted: HashSet<Id> = wanted.iter().map(|raw| Id::of(raw)).collect();
        let found = run(|job| Unstored::find(project, &[], &mut wanted, job)).unwrap();
        (found, wanted)
    }

    fn first_chunk() -> Vec<u8> {
        let raw = noise(1, 500_000);
        raw[..crate::chunk::cuts(&raw, &crate::chunk::V1)[0]].to_vec()
    }

    #[test]
    fn chunks_are_found_where_they_lie_and_what_is_nowhere_stays_wanted() {
        let (sandbox, first) = (thin(), first_chunk());
        let project = sandbox.project("alice");
        let (found, wanted) = find(&project, &[&first, b"b", b"elsewhere"]);
        assert_eq!(wanted, HashSet::from([Id::of(b"elsewhere")]));
        let read = run(|job| found.gather(|_| true, job)).unwrap();
        assert_eq!(read, HashMap::from([(Id::of(&first), first), (Id::of(b"b"), b"b".to_vec())]));
    }

    #[test]
    fn an_edited_file_has_nothing_and_a_touched_one_has_all() {
        let (sandbox, first) = (thin(), first_chunk());
        sandbox.write("alice", "data/a", noise(1, 500_000));
        sandbox.write("alice", "data/b", b"c");
        let (found, wanted) = find(&sandbox.project("alice"), &[&first, b"b"]);
        assert_eq!((found.ids(), wanted), (HashSet::from([Id::of(&first)]), HashSet::from([Id::of(b"b")])));
    }

    #[test]
    fn where_the_stat_lies_the_hash_tells() {
        let sandbox = thin();
        let project = sandbox.project("alice");
        let (mut found, _) = find(&project, &[b"b"]);
        fs::write(sandbox.root("alice/data/b"), "c").unwrap();
        found.files[0].stat = scan_one(project.root(), &path("data/b")).unwrap().stat;
        let read = run(|job| found.read(|_| true, &Nowhere, Step::Send, job));
        assert!(matches!(read, Err(Error::Worktree(WorktreeError::Changed { path: at })) if at == path("data/b")));
    }
}
