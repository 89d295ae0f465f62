//! What keeps commits in use besides branches and tags: stashes, other worktrees, references of other kinds; and the
//! newest commits of a history.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use super::error::{Doing, GitError};
use super::history::Walk;
use super::refs::Tip;
use super::{Commit, CommitId, Repo};
use crate::base::Cancel;

/// What names commits in the folder that Git has for each worktree: it stands there, or is in the middle of something.
const UNFINISHED: [&str; 10] = [
    "HEAD",
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "REBASE_HEAD",
    "rebase-merge/orig-head",
    "rebase-apply/orig-head",
    "refs/bisect",
    "refs/rewritten",
    "refs/worktree",
];

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
        Ok(self.heads_in_worktrees("HEAD")?.into_iter().map(|tip| tip.commit).collect())
    }

    /// All commits that something of this clone stands on, by name: references of every kind, `HEAD` here and in other
    /// worktrees, stashes, and what a merge or the like brings in that is not done yet. One may come under many names.
    pub fn standing(&self) -> Result<Vec<Tip>, GitError> {
        let mut tips = self.references()?;
        tips.extend(self.head()?.map(|commit| Tip { name: "HEAD".to_owned(), commit }));
        tips.extend(self.stashes()?.into_iter().map(|commit| Tip { name: "stash".to_owned(), commit }));
        for heads in UNFINISHED.iter().map(|name| self.heads_in_worktrees(name)) {
            tips.extend(heads?);
        }
        Ok(tips)
    }

    /// All references that name a commit, but for stashes.
    pub fn references(&self) -> Result<Vec<Tip>, GitError> {
        Ok([self.branches()?, self.tags()?, self.remote_branches()?, self.other_refs()?].concat())
    }

    /// The references that are neither branches nor tags, nor branches of remotes.
    fn other_refs(&self) -> Result<Vec<Tip>, GitError> {
        let is_listed = |name: &str| ["heads/", "tags/", "remotes/"].iter().any(|kind| name.starts_with(kind));
        let is_other = |tip: &Tip| tip.name != "stash" && !is_listed(&tip.name);
        Ok(self.tips("refs/")?.into_iter().filter(is_other).collect())
    }

    /// What a file such as `HEAD` names in each worktree of this clone; of a folder, what all files in it do.
    fn heads_in_worktrees(&self, name: &str) -> Result<Vec<Tip>, GitError> {
        let common = self.common_dir();
        let linked = fs::read_dir(common.join("worktrees")).into_iter().flatten().flatten();
        let mut tips = Vec::new();
        for folder in linked.map(|entry| entry.path()).chain([common.to_owned()]) {
            self.heads_in(&folder.join(name), name, &mut tips)?;
        }
        Ok(tips)
    }

    fn heads_in(&self, path: &Path, name: &str, tips: &mut Vec<Tip>) -> Result<(), GitError> {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            self.heads_in(&entry.path(), name, tips)?;
        }
        // One that names a branch adds nothing to the branches.
        let text = fs::read_to_string(path).unwrap_or_default();
        for id in text.lines().filter_map(|line| git2::Oid::from_str(line.trim_end()).ok()) {
            tips.push(Tip { name: name.to_owned(), commit: Commit::of(&self.commit(id)?) });
        }
        Ok(())
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
    fn whatever_names_a_commit_stands_on_it() {
        let sandbox = Sandbox::new();
        let first = sandbox.commit("a", "1");
        let mut names = vec![first.clone()];
        for text in ["2", "3"] {
            sandbox.write("a", text);
            sandbox.git(&["stash", "--quiet"]);
        }
        names.extend(["stash@{0}", "stash@{1}"].map(|name| sandbox.git(&["rev-parse", name]).trim().to_owned()));
        // What a reset takes away comes last.
        for name in ["refs/backup/deep/main", "refs/stashed", "refs/bisect/bad", "REBASE_HEAD", "MERGE_HEAD"] {
            let commit = sandbox.commit("a", name);
            sandbox.git(&["reset", "--quiet", "--hard", &first]);
            sandbox.write(&format!(".git/{name}"), &commit);
            names.push(commit);
        }
        sandbox.git(&["worktree", "add", "--quiet", "--detach", "../linked"]);
        let linked = super::super::testing::open(&sandbox.beside("linked"));
        for repo in [&sandbox.open(), &linked] {
            let standing: HashSet<String> =
                repo.standing().unwrap().iter().map(|tip| tip.commit.id.to_string()).collect();
            for name in &names {
                assert!(standing.contains(name), "{name} of {names:?}");
            }
        }
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
