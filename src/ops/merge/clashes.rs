//! Which files of a dataset in conflict clash, as `status` tells it.

use serde::Serialize;

use crate::base::RepoPath;
use crate::format::tree::Node;
use crate::git::Conflict;

use super::super::error::Error;
use super::super::pages::Pages;
use super::super::project::Project;
use super::super::shape::Shape;
use super::sides::sides;
use super::three::{Joined, Side, Three};

/// What clashes in a dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Clashes {
    /// Whether the dataset clashes as a whole: it is a file, of two kinds, or gone on one side.
    pub is_whole: bool,
    /// The files that clash, by path; `None` if the cache lacks the lists of files.
    pub files: Option<Vec<ClashingFile>>,
}

/// A file that both sides changed differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClashingFile {
    /// Where, relative to the root of the worktree.
    pub path: RepoPath,
    /// What both started from.
    pub base: Option<Shape>,
    /// What our side has.
    pub ours: Option<Shape>,
    /// What their side has.
    pub theirs: Option<Shape>,
}

/// What clashes in `dataset`; `None` if it is in no conflict. No remote is asked.
pub fn clashes(project: &Project, conflicts: &[Conflict], dataset: &RepoPath) -> Result<Option<Clashes>, Error> {
    let three = match sides(project, conflicts, dataset) {
        Ok(Some(three)) => three,
        Ok(None) => return Ok(None),
        // A side that is no pointer clashes with whatever the other says.
        Err(Error::Pointer { .. } | Error::PointerConflict { .. }) => {
            return Ok(Some(Clashes { is_whole: true, files: None }));
        }
        Err(error) => return Err(error),
    };
    let pages = Pages::of_verb(project, None, false)?;
    match three.join(&pages) {
        Ok(joined) => Ok(Some(of(dataset, &three, joined))),
        Err(Error::Packs(error)) if error.is_about_data() => Ok(Some(Clashes::default())),
        Err(error) => Err(error),
    }
}

fn of(dataset: &RepoPath, three: &Three, joined: Joined) -> Clashes {
    let shape = |node: &Option<Node>| node.as_ref().map(Shape::of_node);
    match joined {
        Joined::Tree(merge) => {
            let files = merge.clashes.into_values().map(|clash| ClashingFile {
                path: dataset.join(&clash.path),
                base: shape(&clash.base),
                ours: shape(&clash.ours),
                theirs: shape(&clash.theirs),
            });
            Clashes { is_whole: false, files: Some(files.collect()) }
        }
        Joined::Clash => {
            let shape = |side: &Option<Side>| side.as_ref().and_then(|side| Shape::of_pointer(&side.pointer));
            let (base, ours, theirs) = (shape(&three.base), shape(&three.ours), shape(&three.theirs));
            let file = ClashingFile { path: dataset.clone(), base, ours, theirs };
            Clashes { is_whole: true, files: Some(vec![file]) }
        }
        Joined::Ours | Joined::Theirs | Joined::File(_) => Clashes { is_whole: false, files: Some(Vec::new()) },
    }
}
