//! The past: all commits that some tips reach, and every pointer that any of them held.

use std::collections::{BinaryHeap, HashMap, HashSet};
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io;
use std::sync::Arc;

use super::error::GitError;
use super::grafts::Grafts;
use super::pointers::{BlobId, extend, is_pointer_name, is_regular, is_tree};
use super::{Commit, CommitId, Repo};
use crate::base::{AtPath, Cancel, Cancelled, RepoPath};

/// A pointer that some commit of the past held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastPointer {
    /// Where it lay.
    pub path: RepoPath,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The newest commit that held it there.
    pub commit: CommitId,
}

impl Repo {
    /// Whether this clone lacks old commits (`git clone --depth`): then every history ends early.
    pub fn is_shallow(&self) -> Result<bool, GitError> {
        Ok(!self.boundary()?.is_empty())
    }

    /// All commits that `tips` reach, themselves included, each once, newest first.
    pub fn history(&self, tips: &[Commit], cancel: &Cancel) -> Result<Vec<Commit>, GitError> {
        self.history_without(tips, &[], cancel)
    }

    /// The same without what `hidden` reach: `git log TIPS --not HIDDEN`. Commits that lie far back are not walked.
    pub fn history_without(
        &self,
        tips: &[Commit],
        hidden: &[Commit],
        cancel: &Cancel,
    ) -> Result<Vec<Commit>, GitError> {
        let walk = Walk::without(self, tips, hidden, cancel)?;
        walk.map(|commit| commit.map(|commit| Commit::of(&commit))).collect()
    }

    /// Every pointer that any commit of the history of `tips` held, once per path and content; newest first.
    ///
    /// A tree that many commits share is looked at once.
    pub fn pointers_in_history(&self, tips: &[Commit], cancel: &Cancel) -> Result<Vec<PastPointer>, GitError> {
        self.pointers_in_history_without(tips, &[], cancel)
    }

    /// The same for the commits of [`Repo::history_without`].
    pub fn pointers_in_history_without(
        &self,
        tips: &[Commit],
        hidden: &[Commit],
        cancel: &Cancel,
    ) -> Result<Vec<PastPointer>, GitError> {
        let mut gathering = Gathering::new(self);
        for commit in Walk::without(self, tips, hidden, cancel)? {
            let commit = commit?;
            gathering.root = commit.tree_id();
            gathering.enter(commit.tree_id(), &mut Vec::new(), CommitId(commit.id()))?;
        }
        gathering.read()
    }

    /// The commits whose parents a shallow clone lacks. libgit2 looks for them in the wrong folder when asked from a
    /// linked worktree, so the file is read here.
    fn boundary(&self) -> Result<HashSet<git2::Oid>, GitError> {
        let path = self.common_dir().join("shallow");
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HashSet::new()),
            other => other.at("read", &path)?,
        };
        let bad = |line: &str| GitError::Git {
            doing: format!("read {}", path.display()),
            reason: format!("`{line}` is not a commit"),
        };
        text.lines().map(|line| git2::Oid::from_str(line).map_err(|_| bad(line))).collect()
    }
}

/// All commits that some tips reach and others do not, newest first by the committers' clocks, as `git log` shows them.
///
/// Where a clock went backwards or stood still, a hidden commit may be told before it is known to be hidden.
pub(super) struct Walk<'r> {
    repo: &'r Repo,
    cancel: &'r Cancel,
    boundary: HashSet<git2::Oid>,
    /// Time, whether it is hidden, id: of equal times the hidden come first, so that they hide their parents in time.
    waiting: BinaryHeap<(i64, bool, git2::Oid)>,
    known: HashMap<git2::Oid, Standing>,
    /// How many of those that wait are to be told: without any, the walk is over.
    untold: usize,
}

/// How the walk stands with a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Waiting,
    Told,
    Hidden,
}

impl<'r> Walk<'r> {
    pub(super) fn new(repo: &'r Repo, tips: &[Commit], cancel: &'r Cancel) -> Result<Walk<'r>, GitError> {
        Walk::without(repo, tips, &[], cancel)
    }

    fn without(repo: &'r Repo, tips: &[Commit], hidden: &[Commit], cancel: &'r Cancel) -> Result<Walk<'r>, GitError> {
        let boundary = repo.boundary()?;
        let mut walk = Walk { repo, cancel, boundary, waiting: BinaryHeap::new(), known: HashMap::new(), untold: 0 };
        for commit in hidden {
            walk.await_commit(commit.id.0, Standing::Hidden)?;
        }
        for tip in tips {
            walk.await_commit(tip.id.0, Standing::Waiting)?;
        }
        Ok(walk)
    }

    /// The parents of a commit that are in this clone.
    pub(super) fn parents(&self, commit: &git2::Commit<'_>) -> Vec<git2::Oid> {
        if self.boundary.contains(&commit.id()) { Vec::new() } else { commit.parent_ids().collect() }
    }

    fn await_commit(&mut self, id: git2::Oid, standing: Standing) -> Result<(), GitError> {
        let is_hidden = standing == Standing::Hidden;
        match self.known.get(&id) {
            None => self.untold += usize::from(!is_hidden),
            // It gets a second place in the queue, before that which it had.
            Some(Standing::Waiting) if is_hidden => self.untold -= 1,
            Some(_) => return Ok(()),
        }
        self.waiting.push((self.repo.commit(id)?.time().seconds(), is_hidden, id));
        self.known.insert(id, standing);
        Ok(())
    }

    fn step(&mut self) -> Result<Option<git2::Commit<'r>>, GitError> {
        while self.untold > 0 {
            if self.cancel.is_set() {
                return Err(GitError::Cancelled(Cancelled));
            }
            let Some((_, is_hidden, id)) = self.waiting.pop() else { break };
            if is_hidden != (self.known.get(&id) == Some(&Standing::Hidden)) {
                continue;
            }
            let commit = self.repo.commit(id)?;
            let standing = if is_hidden { Standing::Hidden } else { Standing::Waiting };
            for parent in self.parents(&commit) {
                self.await_commit(parent, standing)?;
            }
            if !is_hidden {
                self.known.insert(id, Standing::Told);
                self.untold -= 1;
                return Ok(Some(commit));
            }
        }
        Ok(None)
    }
}

impl<'r> Iterator for Walk<'r> {
    type Item = Result<git2::Commit<'r>, GitError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}

/// Pointers gathered from tree after tree.
struct Gathering<'r> {
    repo: &'r Repo,
    grafts: Arc<Grafts>,
    /// The tree of the commit that is looked at.
    root: git2::Oid,
    /// Trees and blobs seen, each with a hash of the path that it was seen at. Were two paths of one object to have
    /// the same hash, only one would be told; its content is told in any case.
    known: HashSet<(git2::Oid, u64)>,
    found: Vec<(RepoPath, BlobId, CommitId)>,
}

impl<'r> Gathering<'r> {
    fn new(repo: &'r Repo) -> Gathering<'r> {
        Gathering { repo, grafts: repo.grafts(), root: git2::Oid::ZERO_SHA1, known: HashSet::new(), found: Vec::new() }
    }

    fn enter(&mut self, tree: git2::Oid, folder: &mut Vec<u8>, commit: CommitId) -> Result<(), GitError> {
        let mut hasher = DefaultHasher::new();
        hasher.write(folder);
        if !self.known.insert((tree, hasher.finish())) {
            return Ok(());
        }
        let folder_len = folder.len();
        for entry in self.repo.tree(tree)?.iter() {
            let mode = entry.filemode();
            if is_tree(mode) {
                extend(folder, entry.name_bytes())?;
                self.enter(entry.id(), folder, commit)?;
            } else if is_regular(mode) && is_pointer_name(entry.name_bytes()) {
                let mut hasher = hasher.clone();
                hasher.write(entry.name_bytes());
                if self.known.insert((entry.id(), hasher.finish())) {
                    folder.extend_from_slice(entry.name_bytes());
                    self.found.push((RepoPath::new(folder)?, BlobId(entry.id()), commit));
                }
            } else if is_regular(mode) && self.grafts.know(entry.id()) {
                folder.extend_from_slice(entry.name_bytes());
                self.graft(entry.id(), folder, commit)?;
            }
            folder.truncate(folder_len);
        }
        Ok(())
    }

    /// A file of another tool stands for pointers, unless the commit has them itself.
    fn graft(&mut self, file: git2::Oid, path: &[u8], commit: CommitId) -> Result<(), GitError> {
        let grafts = Arc::clone(&self.grafts);
        for (pointer, blob) in grafts.of_file(file, path) {
            // A tree is looked at once. Where the pointer would lie in another, it may be there in some commits only.
            let folder = path.iter().rposition(|byte| *byte == b'/').map_or(&b""[..], |at| &path[..at]);
            let is_beside = pointer.parent().unwrap_or_default().as_bytes() == folder;
            if is_beside && self.repo.blob_at(&self.repo.tree(self.root)?, pointer)?.is_some() {
                continue;
            }
            let mut hasher = DefaultHasher::new();
            hasher.write(pointer.as_bytes());
            if self.known.insert((blob.0, hasher.finish())) {
                self.found.push((pointer.clone(), blob, commit));
            }
        }
        Ok(())
    }

    fn read(self) -> Result<Vec<PastPointer>, GitError> {
        let read = |(path, blob, commit)| {
            let bytes = self.repo.pointer_bytes(&path, blob)?;
            Ok(PastPointer { path, bytes, commit })
        };
        self.found.into_iter().map(read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Sandbox, open, path};
    use super::*;

    fn head(repo: &Repo) -> Vec<Commit> {
        vec![repo.head().unwrap().unwrap()]
    }

    fn texts(pointers: &[PastPointer]) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut texts: Vec<_> =
            pointers.iter().map(|pointer| (pointer.path.to_string(), text(&pointer.bytes))).collect();
        texts.sort();
        texts
    }

    #[test]
    fn every_pointer_of_the_past_is_told_once() {
        let sandbox = Sandbox::new();
        sandbox.commit("d/a.esker", "1");
        let two = sandbox.commit("d/a.esker", "2");
        sandbox.commit("code", "x");
        sandbox.git(&["checkout", "--quiet", "-b", "side", "HEAD~2"]);
        sandbox.commit("b.esker", "3");
        sandbox.git(&["checkout", "--quiet", "main"]);
        sandbox.git(&["merge", "--quiet", "--no-edit", "side"]);
        sandbox.git(&["mv", "d", "moved"]);
        sandbox.git(&["commit", "--quiet", "--message", "move"]);
        sandbox.git(&["rm", "--quiet", "-r", "moved"]);
        sandbox.git(&["commit", "--quiet", "--message", "remove"]);
        let repo = sandbox.open();
        let pointers = repo.pointers_in_history(&head(&repo), &Cancel::default()).unwrap();
        let pairs = [("b.esker", "3"), ("d/a.esker", "1"), ("d/a.esker", "2"), ("moved/a.esker", "2")];
        assert_eq!(texts(&pointers), pairs.map(|(path, text)| (path.to_owned(), text.to_owned())));
        let walked = repo.history(&head(&repo), &Cancel::default()).unwrap();
        assert_eq!(walked.len(), 7);
        assert!(walked.iter().any(|commit| commit.id.to_string() == two));
        let twice = [head(&repo), head(&repo)].concat();
        assert_eq!(repo.history(&twice, &Cancel::default()).unwrap().len(), 7);
    }

    #[test]
    fn what_others_reach_is_left_out() {
        let sandbox = Sandbox::new();
        sandbox.commit("a.esker", "1");
        sandbox.git(&["branch", "published"]);
        sandbox.wait();
        sandbox.commit("a.esker", "2");
        sandbox.git(&["checkout", "--quiet", "-b", "side", "published"]);
        sandbox.wait();
        sandbox.commit("b.esker", "3");
        sandbox.git(&["checkout", "--quiet", "main"]);
        sandbox.wait();
        sandbox.git(&["merge", "--quiet", "--no-edit", "side"]);
        let repo = sandbox.open();
        let hidden = |name: &str| vec![repo.resolve(name).unwrap()];
        let count = |name: &str| repo.history_without(&head(&repo), &hidden(name), &Cancel::default()).unwrap().len();
        assert_eq!((count("published"), count("side"), count("main")), (3, 2, 0));
        let past = repo.pointers_in_history_without(&head(&repo), &hidden("side"), &Cancel::default()).unwrap();
        let told = texts(&past);
        assert!(told.contains(&("a.esker".to_owned(), "2".to_owned())), "{told:?}");
        assert!(!told.contains(&("a.esker".to_owned(), "1".to_owned())), "{told:?}");
    }

    #[test]
    fn a_shallow_history_ends_at_its_boundary_in_linked_worktrees_too() {
        let sandbox = Sandbox::new();
        for text in ["1", "2", "3"] {
            sandbox.commit("a.esker", text);
        }
        let url = format!("file://{}", sandbox.root().display());
        sandbox.git(&["clone", "--quiet", "--depth=2", &url, "../shallow"]);
        sandbox.git_in(&sandbox.beside("shallow"), &["worktree", "add", "--quiet", "--detach", "../linked"]);
        assert!(!sandbox.open().is_shallow().unwrap());
        for folder in ["shallow", "linked"] {
            let repo = open(&sandbox.beside(folder));
            assert!(repo.is_shallow().unwrap(), "{folder}");
            assert_eq!(repo.history(&head(&repo), &Cancel::default()).unwrap().len(), 2, "{folder}");
            let pointers = repo.pointers_in_history(&head(&repo), &Cancel::default()).unwrap();
            assert_eq!(pointers.len(), 2, "{folder}");
            let log = repo.log(&head(&repo), &[path("a.esker")], usize::MAX, &Cancel::default()).unwrap();
            assert_eq!(log.len(), 2, "{folder}");
            assert!(matches!(repo.resolve("HEAD~2"), Err(GitError::UnknownRevision { .. })), "{folder}");
        }
    }

    #[test]
    fn a_walk_stops_when_asked() {
        let sandbox = Sandbox::new();
        sandbox.commit("a.esker", "1");
        let repo = sandbox.open();
        let cancel = Cancel::default();
        cancel.set();
        assert!(matches!(repo.history(&head(&repo), &cancel), Err(GitError::Cancelled(_))));
    }
}
