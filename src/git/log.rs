//! Which commits changed which pointers.

use std::cmp::Ordering;

use super::error::GitError;
use super::grafts::Grafts;
use super::history::Walk;
use super::pointers::{extend, is_pointer_name, is_regular, is_tree};
use super::{Commit, Repo};
use crate::base::{Cancel, RepoPath};

/// A commit that changed pointers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// The commit.
    pub commit: Commit,
    /// The pointers that it added, changed or removed, by path.
    pub changed: Vec<RepoPath>,
}

impl Repo {
    /// The commits, newest first, in which a pointer differs from that of every parent: a merge that took a pointer
    /// from one side did not change it.
    ///
    /// `paths` are pointers, or folders that hold them; none means all. At most `limit` commits are told.
    pub fn log(
        &self,
        tips: &[Commit],
        paths: &[RepoPath],
        limit: usize,
        cancel: &Cancel,
    ) -> Result<Vec<LogEntry>, GitError> {
        let mut entries = Vec::new();
        let mut walk = Walk::new(self, tips, cancel)?;
        while entries.len() < limit
            && let Some(commit) = walk.next().transpose()?
        {
            let changed = self.changed_in(&commit, &walk.parents(&commit), paths)?;
            if !changed.is_empty() {
                entries.push(LogEntry { commit: Commit::of(&commit), changed });
            }
        }
        Ok(entries)
    }

    /// The pointers that differ between two commits, by path. Nothing but trees is read, and equal trees are skipped.
    pub fn changed_pointers(&self, old: Option<&Commit>, new: Option<&Commit>) -> Result<Vec<RepoPath>, GitError> {
        let tree = |commit: &Commit| self.tree_of(commit).map(|tree| tree.id());
        self.changed_between(old.map(tree).transpose()?, new.map(tree).transpose()?, &[])
    }

    /// The same without those that stand in for files of other tools.
    pub fn changed_own_pointers(&self, old: Option<&Commit>, new: Option<&Commit>) -> Result<Vec<RepoPath>, GitError> {
        let tree = |commit: &Commit| self.tree_of(commit).map(|tree| tree.id());
        self.compare(old.map(tree).transpose()?, new.map(tree).transpose()?, &[], &Grafts::default())
    }

    fn changed_in(
        &self,
        commit: &git2::Commit<'_>,
        parents: &[git2::Oid],
        paths: &[RepoPath],
    ) -> Result<Vec<RepoPath>, GitError> {
        let Some((first, others)) = parents.split_first() else {
            return self.changed_between(None, Some(commit.tree_id()), paths);
        };
        let mut changed = self.changed_since(*first, commit, paths)?;
        for parent in others {
            if changed.is_empty() {
                break;
            }
            let other = self.changed_since(*parent, commit, paths)?;
            changed.retain(|path| other.binary_search(path).is_ok());
        }
        Ok(changed)
    }

    fn changed_since(
        &self,
        parent: git2::Oid,
        commit: &git2::Commit<'_>,
        paths: &[RepoPath],
    ) -> Result<Vec<RepoPath>, GitError> {
        self.changed_between(Some(self.commit(parent)?.tree_id()), Some(commit.tree_id()), paths)
    }

    fn changed_between(
        &self,
        old: Option<git2::Oid>,
        new: Option<git2::Oid>,
        paths: &[RepoPath],
    ) -> Result<Vec<RepoPath>, GitError> {
        let grafts = self.grafts();
        if grafts.is_empty() {
            return self.compare(old, new, paths, &grafts);
        }
        // What stands for a pointer may lie elsewhere than that.
        let files = grafts.files_of(paths);
        let mut looked: Vec<RepoPath> = paths.to_vec();
        looked.extend(files);
        let mut changed = self.compare(old, new, &looked, &grafts)?;
        changed.retain(|pointer| paths.is_empty() || paths.iter().any(|path| pointer.is_in(path)));
        let (old, new) = (old.map(|id| self.tree(id)).transpose()?, new.map(|id| self.tree(id)).transpose()?);
        let blob = |root: &Option<git2::Tree<'_>>, pointer: &RepoPath| match root {
            Some(root) => self.pointer_blob_in(root, pointer),
            None => Ok(None),
        };
        let differs = |pointer: &RepoPath| Ok::<_, GitError>(blob(&old, pointer)? != blob(&new, pointer)?);
        let kept = changed.into_iter().map(|pointer| Ok(differs(&pointer)?.then_some(pointer)));
        kept.filter_map(Result::transpose).collect()
    }

    fn compare(
        &self,
        old: Option<git2::Oid>,
        new: Option<git2::Oid>,
        paths: &[RepoPath],
        grafts: &Grafts,
    ) -> Result<Vec<RepoPath>, GitError> {
        let mut comparison = Comparison { repo: self, grafts, paths, folder: Vec::new(), changed: Vec::new() };
        comparison.trees(old, new)?;
        comparison.changed.sort();
        comparison.changed.dedup();
        Ok(comparison.changed)
    }
}

/// A walk over two trees at once, into what differs.
struct Comparison<'r> {
    repo: &'r Repo,
    grafts: &'r Grafts,
    paths: &'r [RepoPath],
    folder: Vec<u8>,
    changed: Vec<RepoPath>,
}

impl Comparison<'_> {
    fn trees(&mut self, old: Option<git2::Oid>, new: Option<git2::Oid>) -> Result<(), GitError> {
        if old == new {
            return Ok(());
        }
        let old = old.map(|id| self.repo.tree(id)).transpose()?;
        let new = new.map(|id| self.repo.tree(id)).transpose()?;
        let mut olds = old.iter().flat_map(|tree| tree.iter()).peekable();
        let mut news = new.iter().flat_map(|tree| tree.iter()).peekable();
        loop {
            let order = match (olds.peek(), news.peek()) {
                (Some(old), Some(new)) => order(old, new),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return Ok(()),
            };
            let old = if order.is_le() { olds.next() } else { None };
            let new = if order.is_ge() { news.next() } else { None };
            self.entries(old.as_ref(), new.as_ref())?;
        }
    }

    /// Two entries of the same name, or one that only one side has.
    fn entries(
        &mut self,
        old: Option<&git2::TreeEntry<'_>>,
        new: Option<&git2::TreeEntry<'_>>,
    ) -> Result<(), GitError> {
        let Some(either) = old.or(new) else { return Ok(()) };
        let folder_len = self.folder.len();
        if is_tree(either.filemode()) {
            extend(&mut self.folder, either.name_bytes())?;
            if self.is_wanted() {
                self.trees(old.map(git2::TreeEntry::id), new.map(git2::TreeEntry::id))?;
            }
        } else if is_pointer_name(either.name_bytes()) && blob(old) != blob(new) {
            self.folder.extend_from_slice(either.name_bytes());
            if self.is_wanted() {
                self.changed.push(RepoPath::new(&self.folder)?);
            }
        } else if blob(old) != blob(new) && [old, new].into_iter().filter_map(blob).any(|id| self.grafts.know(id)) {
            self.folder.extend_from_slice(either.name_bytes());
            for id in [old, new].into_iter().filter_map(blob) {
                self.changed.extend(self.grafts.of_file(id, &self.folder).map(|(pointer, _)| pointer.clone()));
            }
        }
        self.folder.truncate(folder_len);
        Ok(())
    }

    /// Whether what `folder` now names lies at or below a wanted path, or is a folder on the way to one.
    fn is_wanted(&self) -> bool {
        let here = self.folder.as_slice();
        let leads_on = |path: &RepoPath| here.ends_with(b"/") && path.as_bytes().starts_with(here);
        let lies_in = |path: &RepoPath| {
            let rest = here.strip_prefix(path.as_bytes());
            path.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
        };
        self.paths.is_empty() || self.paths.iter().any(|path| leads_on(path) || lies_in(path))
    }
}

fn blob(entry: Option<&git2::TreeEntry<'_>>) -> Option<git2::Oid> {
    entry.filter(|entry| is_regular(entry.filemode())).map(git2::TreeEntry::id)
}

/// Git's order in a tree: by name, where the name of a folder ends in `/`. So a file and a folder of one name are
/// never taken for one entry.
fn order(a: &git2::TreeEntry<'_>, b: &git2::TreeEntry<'_>) -> Ordering {
    let common_len = a.name_bytes().len().min(b.name_bytes().len());
    let next = |entry: &git2::TreeEntry<'_>| match entry.name_bytes().get(common_len) {
        Some(byte) => *byte,
        None if is_tree(entry.filemode()) => b'/',
        None => 0,
    };
    a.name_bytes()[..common_len].cmp(&b.name_bytes()[..common_len]).then_with(|| next(a).cmp(&next(b)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Sandbox, path};
    use super::*;

    fn log(repo: &Repo, paths: &[&str]) -> Vec<(String, Vec<RepoPath>)> {
        let paths: Vec<RepoPath> = paths.iter().map(|text| path(text)).collect();
        let tips = [repo.head().unwrap().unwrap()];
        let entries = repo.log(&tips, &paths, usize::MAX, &Cancel::default()).unwrap();
        entries.into_iter().map(|entry| (entry.commit.summary, entry.changed)).collect()
    }

    #[test]
    fn a_commit_is_told_if_it_changed_the_pointer() {
        let sandbox = Sandbox::new();
        sandbox.commit("d/a.esker", "1");
        sandbox.commit("d/b.esker", "1");
        sandbox.commit("d/code", "x");
        sandbox.commit("d/a.esker", "2");
        sandbox.git(&["rm", "--quiet", "d/a.esker"]);
        sandbox.git(&["commit", "--quiet", "--message", "remove"]);
        let repo = sandbox.open();
        let summaries = |paths: &[&str]| log(&repo, paths).into_iter().map(|(summary, _)| summary).collect::<Vec<_>>();
        assert_eq!(summaries(&["d/a.esker"]), ["remove", "write d/a.esker", "write d/a.esker"]);
        assert_eq!(summaries(&["d/b.esker"]), ["write d/b.esker"]);
        for all in [&[][..], &["d"], &["", "x"]] {
            assert_eq!(summaries(all), ["remove", "write d/a.esker", "write d/b.esker", "write d/a.esker"]);
        }
        assert!(summaries(&["d/a", "e"]).is_empty());
        assert_eq!(log(&repo, &["d"])[0].1, [path("d/a.esker")]);
        let tips = [repo.head().unwrap().unwrap()];
        assert_eq!(repo.log(&tips, &[], 2, &Cancel::default()).unwrap().len(), 2);
    }

    #[test]
    fn a_merge_is_told_only_if_it_made_something_new() {
        let sandbox = Sandbox::new();
        sandbox.commit("a.esker", "base");
        sandbox.git(&["checkout", "--quiet", "-b", "side"]);
        sandbox.commit("a.esker", "side");
        sandbox.git(&["checkout", "--quiet", "main"]);
        sandbox.commit("b.esker", "main");
        sandbox.git(&["merge", "--quiet", "--message", "clean merge", "side"]);
        let repo = sandbox.open();
        assert_eq!(log(&repo, &["a.esker"]).len(), 2);
        sandbox.git(&["merge", "--quiet", "--no-commit", "--no-ff", "--strategy=ours", "HEAD^2"]);
        sandbox.git(&["checkout", "--quiet", "-b", "again"]);
        sandbox.commit("a.esker", "again");
        sandbox.git(&["checkout", "--quiet", "main"]);
        sandbox.git(&["merge", "--quiet", "--no-commit", "--no-ff", "again"]);
        sandbox.write("a.esker", "by hand");
        sandbox.git(&["commit", "--quiet", "--all", "--message", "merge by hand"]);
        assert_eq!(log(&repo, &["a.esker"])[0].0, "merge by hand");
    }

    #[test]
    fn a_pointer_that_becomes_a_folder_or_a_link_is_a_change() {
        let sandbox = Sandbox::new();
        sandbox.commit("a.esker", "1");
        sandbox.commit("a-b.esker", "1");
        sandbox.commit("a/x.esker", "1");
        let old = sandbox.open().head().unwrap().unwrap();
        sandbox.git(&["rm", "--quiet", "-r", "a.esker", "a"]);
        sandbox.commit("a.esker/b.esker", "1");
        let repo = sandbox.open();
        let new = repo.head().unwrap().unwrap();
        let all = ["a-b.esker", "a.esker/b.esker"].map(path);
        assert_eq!(repo.changed_pointers(None, Some(&new)).unwrap(), all);
        let changed = ["a.esker", "a.esker/b.esker", "a/x.esker"].map(path);
        assert_eq!(repo.changed_pointers(Some(&old), Some(&new)).unwrap(), changed);
        assert!(repo.changed_pointers(Some(&new), Some(&new)).unwrap().is_empty());
        std::fs::remove_file(sandbox.root().join("a-b.esker")).unwrap();
        std::os::unix::fs::symlink("1", sandbox.root().join("a-b.esker")).unwrap();
        sandbox.git(&["commit", "--quiet", "--all", "--message", "link"]);
        let link = repo.head().unwrap().unwrap();
        assert_eq!(repo.changed_pointers(Some(&new), Some(&link)).unwrap(), [path("a-b.esker")]);
    }
}
