//! What keeps commits in use besides branches and tags: stashes, other worktrees, references of other kinds; and the
//! newest commits of a history.

use std::collections::HashSet;
use std::fs;

use super::error::{Doing, GitError};
use super::history::Walk;
use super::{Commit, CommitId, Repo};
use crate::base::Cancel;

impl Repo {
    /// The commits of all stashes, with those that hold what was staged and what was untracked.
    pub fn stashes(&self) -> Result<Vec<Commit>, GitError> {
        let doing = || "read the stashes".to_owned();
        let mut ids = Vec::new();
        if let Ok(stash) = self.inner.find_reference("refs/stash") {
            ids.extend(stash.target());
            let log = self.inner.reflog("refs/stash").doing(doing())?;
            ids.extend(log.iter().map(|entry| entry.id_new()));
        }
        let mut commits = Vec::new();
        for id in ids {
            let commit = self.commit(id)?;
            commits.extend(commit.parents().skip(1).map(|parent| Commit::of(&parent)));
            commits.push(Commit::of(&commit));
        }
        Ok(commits)
    }

    /// The commits on which the other worktrees of this clone stand, also those whose folder is not there now.
    pub fn worktree_heads(&self) -> Result<Vec<Commit>, GitError> {
        let mut commits = Vec::new();
        let common = self.common_dir();
        let linked = fs::read_dir(common.join("worktrees")).into_iter().flatten().flatten();
        for head in linked.map(|entry| entry.path().join("HEAD")).chain([common.join("HEAD")]) {
            // One that names a branch adds nothing to the branches.
            let Ok(text) = fs::read_to_string(&head) else { continue };
            if let Ok(id) = git2::Oid::from_str(text.trim_end()) {
                commits.push(Commit::of(&self.commit(id)?));
            }
        }
        Ok(commits)
    }

    /// The commits of all references whose name fits a pattern such as `refs/pull/*`, or a short one such as `v1.*`.
    pub fn refs_matching(&self, pattern: &str) -> Result<Vec<Commit>, GitError> {
        let mut commits = Vec::new();
        let whole = if pattern.starts_with("refs/") { pattern.to_owned() } else { format!("refs/*/{pattern}") };
        let doing = || format!("list {whole}");
        for reference in self.inner.references_glob(&whole).doing(doing())? {
            // A tag may name a tree or a file, which has no history.
            if let Ok(commit) = reference.doing(doing())?.peel_to_commit() {
                commits.push(Commit::of(&commit));
            }
        }
        Ok(commits)
    }

    /// The commit whose id has these bytes, if this clone has it.
    pub fn commit_named(&self, id: &[u8]) -> Option<Commit> {
        let id = git2::Oid::from_bytes(id).ok()?;
        self.commit(id).ok().map(|commit| Commit::of(&commit))
    }

    /// The newest `count` commits that `tip` reaches.
    pub fn newest(&self, tip: &Commit, count: usize, cancel: &Cancel) -> Result<Vec<Commit>, GitError> {
        let walk = Walk::new(self, std::slice::from_ref(tip), cancel)?;
        walk.take(count).map(|commit| commit.map(|commit| Commit::of(&commit))).collect()
    }

    /// All commits that `tips` reach and that were committed at or after `since`, in seconds since 1970.
    pub fn history_since(&self, tips: &[Commit], since: i64, cancel: &Cancel) -> Result<HashSet<CommitId>, GitError> {
        let mut ids = HashSet::new();
        for commit in Walk::new(self, tips, cancel)? {
            let commit = commit?;
            if commit.time().seconds() >= since {
                ids.insert(CommitId(commit.id()));
            }
        }
        Ok(ids)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Sandbox;
    use super::*;

    #[test]
    fn every_stash_counts_with_what_was_staged() {
        let sandbox = Sandbox::new();
        sandbox.commit("a", "1");
        for text in ["2", "3"] {
            sandbox.write("a", text);
            sandbox.git(&["add", "a"]);
            sandbox.git(&["stash", "--quiet"]);
        }
        let repo = sandbox.open();
        let commits = repo.stashes().unwrap();
        let texts: HashSet<Vec<u8>> = commits
            .iter()
            .filter_map(|commit| repo.file_at(commit, &super::super::testing::path("a")).unwrap())
            .collect();
        assert_eq!(texts, HashSet::from([b"2".to_vec(), b"3".to_vec()]));
    }

    #[test]
    fn references_are_found_by_pattern() {
        let sandbox = Sandbox::new();
        let first = sandbox.commit("a", "1");
        sandbox.git(&["tag", "v1.0"]);
        sandbox.git(&["update-ref", "refs/pull/7", "HEAD"]);
        let repo = sandbox.open();
        for (pattern, count) in [("v1.*", 1), ("refs/pull/*", 1), ("v2*", 0)] {
            let found = repo.refs_matching(pattern).unwrap();
            assert_eq!(found.len(), count, "{pattern}");
            assert!(found.iter().all(|commit| commit.id.to_string() == first));
        }
    }
}
