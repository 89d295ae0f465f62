//! `cat`: the bytes of one file, out of the cache or straight from a remote.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;

use serde::Serialize;

use crate::base::{AtPath, Id, Job, RepoPath, Step, Unit};
use crate::format::FormatError;
use crate::format::tree::{ChunkRef, Chunks, Node, node_chunks};
use crate::packs::PackError;

use super::super::error::Error;
use super::super::fetcher::Fetcher;
use super::super::here::Held;
use super::super::moment::Moment;
use super::super::named::{Named, named};
use super::super::pages::Pages;
use super::super::pointed::pointer_path;
use super::super::project::Project;
use super::super::unstored::Unstored;

/// So many bytes are in hand at once.
const WINDOW: u64 = 16 << 20;

/// What an error of `cat` was doing if `out` took no more.
pub const WRITING: &str = "write to";

/// What `cat` wrote.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct CatReport {
    /// How many bytes.
    pub bytes: u64,
}

/// Writes the file that `name` (`[REV:]PATH`) names to `out`, as its pointer says it is.
///
/// Every chunk is checked before it is written, the whole file at its end.
///
/// # Errors
/// `Usage` for what is no file; `DataMissing` if neither the cache nor the remote has a chunk.
pub fn cat(project: &Project, name: &OsStr, out: &mut dyn Write, job: &Job<'_>) -> Result<CatReport, Error> {
    let Named { moment, path } = named(project, name)?;
    let Found { dataset, remote, pages, node } = find(project, &moment, &path)?;
    let Node::File { bytes, id, chunks, .. } = &node else { return Err(no_file(&path, &node)) };
    let unstored = unstored(project, &dataset, &pages, &node, job)?;
    let source = Source { project, path: &path, remote, fetcher: Fetcher::new(project, None), unstored };
    job.began(Step::Fetch, Some(*bytes), Unit::Bytes);
    let mut hasher = blake3::Hasher::new();
    let mut window = Vec::new();
    let mut left = WINDOW;
    for chunk in node_chunks(&pages, &node)? {
        let (_, chunk) = chunk?;
        if u64::from(chunk.bytes) > left {
            source.write(&window, out, &mut hasher, job)?;
            (left, window) = (WINDOW, Vec::new());
        }
        left -= u64::from(chunk.bytes);
        window.push(chunk);
    }
    source.write(&window, out, &mut hasher, job)?;
    job.done(Step::Fetch);
    pages.keep()?;
    let found = Id::from(hasher.finalize());
    if found == *id { Ok(CatReport { bytes: *bytes }) } else { Err(source.damaged(id, chunks, &found)) }
}

/// A file, as some pointer has it.
struct Found<'a> {
    dataset: RepoPath,
    /// The remote that the pointer names.
    remote: Option<String>,
    pages: Pages<'a>,
    node: Node,
}

fn find<'a>(project: &'a Project, moment: &Moment, path: &RepoPath) -> Result<Found<'a>, Error> {
    let datasets = moment.datasets(project, std::slice::from_ref(path))?;
    let is_named = |dataset: &RepoPath| path.is_in(dataset) || pointer_path(dataset) == *path;
    let named = datasets.into_iter().find(|(chosen, _)| is_named(&chosen.dataset));
    let folder = || no_file(path, &Node::EmptyFolder);
    let (chosen, pointer) = named.ok_or_else(folder)?;
    let inside = chosen.common();
    let pages = Pages::new(project, pointer.remote.as_deref())?;
    let version = Held::by_pointer(Some(&pointer)).version;
    if let Some(node) = version.entry(&pages, &inside)? {
        return Ok(Found { dataset: chosen.dataset, remote: pointer.remote, pages, node });
    }
    let has_some = version.entries(&pages, &inside)?.next().transpose()?.is_some();
    if has_some || inside.is_empty() {
        return Err(folder());
    }
    Err(Error::NotInDataset { path: path.clone(), dataset: chosen.dataset })
}

/// The chunks of the file that the cache lacks and files of the worktree have.
fn unstored(
    project: &Project,
    dataset: &RepoPath,
    pages: &Pages<'_>,
    node: &Node,
    job: &Job<'_>,
) -> Result<Unstored, Error> {
    let cache = project.cache()?;
    let mut wanted = HashSet::new();
    for chunk in node_chunks(pages, node)? {
        let (_, chunk) = chunk?;
        wanted.extend(Some(chunk.id).filter(|id| cache.find(id).is_none()));
    }
    match wanted.is_empty() {
        true => Ok(Unstored::nothing()),
        false => Unstored::find_in(project, dataset, &[], &mut wanted, job),
    }
}

fn no_file(path: &RepoPath, node: &Node) -> Error {
    let (what, hint) = match node {
        Node::Symlink { target } => (format!("a symlink to {}", String::from_utf8_lossy(target)), None),
        Node::EmptyFolder | Node::File { .. } => ("a folder".to_owned(), Some(format!("run `esker ls {path}`"))),
    };
    Error::usage(format!("{path} is {what}"), hint.as_deref())
}

/// Where the chunks of one file come from.
struct Source<'a> {
    project: &'a Project,
    path: &'a RepoPath,
    remote: Option<String>,
    fetcher: Fetcher<'a>,
    unstored: Unstored,
}

impl Source<'_> {
    fn write(
        &self,
        window: &[ChunkRef],
        out: &mut dyn Write,
        hasher: &mut blake3::Hasher,
        job: &Job<'_>,
    ) -> Result<(), Error> {
        job.check()?;
        let raw = self.read(window, job)?;
        for chunk in window {
            let bytes = &raw[&chunk.id];
            hasher.update(bytes);
            out.write_all(bytes).at(WRITING, Path::new("standard output"))?;
            job.moved(Step::Fetch, bytes.len() as u64, 0);
        }
        Ok(())
    }

    /// Reads some chunks from the cache; those that it lacks from files, or as those that it has damaged from the remote, in
    /// few requests.
    fn read(&self, window: &[ChunkRef], job: &Job<'_>) -> Result<HashMap<Id, Vec<u8>>, Error> {
        let cache = self.project.cache()?;
        let mut raw = HashMap::new();
        let (mut missing, mut damage) = (Vec::new(), None);
        for chunk in window {
            match cache.read(&chunk.id) {
                Ok(bytes) => drop(raw.insert(chunk.id, bytes)),
                Err(error) if error.is_about_data() => {
                    missing.push(chunk.id);
                    damage = Some(error).filter(|error| !matches!(error, PackError::Absent { .. })).or(damage);
                }
                Err(error) => return Err(error.into()),
            }
        }
        if !missing.is_empty() {
            let wanted: HashSet<Id> = missing.iter().copied().collect();
            raw.extend(self.unstored.gather(|id| wanted.contains(id), job)?);
            missing.retain(|id| !raw.contains_key(id));
        }
        if missing.is_empty() {
            return Ok(raw);
        }
        let Some(remote) = self.fetcher.remote(self.remote.as_deref())? else {
            return Err(damage.map_or_else(|| self.missing(Vec::new()), |cause| self.wrong(cause)));
        };
        let read = remote.packs.read_many(&missing, |id, bytes| {
            raw.insert(*id, bytes.to_vec());
            Ok(())
        });
        match read {
            Ok(()) => Ok(raw),
            Err(PackError::Absent { .. }) => Err(self.missing(vec![remote.packs.name().to_owned()])),
            Err(error) if error.is_about_data() => Err(self.wrong(error)),
            Err(error) => Err(error.into()),
        }
    }

    fn missing(&self, stores: Vec<String>) -> Error {
        Error::DataMissing { files: vec![self.path.clone()], count: 1, stores }
    }

    fn wrong(&self, cause: PackError) -> Error {
        Error::DataDamaged { files: vec![self.path.clone()], count: 1, cause: Box::new(cause) }
    }

    /// All chunks are what they should be, and make another file: their list is wrong.
    fn damaged(&self, id: &Id, chunks: &Chunks, found: &Id) -> Error {
        let list = if let Chunks::Paged(root) = chunks { root } else { id };
        let cause = FormatError::damaged("list of chunks", format!("they make a file whose id is {found}"));
        let store = self.project.cache().map_or_else(|_| String::new(), |cache| cache.name().to_owned());
        self.wrong(PackError::Page { store, id: *list, cause })
    }
}
