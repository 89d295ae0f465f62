//! What is known, from what lies here, of how a file of the worktree was cut when esker last saw it.

use crate::base::{Id, RepoPath};
use crate::format::pointer::Pointer;
use crate::format::tree::{ChunkRef, Node, node_chunks};

use super::error::Error;
use super::pages::Pages;
use super::pointed;
use super::project::Project;
use super::version::Version;

/// The chunks of the file `path` of a dataset that was last made equal to `version`, each with its offset. `None` if that cannot
/// be told: it only saves time, so that no remote is asked, and whatever stands in the way is passed over.
pub fn chunks(
    project: &Project,
    dataset: &RepoPath,
    version: Version,
    path: &RepoPath,
) -> Option<Vec<(u64, ChunkRef)>> {
    let pages = Pages::new(project, None).ok()?;
    let version = match version {
        Version::File(Node::File { id, .. }) => Version::of(&pointer_of(project, dataset, id)?),
        version => version,
    };
    let node = version.entry(&pages, path).ok()??;
    node_chunks(&pages, &node).ok()?.collect::<Result<Vec<_>, Error>>().ok()
}

/// The pointer of a file with that content: what was seen of a file does not tell its chunks. It is the pointer in the worktree,
/// or that of the commit which Git has, or has just left.
fn pointer_of(project: &Project, dataset: &RepoPath, id: Id) -> Option<Pointer> {
    let is_it = |pointer: &Pointer| pointer.id == id;
    let here = pointed::read(project, dataset).ok().flatten().filter(is_it);
    let at = |revision: &str| {
        let commit = project.repo().resolve(revision).ok()?;
        pointed::committed(project, &commit, dataset).ok().flatten().filter(is_it)
    };
    here.or_else(|| at("HEAD")).or_else(|| at("HEAD@{1}"))
}
