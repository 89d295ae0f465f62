//! A pointer that is not written yet, and what must be remembered once it is.

use crate::base::{Id, RepoPath};
use crate::format::compression::Noticer;
use crate::format::pack::PackKind;
use crate::format::pointer::{Kind, Pointer};
use crate::format::tree::{self, Chunks, Entry, Node, Root};
use crate::packs::{Sink, store_pages};

use super::add::Added;
use super::admit::Admitted;
use super::error::Error;
use super::pages::Pages;
use super::pointed::pointer_path;
use super::project::Project;
use super::survey::Survey;

/// What `add` is about to publish of one dataset.
pub struct Draft {
    /// The dataset.
    pub dataset: RepoPath,
    /// What its pointer will say.
    pub pointer: Pointer,
    /// The bytes of the pointer that it has now, if it has one.
    pub old_bytes: Option<Vec<u8>>,
    inside: RepoPath,
    survey: Option<Survey>,
    is_changed: bool,
}

impl Draft {
    /// The draft for a dataset that is a file, and was last in step with the pointer `base`.
    pub fn of_file(wanted: &Admitted, survey: Survey, base: Option<Id>, sink: &dyn Sink) -> Result<Draft, Error> {
        let known = wanted.pointer.as_ref().filter(|pointer| survey.base == Some(pointer.id));
        let pointer = match (survey.file(), known) {
            (Some(Node::File { executable, bytes, id, chunks }), _) => {
                let manifest = manifest(&chunks, sink)?;
                Pointer { kind: Kind::File { manifest, executable }, id, bytes, remote: None, source: None }
            }
            (_, Some(known)) => known.clone(),
            _ => {
                let reason = "it is neither a file nor a folder".to_owned();
                return Err(Error::CannotTrack { path: wanted.dataset.clone(), reason });
            }
        };
        check_moved(wanted, base, &pointer)?;
        Ok(Draft::new(wanted, pointer, Some(survey)))
    }

    /// The draft for a dataset that is a folder, and was last in step with the pointer `base`.
    pub fn of_folder(
        wanted: &Admitted,
        survey: Survey,
        base: Option<Id>,
        pages: &Pages<'_>,
        sink: &dyn Sink,
    ) -> Result<Draft, Error> {
        let known = wanted.pointer.as_ref().filter(|pointer| survey.is_unchanged() && survey.base == Some(pointer.id));
        if let Some(known) = known {
            return Ok(Draft::new(wanted, known.clone(), Some(survey)));
        }
        let mut noticer = Noticer::new(sink.compression());
        let root = survey
            .tree(&wanted.inside, pages, |id, page| Ok(sink.take(PackKind::Pages, id, &page, &mut noticer)?))?;
        let pointer = folder_pointer(&root);
        check_moved(wanted, base, &pointer)?;
        Ok(Draft::new(wanted, pointer, Some(survey)))
    }

    /// The draft for a folder of which only a part was looked at.
    pub fn of_part(wanted: &Admitted, root: &Root) -> Draft {
        Draft::new(wanted, folder_pointer(root), None)
    }

    fn new(wanted: &Admitted, pointer: Pointer, survey: Option<Survey>) -> Draft {
        // What the user wrote into the pointer stays; an import that was changed by hand is one no longer.
        let old = wanted.pointer.as_ref();
        let is_changed = old.is_none_or(|old| (old.id, old.kind) != (pointer.id, pointer.kind));
        let source = old.filter(|_| !is_changed).and_then(|old| old.source.clone());
        let remote = old.and_then(|old| old.remote.clone());
        Draft {
            dataset: wanted.dataset.clone(),
            pointer: Pointer { remote, source, ..pointer },
            old_bytes: wanted.old_bytes.clone(),
            inside: wanted.inside.clone(),
            survey,
            is_changed,
        }
    }

    /// How many files were read.
    pub fn files_read(&self) -> u64 {
        self.survey.as_ref().map_or(0, |survey| survey.files_read)
    }

    /// Remembers the worktree as it is now, once the pointer is written.
    pub fn remember(&self, project: &Project) -> Result<(), Error> {
        let Some(survey) = &self.survey else { return Ok(()) };
        if !self.is_changed && survey.is_unchanged() && !survey.has_new_stats() {
            return Ok(());
        }
        let inside = self.inside.as_bytes();
        survey.remember(project, self.pointer.id, |path| is_in(path, inside))
    }

    /// What is told of it.
    pub fn report(&self) -> Added {
        let (is_folder, files) = match self.pointer.kind {
            Kind::File { .. } => (false, 1),
            Kind::Folder { files } => (true, files),
        };
        Added {
            path: self.dataset.clone(),
            id: self.pointer.id,
            bytes: self.pointer.bytes,
            files,
            is_folder,
            is_new: self.old_bytes.is_none(),
            is_changed: self.is_changed,
        }
    }
}

/// Refuses to take back what somebody else made of a pointer. If the data is what the pointer says, it was an add that was
/// killed after it had written the pointer, and before it remembered so.
fn check_moved(wanted: &Admitted, base: Option<Id>, pointer: &Pointer) -> Result<(), Error> {
    let (Some(old), Some(base)) = (&wanted.pointer, base) else { return Ok(()) };
    if wanted.force || base == old.id || pointer.id == old.id {
        return Ok(());
    }
    Err(Error::PointerMoved { dataset: wanted.dataset.clone(), pointer: pointer_path(&wanted.dataset) })
}

fn is_in(path: &[u8], folder: &[u8]) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

/// The pointer of a folder.
pub fn folder_pointer(root: &Root) -> Pointer {
    let kind = Kind::Folder { files: root.entries };
    Pointer { kind, id: root.id, bytes: root.bytes, remote: None, source: None }
}

/// The pointer of a folder with these entries, which come by path; its pages go to `sink`.
pub fn folder_of(entries: impl IntoIterator<Item = Result<Entry, Error>>, sink: &dyn Sink) -> Result<Pointer, Error> {
    let mut noticer = Noticer::new(sink.compression());
    let mut builder =
        tree::Builder::new(|id, page: Vec<u8>| Ok::<_, Error>(sink.take(PackKind::Pages, id, &page, &mut noticer)?));
    for entry in entries {
        builder.push(&entry?)?;
    }
    Ok(folder_pointer(&builder.finish()?))
}

/// The root page of the manifest of a file, which a pointer names if the file has more than one chunk.
pub fn manifest(chunks: &Chunks, sink: &dyn Sink) -> Result<Option<Id>, Error> {
    match chunks {
        Chunks::Whole => Ok(None),
        Chunks::Paged(root) => Ok(Some(*root)),
        Chunks::Inline(list) => Ok(Some(store_pages(sink, list, &mut Noticer::new(sink.compression()))?)),
    }
}
