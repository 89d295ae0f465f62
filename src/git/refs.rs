//! What has a name: branches, tags, and the branches of remotes.

use super::error::{Doing, GitError};
use super::{Commit, Repo};

/// A named commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tip {
    /// Its short name: `main`, `v1.0`, `origin/main`. Bytes that are no UTF-8 are replaced.
    pub name: String,
    /// The commit.
    pub commit: Commit,
}

impl Repo {
    /// All branches of this repository, by name.
    pub fn branches(&self) -> Result<Vec<Tip>, GitError> {
        self.tips("refs/heads/")
    }

    /// All tags that name a commit, annotated or not, by name.
    pub fn tags(&self) -> Result<Vec<Tip>, GitError> {
        self.tips("refs/tags/")
    }

    /// The branches of remotes, as last fetched, by name.
    pub fn remote_branches(&self) -> Result<Vec<Tip>, GitError> {
        self.tips("refs/remotes/")
    }

    pub(super) fn tips(&self, prefix: &str) -> Result<Vec<Tip>, GitError> {
        let doing = || format!("list {prefix}");
        let mut tips = Vec::new();
        for reference in self.inner.references_glob(&format!("{prefix}*")).doing(doing())? {
            let reference = reference.doing(doing())?;
            // A symbolic one, such as origin/HEAD, is another name for a tip that is listed anyway.
            let Some(target) = reference.target() else { continue };
            let name = reference.name_bytes();
            let name = String::from_utf8_lossy(name.strip_prefix(prefix.as_bytes()).unwrap_or(name)).into_owned();
            let object = self.inner.find_object(target, None).reading("object", target)?;
            // A tag may name a tree or a file, which has no history.
            if let Ok(commit) = object.peel_to_commit() {
                tips.push(Tip { name, commit: Commit::of(&commit) });
            }
        }
        tips.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(tips)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Sandbox;
    use super::*;

    fn names(tips: Vec<Tip>) -> Vec<String> {
        tips.into_iter().map(|tip| tip.name).collect()
    }

    #[test]
    fn branches_tags_and_remote_branches_are_listed_by_name() {
        let sandbox = Sandbox::new();
        let first = sandbox.commit("a", "1");
        sandbox.git(&["branch", "team/side"]);
        sandbox.git(&["tag", "--annotate", "--message", "m", "v1"]);
        sandbox.git(&["tag", "v0"]);
        sandbox.git(&["tag", "of-a-tree", "HEAD^{tree}"]);
        sandbox.git(&["pack-refs", "--all"]);
        sandbox.git(&["clone", "--quiet", ".", "../clone"]);
        let repo = sandbox.open();
        assert_eq!(names(repo.branches().unwrap()), ["main", "team/side"]);
        assert!(repo.tags().unwrap().iter().all(|tag| tag.commit.id.to_string() == first));
        assert_eq!(names(repo.tags().unwrap()), ["v0", "v1"]);
        let clone = super::super::testing::open(&sandbox.beside("clone"));
        assert_eq!(names(clone.remote_branches().unwrap()), ["origin/main", "origin/team/side"]);
        assert_eq!(names(clone.branches().unwrap()), ["main"]);
    }
}
