//! Where the sides of a pointer in conflict are: in its file, if that has all of them whole, else in Git's index.

use std::fs;

use crate::base::{AtPath, RepoPath};
use crate::format::conflict;
use crate::git::{BlobId, Conflict};

use super::super::error::Error;
use super::super::pointed::pointer_path;
use super::super::project::Project;
use super::three::{Side, Three};

/// No pointer in conflict is longer: three pointers and four lines.
const LIMIT: u64 = 256 << 10;

/// The sides of the pointer of `dataset`; `None` if it is in no conflict.
///
/// A file that carries all sides comes first: some of its clashes may be settled already.
pub fn sides(project: &Project, conflicts: &[Conflict], dataset: &RepoPath) -> Result<Option<Three>, Error> {
    let path = pointer_path(dataset);
    let written = in_file(project, &path)?;
    if let Some(whole) = written.as_ref().and_then(|sides| whole(&path, sides)) {
        return Ok(Some(whole));
    }
    if let Some(conflict) = conflicts.iter().find(|conflict| conflict.path == path) {
        return in_index(project, conflict).map(Some);
    }
    let Some(sides) = written else { return Ok(None) };
    Ok(Some(Three { base: None, ours: Side::parse(&path, sides.ours)?, theirs: Side::parse(&path, sides.theirs)? }))
}

fn in_file(project: &Project, path: &RepoPath) -> Result<Option<conflict::Sides>, Error> {
    let file = path.below(project.root());
    match fs::symlink_metadata(&file) {
        Ok(metadata) if metadata.is_file() && metadata.len() <= LIMIT => {
            Ok(conflict::sides(&fs::read(&file).at("read", &file)?))
        }
        _ => Ok(None),
    }
}

/// The sides, if the file tells of all three and each is a pointer, or empty.
fn whole(path: &RepoPath, sides: &conflict::Sides) -> Option<Three> {
    let side = |bytes: &Vec<u8>| Side::parse(path, bytes.clone()).ok();
    Some(Three { base: side(sides.base.as_ref()?)?, ours: side(&sides.ours)?, theirs: side(&sides.theirs)? })
}

fn in_index(project: &Project, conflict: &Conflict) -> Result<Three, Error> {
    let bytes = |blob: Option<BlobId>| blob.map(|blob| project.repo().pointer_bytes(&conflict.path, blob)).transpose();
    let side = |blob| Side::parse(&conflict.path, bytes(blob)?.unwrap_or_default());
    let base = Side::parse_base(&conflict.path, bytes(conflict.base)?.unwrap_or_default())?;
    Ok(Three { base, ours: side(conflict.ours)?, theirs: side(conflict.theirs)? })
}
