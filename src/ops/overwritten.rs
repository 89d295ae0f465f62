//! What goes for good with an `add` into a thin cache: an older version that only its files had.

use std::collections::HashSet;

use crate::base::{Id, Job, RepoPath, Warning, files_text};
use crate::format::pointer::Pointer;
use crate::format::tree::{Change, Entry, node_chunks};

use super::copies::Copies;
use super::draft::Draft;
use super::error::Error;
use super::pages::Pages;
use super::pointed;
use super::project::Project;
use super::version::{Version, changes};

/// Warns of versions that `HEAD` has, that were never pushed, and whose files are others now.
pub fn warn(project: &Project, drafts: &[Draft], job: &Job<'_>) -> Result<(), Error> {
    let Some(head) = project.repo().head()? else { return Ok(()) };
    let copies = Copies::load(project)?;
    for draft in drafts {
        let committed = pointed::committed(project, &head, &draft.dataset)?;
        let old = committed.filter(|old| old.id != draft.pointer.id);
        let Some(old) = old else { continue };
        match lost_files(project, &copies, &old, &draft.pointer) {
            Ok(0) => {}
            Ok(files) => job.warn(Warning::Note(format!(
                "{}: {} of HEAD changed before a push, and what it had is nowhere any more",
                draft.dataset,
                files_text(files)
            ))),
            // Lists that cannot be read are another verb's to tell.
            Err(Error::Packs(error)) if error.is_about_data() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// How many files of `old` had something that is in no store, and not in what is `new`.
fn lost_files(project: &Project, copies: &Copies, old: &Pointer, new: &Pointer) -> Result<u64, Error> {
    let pages = Pages::of_verb(project, None, false)?;
    let changes = changes(&pages, &Version::of(old), &Version::of(new), &RepoPath::default())?;
    let (mut gone, mut come) = (Vec::new(), HashSet::new());
    for change in &changes {
        let (old, new) = match change {
            Change::Added(new) => (None, Some(new)),
            Change::Removed(old) => (Some(old), None),
            Change::Modified { old, new } => (Some(old), Some(new)),
        };
        gone.extend(old);
        if let Some(entry) = new {
            come.extend(chunks(&pages, entry)?);
        }
    }
    let cache = project.cache()?;
    let is_lost = |id: &Id| !come.contains(id) && cache.find(id).is_none() && !copies.have(id);
    let mut files = 0;
    for entry in gone {
        files += u64::from(chunks(&pages, entry)?.iter().any(is_lost));
    }
    Ok(files)
}

fn chunks(pages: &Pages<'_>, entry: &Entry) -> Result<Vec<Id>, Error> {
    node_chunks(pages, &entry.node)?.map(|chunk| chunk.map(|(_, chunk)| chunk.id)).collect()
}
