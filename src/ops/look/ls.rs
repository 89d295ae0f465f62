//! `ls`: the datasets of a moment, or what one holds, one level deep or all of it.

use std::ffi::OsString;

use serde::Serialize;

use crate::base::{Id, Job, RepoPath};
use crate::format::pointer::{Kind, Pointer};
use crate::format::tree::Node;

use super::super::error::Error;
use super::super::here::Held;
use super::super::moment::Moment;
use super::super::named::{Named, named};
use super::super::pages::Pages;
use super::super::pointed::pointer_path;
use super::super::project::Project;
use super::super::shape::{FileType, Shape};

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct LsOptions {
    /// `[REV:][PATH]`; where the user stands, if empty.
    pub name: OsString,
    /// Everything that is in the datasets.
    pub recursive: bool,
}

/// What was found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LsReport {
    /// By path.
    pub entries: Vec<Listed>,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Where, relative to the root of the worktree.
    pub path: RepoPath,
    /// What it is; `None` for a folder inside a dataset.
    #[serde(rename = "type")]
    pub file_type: Option<FileType>,
    /// Whether it is a dataset.
    pub is_dataset: bool,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Its size, or that of all files in it, in bytes.
    pub bytes: u64,
    /// How many entries it has; 1 for what is no folder.
    pub files: u64,
    /// Its id, which a folder inside a dataset does not have.
    pub id: Option<Id>,
    /// What it points at, if it is a symbolic link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// Lists datasets, or what is in one.
pub fn ls(project: &Project, options: &LsOptions, job: &Job<'_>) -> Result<LsReport, Error> {
    let Named { moment, path } = named(project, &options.name)?;
    list(project, &moment, &path, options.recursive, job)
}

/// The same for what is named otherwise.
pub fn list(
    project: &Project,
    moment: &Moment,
    path: &RepoPath,
    recursive: bool,
    job: &Job<'_>,
) -> Result<LsReport, Error> {
    let datasets = match moment.datasets(project, std::slice::from_ref(path)) {
        // Where the user stands need not hold data.
        Err(_) if is_here(project, path) => moment.datasets(project, &[])?,
        datasets => datasets?,
    };
    let mut entries = Vec::new();
    for (chosen, pointer) in datasets {
        job.check()?;
        let inside = chosen.common();
        let is_file = matches!(pointer.kind, Kind::File { .. });
        if is_file && !inside.is_empty() {
            return Err(Error::NotInDataset { path: path.clone(), dataset: chosen.dataset });
        }
        // A dataset that was named is entered; those below a folder that was named are listed.
        let is_named = path.is_in(&chosen.dataset) || pointer_path(&chosen.dataset) == *path;
        let is_entered = recursive || is_named;
        if is_file || !is_entered {
            entries.push(of_dataset(&chosen.dataset, &pointer));
            continue;
        }
        entries.extend(content(project, &chosen.dataset, &pointer, &inside, recursive)?);
    }
    Ok(LsReport { entries })
}

fn is_here(project: &Project, path: &RepoPath) -> bool {
    *path == project.here()
}

fn of_dataset(path: &RepoPath, pointer: &Pointer) -> Listed {
    let is_folder = matches!(pointer.kind, Kind::Folder { .. });
    Listed {
        path: path.clone(),
        file_type: (!is_folder).then_some(FileType::File),
        is_dataset: true,
        is_folder,
        bytes: pointer.bytes,
        files: Held::by_pointer(Some(pointer)).files,
        id: Some(pointer.id),
        target: None,
    }
}

/// # Errors
/// `NotInDataset` if nothing is at or below `inside`.
fn content(
    project: &Project,
    dataset: &RepoPath,
    pointer: &Pointer,
    inside: &RepoPath,
    recursive: bool,
) -> Result<Vec<Listed>, Error> {
    let pages = Pages::new(project, pointer.remote.as_deref())?;
    let mut listed: Vec<Listed> = Vec::new();
    for entry in Held::by_pointer(Some(pointer)).version.entries(&pages, inside)? {
        let entry = entry?;
        let below = entry.path.strip(inside).unwrap_or_default();
        let first = below.as_bytes().iter().position(|byte| *byte == b'/').filter(|_| !recursive);
        let Some(end) = first else {
            listed.push(of_entry(dataset.join(&entry.path), &entry.node));
            continue;
        };
        let folder = dataset.join(inside).join(&RepoPath::new(&below.as_bytes()[..end])?);
        match listed.last_mut().filter(|last| last.path == folder) {
            Some(last) => {
                last.bytes += entry.node.bytes();
                last.files += 1;
            }
            None => listed.push(of_folder(folder, &entry.node)),
        }
    }
    pages.keep()?;
    if listed.is_empty() && !inside.is_empty() {
        return Err(Error::NotInDataset { path: dataset.join(inside), dataset: dataset.clone() });
    }
    // Entries of a folder do not all stand together: `a.txt` comes between `a` and `a/b`.
    listed.sort_by(|one, other| one.path.cmp(&other.path));
    listed.dedup_by(|next, kept| {
        let is_same = next.path == kept.path;
        if is_same {
            kept.bytes += next.bytes;
            kept.files += next.files;
        }
        is_same
    });
    Ok(listed)
}

fn of_folder(path: RepoPath, first: &Node) -> Listed {
    let bytes = first.bytes();
    Listed { path, file_type: None, is_dataset: false, is_folder: true, bytes, files: 1, id: None, target: None }
}

fn of_entry(path: RepoPath, node: &Node) -> Listed {
    let shape = Shape::of_node(node);
    let target = match node {
        Node::Symlink { target } => Some(String::from_utf8_lossy(target).into_owned()),
        Node::File { .. } | Node::EmptyFolder => None,
    };
    Listed {
        path,
        file_type: Some(shape.file_type),
        is_dataset: false,
        is_folder: matches!(node, Node::EmptyFolder),
        bytes: node.bytes(),
        files: 1,
        id: matches!(node, Node::File { .. }).then_some(shape.id),
        target,
    }
}
