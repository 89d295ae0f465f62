//! What a dataset is in the worktree: the data itself, and where that is not there, what its pointer says.

use std::sync::{Mutex, PoisonError};

use crate::base::{FileKind, Id, Job, RepoPath, Step};
use crate::format::compression::{Compression, Noticer};
use crate::format::pack::PackKind;
use crate::format::pointer::{Kind, Pointer};
use crate::format::tree::Node;
use crate::packs::{PackError, Sink};
use crate::worktree;

use super::error::Error;
use super::ingest::{ingest, unknown};
use super::pages::Pages;
use super::pointed;
use super::project::Project;
use super::survey::{Standing, Survey, survey};
use super::version::Version;

/// A version of a dataset, and how large it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What it is.
    pub version: Version,
    /// How many entries it has.
    pub files: u64,
    /// The sizes of all its files, in bytes.
    pub bytes: u64,
}

impl Held {
    /// What a pointer stands for; nothing if there is none.
    pub fn by_pointer(pointer: Option<&Pointer>) -> Held {
        let Some(pointer) = pointer else { return Held { version: Version::Nothing, files: 0, bytes: 0 } };
        let files = match pointer.kind {
            Kind::File { .. } => 1,
            Kind::Folder { files } => files,
        };
        Held { version: Version::of(pointer), files, bytes: pointer.bytes }
    }

    fn by_node(node: Node) -> Held {
        Held { files: 1, bytes: node.bytes(), version: Version::File(node) }
    }
}

/// Looks at a dataset in the worktree. Pages that describe it and are stored nowhere are put into `pages`.
pub fn here(project: &Project, dataset: &RepoPath, pages: &Pages<'_>, job: &Job<'_>) -> Result<Held, Error> {
    let sink = PagesOnly::default();
    let survey = survey(project, dataset, &sink, Step::Hash, job)?;
    note_stats(project, &survey);
    let held = match (survey.standing, survey.base) {
        (Standing::Absent, None) => return Ok(Held::by_pointer(pointed::read(project, dataset)?.as_ref())),
        (Standing::File, _) => Held::by_node(file(project, dataset, &survey, &sink, job)?),
        (standing, _) => folder(project, dataset, &survey, standing, pages)?,
    };
    for (id, page) in sink.0.into_inner().unwrap_or_else(PoisonError::into_inner) {
        pages.put(id, page);
    }
    Ok(held)
}

/// Remembers new stats of old content, so that it is not read again. A worktree that takes no notes is looked at anew.
pub fn note_stats(project: &Project, survey: &Survey) {
    if let Some(base) = survey.base.filter(|_| survey.has_new_stats()) {
        let _ = survey.remember(project, base, |_| false);
    }
}

fn folder(
    project: &Project,
    dataset: &RepoPath,
    survey: &Survey,
    standing: Standing,
    pages: &Pages<'_>,
) -> Result<Held, Error> {
    let was_file = matches!(survey.version(), Version::File(_));
    if standing == Standing::Absent && was_file {
        return Ok(Held::by_pointer(None));
    }
    let pointer = pointed::read(project, dataset).ok().flatten();
    let known = pointer.filter(|pointer| survey.is_unchanged() && survey.base == Some(pointer.id));
    if let Some(pointer) = known {
        return Ok(Held::by_pointer(Some(&pointer)));
    }
    let root = survey.tree(&RepoPath::default(), pages, |id, page| {
        pages.put(id, page);
        Ok(())
    })?;
    // All of it was removed: nothing of it stands here.
    if standing == Standing::Absent && root.entries == 0 {
        return Ok(Held::by_pointer(None));
    }
    Ok(Held { version: Version::Folder(root.id), files: root.entries, bytes: root.bytes })
}

fn file(
    project: &Project,
    dataset: &RepoPath,
    survey: &Survey,
    sink: &PagesOnly,
    job: &Job<'_>,
) -> Result<Node, Error> {
    if let Some(node) = survey.file() {
        return Ok(node);
    }
    let pointer = pointed::read(project, dataset).ok().flatten();
    if let Some(pointer) = pointer.filter(|pointer| survey.base == Some(pointer.id))
        && let Version::File(node) = Version::of(&pointer)
    {
        return Ok(node);
    }
    // It is what an older pointer said, of which only the id is known: its chunks are found by reading it.
    let found = worktree::scan_one(project.root(), dataset)?;
    let folder = dataset.parent().unwrap_or_default().below(project.root());
    let name = RepoPath::new(dataset.name())?;
    let mut read = ingest(&folder, &[(&name, found.stat)], &unknown, sink, Step::Hash, job)?;
    let content = read.pop().expect("one for each file").content;
    let executable = found.kind == FileKind::File { executable: true };
    Ok(Node::File { executable, bytes: content.bytes, id: content.id, chunks: content.chunks })
}

/// Keeps the pages of manifests, which say what changed inside a file, and drops all chunks.
#[derive(Debug, Default)]
struct PagesOnly(Mutex<Vec<(Id, Vec<u8>)>>);

impl Sink for PagesOnly {
    fn compression(&self) -> Compression {
        Compression::None
    }

    fn take(&self, kind: PackKind, id: Id, raw: &[u8], _noticer: &mut Noticer) -> Result<(), PackError> {
        if kind == PackKind::Pages {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push((id, raw.to_vec()));
        }
        Ok(())
    }
}
