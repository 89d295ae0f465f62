//! Pointers, ignore lines, the map and Git's index: the moment at which the data is esker's.
//!
//! If anything fails, all that was written here is put back.

use std::fs;

use crate::base::{AtPath, RepoPath};
use crate::format::foreign::Map;
use crate::format::pointer::Pointer;

use super::super::error::Error;
use super::super::pointed::pointer_path;
use super::super::project::Project;
use super::super::publish::{Undo, alone, ignore_dataset, read_if_there};
use super::attributes::Attributes;
use super::map_file;
use super::report::Tool;

/// What is to be published.
pub struct Publication<'p> {
    /// Whose data it was.
    pub tool: Tool,
    /// All that is known of old revisions.
    pub map: &'p Map,
    /// New pointers, by dataset.
    pub pointers: Vec<(RepoPath, Pointer)>,
    /// What Git tracks and no longer should: the files of Git LFS.
    pub untracked: Vec<RepoPath>,
    /// Files of attributes without their lines for Git LFS.
    pub attributes: Vec<Attributes>,
}

/// Writes it all, then stages it.
pub fn publish(project: &Project, publication: &Publication<'_>) -> Result<(), Error> {
    let _alone = alone(project)?;
    let mut undo = Undo::default();
    let published = write(project, publication, &mut undo);
    if published.is_err() {
        undo.put_back();
    }
    published
}

fn write(project: &Project, publication: &Publication<'_>, undo: &mut Undo) -> Result<(), Error> {
    let mut staged = Vec::new();
    for (dataset, pointer) in &publication.pointers {
        let path = pointer_path(dataset);
        undo.replace(path.below(project.root()), None, &pointer.to_bytes())?;
        staged.push(path);
        staged.extend(ignore_dataset(project, dataset, undo)?);
    }
    let folder = project.root().join(map_file::FOLDER);
    fs::create_dir_all(&folder).at("create", &folder)?;
    put(project, map_file::path(publication.tool)?, &publication.map.to_bytes(), &mut staged, undo)?;
    put(project, map_file::attributes_path()?, map_file::ATTRIBUTES, &mut staged, undo)?;
    let mut removed = publication.untracked.clone();
    for Attributes { path, old, new } in &publication.attributes {
        let file = path.below(project.root());
        if new.is_empty() {
            undo.remove(file, old.clone())?;
            removed.push(path.clone());
        } else {
            undo.replace(file, Some(old.clone()), new)?;
            staged.push(path.clone());
        }
    }
    staged.sort();
    staged.dedup();
    if project.config().stages() {
        project.repo().restage(&staged, &removed)?;
    }
    Ok(())
}

fn put(
    project: &Project,
    path: RepoPath,
    bytes: &[u8],
    staged: &mut Vec<RepoPath>,
    undo: &mut Undo,
) -> Result<(), Error> {
    let file = path.below(project.root());
    let old = read_if_there(&file)?;
    if old.as_deref() != Some(bytes) {
        undo.replace(file, old, bytes)?;
    }
    staged.push(path);
    Ok(())
}
