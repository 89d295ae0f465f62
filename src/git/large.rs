//! Large files on their way into Git.

use super::error::{Doing, GitError};
use super::{Commit, Repo};
use crate::base::RepoPath;

impl Repo {
    /// The files with this many bytes or more that are staged and that `HEAD` has not got as they are, by path.
    pub fn large_staged(&self, least_bytes: u64) -> Result<Vec<(RepoPath, u64)>, GitError> {
        let mut large = self.large_files(least_bytes)?;
        if large.is_empty() {
            return Ok(large);
        }
        let (index, head) = (self.index()?, self.head()?);
        let tree = head.map(|head| self.tree_of(&head)).transpose()?;
        large.retain(|(path, _)| {
            let staged = index.get_path(path.as_path(), 0).map(|entry| entry.id);
            let known = tree.as_ref().and_then(|tree| tree.get_path(path.as_path()).ok()).map(|entry| entry.id());
            staged != known
        });
        Ok(large)
    }

    /// The files with this many bytes or more that `new` has and `old` has not got as they are, by path.
    pub fn large_between(
        &self,
        old: Option<&Commit>,
        new: &Commit,
        least_bytes: u64,
    ) -> Result<Vec<(RepoPath, u64)>, GitError> {
        let (old, new) = (old.map(|old| self.tree_of(old)).transpose()?, self.tree_of(new)?);
        let diff = self.inner.diff_tree_to_tree(old.as_ref(), Some(&new), None).doing("compare two commits")?;
        let odb = self.inner.odb().doing("open Git's objects")?;
        let mut large = Vec::new();
        for file in diff.deltas().map(|delta| delta.new_file()) {
            // Those of a partial clone may not be here; whoever made them was told.
            let bytes = odb.read_header(file.id()).map_or(0, |(bytes, _)| bytes as u64);
            if let (true, Some(path)) = (bytes >= least_bytes, file.path_bytes()) {
                large.push((RepoPath::new(path)?, bytes));
            }
        }
        large.sort();
        Ok(large)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Sandbox, path};

    #[test]
    fn what_is_large_and_new_is_told_and_what_git_has_already_is_not() {
        let sandbox = Sandbox::new();
        sandbox.commit("old", "0123456789");
        let old = sandbox.open().head().unwrap().unwrap();
        sandbox.write("new", "01234567890");
        sandbox.write("small", "0");
        sandbox.git(&["add", "."]);
        let repo = sandbox.open();
        assert_eq!(repo.large_staged(10).unwrap(), [(path("new"), 11)]);
        assert_eq!(repo.large_staged(12).unwrap(), []);
        sandbox.git(&["commit", "--quiet", "--message", "m"]);
        assert_eq!(repo.large_staged(10).unwrap(), []);
        let new = repo.head().unwrap().unwrap();
        assert_eq!(repo.large_between(Some(&old), &new, 10).unwrap(), [(path("new"), 11)]);
        assert_eq!(repo.large_between(None, &new, 10).unwrap().len(), 2);
    }
}
