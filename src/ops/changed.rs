//! What changed in one dataset, file by file and folder by folder, as `status` and `diff` tell it.

use serde::Serialize;

use crate::base::RepoPath;

use super::renames::{FolderMove, Renames, renames};
use super::shape::Shape;

/// How a path changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
    /// Its content is another.
    Modified,
    /// It has another name.
    Renamed,
    /// Only its executable bit is another.
    Mode,
    /// It is another kind of thing: a file became a link, say.
    Type,
}

/// One path that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileChange {
    /// Where, relative to the root of the worktree.
    pub path: RepoPath,
    /// How.
    pub change: What,
    /// Its old name, if it has another now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<RepoPath>,
    /// What was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Shape>,
    /// What is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Shape>,
    /// The bytes of all chunks that the old content does not have, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_bytes: Option<u64>,
    /// Whether a renamed folder took it along.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub in_renamed_folder: bool,
}

/// How many paths changed, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// New ones.
    pub added: u64,
    /// Those that are gone.
    pub deleted: u64,
    /// Those with other content.
    pub modified: u64,
    /// Those with another name and their old content.
    pub renamed: u64,
    /// Those whose executable bit alone is another.
    pub mode: u64,
    /// Those that are another kind of thing.
    #[serde(rename = "type")]
    pub file_type: u64,
}

/// All that changed in a dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// How many paths changed.
    pub counts: Counts,
    /// Folders under another name, by the old one.
    pub renamed_folders: Vec<FolderMove>,
    /// Every path that changed, those in renamed folders too, by path.
    pub files: Vec<FileChange>,
}

/// A path in a dataset that may have changed.
#[derive(Debug, Clone)]
pub struct Sides {
    /// Where, below the dataset.
    pub path: RepoPath,
    /// What was there.
    pub old: Option<Shape>,
    /// What is there.
    pub new: Option<Shape>,
    /// See [`FileChange::changed_bytes`].
    pub changed_bytes: Option<u64>,
}

impl Changes {
    /// What `sides`, which ascend by path, amount to; `remains` says whether anything is left in a folder of `dataset`.
    pub fn of<E>(
        dataset: &RepoPath,
        sides: Vec<Sides>,
        remains: impl FnMut(&RepoPath) -> Result<bool, E>,
    ) -> Result<Changes, E> {
        let removed: Vec<usize> =
            (0..sides.len()).filter(|at| sides[*at].old.is_some() && sides[*at].new.is_none()).collect();
        let added: Vec<usize> =
            (0..sides.len()).filter(|at| sides[*at].old.is_none() && sides[*at].new.is_some()).collect();
        let items = |list: &[usize], side: fn(&Sides) -> Option<Shape>| {
            list.iter().filter_map(|at| side(&sides[*at]).map(|shape| shape.item(&sides[*at].path))).collect::<Vec<_>>()
        };
        let (gone, come) = (items(&removed, |sides| sides.old), items(&added, |sides| sides.new));
        let Renames { folders, pairs } = renames(&gone, &come, remains)?;
        let mut partner = vec![None; sides.len()];
        let mut is_told = vec![true; sides.len()];
        for pair in pairs {
            partner[added[pair.added]] = Some((removed[pair.removed], pair.in_folder));
            is_told[removed[pair.removed]] = false;
        }
        let told = (0..sides.len()).filter(|at| is_told[*at]);
        let files: Vec<FileChange> = told
            .filter_map(|at| change(dataset, &sides[at], partner[at].map(|(from, it)| (&sides[from], it))))
            .collect();
        let whole = |folder: FolderMove| FolderMove {
            from: dataset.join(&folder.from),
            to: dataset.join(&folder.to),
            files: folder.files,
        };
        let renamed_folders = folders.into_iter().map(whole).collect();
        Ok(Changes { counts: Counts::of(&files), renamed_folders, files })
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

/// What a path and the one that it was renamed from amount to; `None` if nothing changed.
fn change(dataset: &RepoPath, sides: &Sides, partner: Option<(&Sides, bool)>) -> Option<FileChange> {
    let old = partner.map_or(sides.old, |(from, _)| from.old);
    let what = match (old, sides.new) {
        _ if partner.is_some() => What::Renamed,
        (None, None) => return None,
        (None, Some(_)) => What::Added,
        (Some(_), None) => What::Deleted,
        (Some(old), Some(new)) if old.is_file() && new.is_file() => {
            match (old.id == new.id, old.file_type == new.file_type) {
                (true, true) => return None,
                (true, false) => What::Mode,
                (false, _) => What::Modified,
            }
        }
        (Some(old), Some(new)) if old.file_type != new.file_type => What::Type,
        (Some(old), Some(new)) if old.id == new.id => return None,
        (Some(_), Some(_)) => What::Modified,
    };
    Some(FileChange {
        path: dataset.join(&sides.path),
        change: what,
        from: partner.map(|(from, _)| dataset.join(&from.path)),
        old,
        new: sides.new,
        changed_bytes: sides.changed_bytes.filter(|_| partner.is_none()),
        in_renamed_folder: partner.is_some_and(|(_, in_folder)| in_folder),
    })
}

impl Counts {
    fn of(files: &[FileChange]) -> Counts {
        let mut counts = Counts::default();
        for file in files {
            *match file.change {
                What::Added => &mut counts.added,
                What::Deleted => &mut counts.deleted,
                What::Modified => &mut counts.modified,
                What::Renamed => &mut counts.renamed,
                What::Mode => &mut counts.mode,
                What::Type => &mut counts.file_type,
            } += 1;
        }
        counts
    }

    /// The sum of both.
    pub fn and(self, other: Counts) -> Counts {
        Counts {
            added: self.added + other.added,
            deleted: self.deleted + other.deleted,
            modified: self.modified + other.modified,
            renamed: self.renamed + other.renamed,
            mode: self.mode + other.mode,
            file_type: self.file_type + other.file_type,
        }
    }

    /// How many paths changed in any way.
    pub fn total(&self) -> u64 {
        self.added + self.deleted + self.modified + self.renamed + self.mode + self.file_type
    }
}
