//! The maps of what was migrated: where they lie, and how revisions of before get their pointers by them.

use std::collections::HashSet;

use crate::base::RepoPath;
use crate::format::FormatError;
use crate::format::foreign::Map;
use crate::git::{BlobId, Graft, Repo};

use super::super::error::Error;
use super::super::pointed::pointer_path;
use super::super::publish::read_if_there;
use super::report::Tool;

/// The folder of the maps, which Git tracks.
pub const FOLDER: &str = ".esker/migrated";
/// No map is longer, in bytes.
const LIMIT: u64 = 1 << 30;

/// Where the map of a tool lies.
pub fn path(tool: Tool) -> Result<RepoPath, Error> {
    Ok(RepoPath::new(format!("{FOLDER}/{}", tool.file_name()).as_bytes())?)
}

/// The file beside the maps by which Git merges them line by line.
pub fn attributes_path() -> Result<RepoPath, Error> {
    Ok(RepoPath::new(format!("{FOLDER}/.gitattributes").as_bytes())?)
}

/// What that file says.
pub const ATTRIBUTES: &[u8] = b"* -text merge=union\n";

/// Reads a map.
pub fn parse(path: &RepoPath, bytes: &[u8]) -> Result<Map, Error> {
    Map::parse(bytes).map_err(|cause: FormatError| Error::Map { path: path.clone(), cause })
}

/// Lets old revisions resolve by the maps of this worktree.
pub fn graft_worktree(repo: &Repo) -> Result<(), Error> {
    let mut all = Map::default();
    for tool in [Tool::Dvc, Tool::Lfs] {
        all.merge(of_worktree(repo, tool)?);
    }
    if !all.places.is_empty() {
        repo.graft(move || grafts(&all));
    }
    Ok(())
}

/// The map of a tool in the worktree; empty if there is none.
pub fn of_worktree(repo: &Repo, tool: Tool) -> Result<Map, Error> {
    let path = path(tool)?;
    match read_if_there(&path.below(repo.worktree()?))? {
        Some(bytes) => parse(&path, &bytes),
        None => Ok(Map::default()),
    }
}

/// The same by the maps of all commits that something stands on, too: for who must not pass over anything that a revision points at.
pub fn graft_all(repo: &Repo) -> Result<(), Error> {
    let tips: Vec<_> = repo.standing()?.into_iter().map(|tip| tip.commit).collect();
    let mut all = Map::default();
    let mut known: HashSet<BlobId> = HashSet::new();
    for tool in [Tool::Dvc, Tool::Lfs] {
        all.merge(of_worktree(repo, tool)?);
        let path = path(tool)?;
        for tip in &tips {
            let Some(blob) = repo.file_blob_at(tip, &path)?.filter(|blob| known.insert(*blob)) else { continue };
            all.merge(parse(&path, &repo.blob_bytes(&path, blob, LIMIT)?)?);
        }
    }
    if !all.places.is_empty() {
        repo.graft(move || grafts(&all));
    }
    Ok(())
}

fn grafts(map: &Map) -> Vec<Graft> {
    let graft = |place: &crate::format::foreign::Place| {
        let bytes = map.pointer(place)?.to_bytes();
        let pointer = pointer_path(&place.dataset);
        Some(Graft { file: place.file.clone(), blob: place.blob.clone(), pointer, bytes })
    };
    map.places.iter().filter_map(graft).collect()
}
