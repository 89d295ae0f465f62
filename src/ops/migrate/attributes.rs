//! The lines by which `.gitattributes` gives files to Git LFS, once none is left for it.

use crate::base::RepoPath;
use crate::git::BlobId;

use super::super::error::Error;
use super::super::project::Project;
use super::super::publish::read_if_there;

const FILE: &[u8] = b".gitattributes";
const FILTER: &str = "filter=lfs";

/// A `.gitattributes` of the worktree that Git tracks and that names Git LFS.
pub struct Attributes {
    /// Where it lies.
    pub path: RepoPath,
    /// What it says.
    pub old: Vec<u8>,
    /// What it says without those lines.
    pub new: Vec<u8>,
}

/// All of them.
pub fn of_lfs(project: &Project) -> Result<Vec<Attributes>, Error> {
    let is_meant = |path: &[u8], _: BlobId| Ok(path.rsplit(|byte| *byte == b'/').next() == Some(FILE));
    let mut found = Vec::new();
    for file in project.repo().staged_files(&mut { is_meant })? {
        let Some(old) = read_if_there(&file.path.below(project.root()))? else { continue };
        if let Some(new) = without_lfs(&old) {
            found.push(Attributes { path: file.path, old, new });
        }
    }
    Ok(found)
}

/// The file without the lines that name the filter; `None` if there are none.
fn without_lfs(old: &[u8]) -> Option<Vec<u8>> {
    let names_lfs = |line: &[u8]| {
        let text = String::from_utf8_lossy(line);
        !text.trim_start().starts_with('#') && text.split_whitespace().skip(1).any(|word| word == FILTER)
    };
    let new: Vec<u8> =
        old.split_inclusive(|byte| *byte == b'\n').filter(|line| !names_lfs(line)).flatten().copied().collect();
    (new.len() < old.len()).then_some(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_name_the_filter_go() {
        let old = b"*.esker -text\n*.bin filter=lfs diff=lfs merge=lfs -text\n# *.x filter=lfs\n\"a b\" filter=lfs\n*.txt text";
        assert_eq!(without_lfs(old).unwrap(), b"*.esker -text\n# *.x filter=lfs\n*.txt text");
        assert_eq!(without_lfs(b"*.bin -filter\nfilter=lfs\n"), None);
    }
}
