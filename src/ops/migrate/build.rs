//! From the files that were read to datasets: trees for folders, a pointer for each old id.

use std::collections::BTreeMap;

use crate::base::{Job, RepoPath};
use crate::format::foreign::{Known, OldId, dir_entries};
use crate::format::pointer::{Kind, Pointer};
use crate::format::tree::{Entry, Node};
use crate::packs::Sink;

use super::super::draft::{folder_of, manifest};
use super::super::error::Error;
use super::shelf::{Answer, Shelf};
use super::surveyed::FileOf;
use super::take::Taken;

/// The files of each folder that the old tool knows as one.
pub type Lists = BTreeMap<OldId, Vec<(RepoPath, OldId)>>;

/// Reads the lists of all folders among `wanted`. A list that is missing is a trouble; one that is no list, too.
pub fn lists(
    shelf: &Shelf,
    wanted: &BTreeMap<OldId, RepoPath>,
    taken: &mut Taken,
    job: &Job<'_>,
) -> Result<Lists, Error> {
    let mut lists = Lists::new();
    for (old, path) in wanted.iter().filter(|(old, _)| old.is_folder) {
        job.check()?;
        match shelf.read(old)? {
            Answer::Good(bytes) => {
                let entries = dir_entries(old.hash, &bytes);
                let entries = entries.map_err(|cause| Error::Foreign { path: path.clone(), cause })?;
                lists.insert(old.clone(), entries);
            }
            bad => taken.trouble(old, path, shelf, bad),
        }
    }
    Ok(lists)
}

/// The pointer of a file, whose executable bit is that of a place.
pub fn of_file(known: &Known, sink: &dyn Sink) -> Result<Pointer, Error> {
    let kind = Kind::File { manifest: manifest(&known.chunks, sink)?, executable: false };
    Ok(Pointer { kind, id: known.id, bytes: known.bytes, remote: None, source: None })
}

/// The pointer of a folder that the old tool knows as one; `None` if a file of it is lacking. It notes no executable bits.
pub fn of_list(entries: &[(RepoPath, OldId)], taken: &Taken, sink: &dyn Sink) -> Result<Option<Pointer>, Error> {
    let files = entries.iter().map(|(path, old)| FileOf { path: path.clone(), old: old.clone(), executable: false });
    of_files(&files.collect::<Vec<_>>(), taken, sink)
}

/// The pointer of a folder of these files; `None` if one of them is lacking.
pub fn of_files(files: &[FileOf], taken: &Taken, sink: &dyn Sink) -> Result<Option<Pointer>, Error> {
    let mut entries = Vec::with_capacity(files.len());
    for FileOf { path, old, executable } in files {
        let Some(Known { id, bytes, chunks }) = taken.known.get(old).cloned() else { return Ok(None) };
        entries.push(Entry { path: path.clone(), node: Node::File { executable: *executable, bytes, id, chunks } });
    }
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(Some(folder_of(entries.into_iter().map(Ok), sink)?))
}
