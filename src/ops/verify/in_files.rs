//! What a thin cache leaves to the files of worktrees is not missing.

use std::collections::{HashMap, HashSet};

use crate::base::{Id, Job};
use crate::format::pack::PackKind;

use super::super::error::Error;
use super::super::project::Project;
use super::super::unstored::Unstored;

/// Takes those chunks out of `missing` that no index of the cache names and that files of any worktree of this clone have,
/// as far as stats tell. Returns how many.
///
/// Where the cache is not thin, it should have them: there they stay.
pub fn take_out(project: &Project, missing: &mut HashMap<Id, PackKind>, job: &Job<'_>) -> Result<u64, Error> {
    if !project.config().is_thin() {
        return Ok(0);
    }
    let cache = project.cache()?;
    let is_left = |(id, kind): &(&Id, &PackKind)| **kind == PackKind::Chunks && cache.find(id).is_none();
    let mut wanted: HashSet<Id> = missing.iter().filter(is_left).map(|(id, _)| *id).collect();
    let before = missing.len();
    for found in Unstored::find(project, &[], &mut wanted, job)?.ids() {
        missing.remove(&found);
    }
    Ok((before - missing.len()) as u64)
}
