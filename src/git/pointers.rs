//! Pointers that Git holds: which a revision has, and their bytes.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use super::error::{Doing, GitError};
use super::grafts::Grafts;
use super::{Commit, Repo};
use crate::base::RepoPath;

/// What the name of a pointer ends with. A file called just `.esker` is none: it would stand for no name.
const SUFFIX: &[u8] = b".esker";
/// No pointer is longer.
const POINTER_LIMIT: u64 = 64 << 10;
/// No other file that esker reads out of Git is longer.
const FILE_LIMIT: u64 = 1 << 20;

const TREE: i32 = 0o040_000;
const TYPE_BITS: i32 = 0o170_000;
const REGULAR: i32 = 0o100_000;

/// Git's hash of the bytes of a file. Equal bytes have equal ids.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub(super) git2::Oid);

impl BlobId {
    /// The id that Git would give these bytes, were they committed unfiltered.
    pub fn of(bytes: &[u8]) -> BlobId {
        BlobId(git2::Oid::hash_object(git2::ObjectType::Blob, bytes).expect("hashing bytes in memory cannot fail"))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Whether the last name of `path` is that of a pointer.
pub fn is_pointer(path: &RepoPath) -> bool {
    is_pointer_name(path.name())
}

pub(super) fn is_pointer_name(name: &[u8]) -> bool {
    name.len() > SUFFIX.len() && name.ends_with(SUFFIX)
}

/// Whether a mode of Git is that of a regular file: no symbolic link, folder or submodule.
pub(super) fn is_regular(mode: i32) -> bool {
    mode & TYPE_BITS == REGULAR
}

/// Whether the owner of a regular file may execute it.
pub(super) fn is_executable(mode: i32) -> bool {
    mode & 0o100 != 0
}

pub(super) fn is_tree(mode: i32) -> bool {
    mode & TYPE_BITS == TREE
}

impl Repo {
    /// The pointers that `commit` holds, with their bytes, by path. Links and submodules of such names are none.
    ///
    /// # Errors
    /// `TooLarge` names a pointer of more than 64 KiB.
    pub fn pointers_at(&self, commit: &Commit) -> Result<Vec<(RepoPath, Vec<u8>)>, GitError> {
        let blobs = self.pointer_blobs_at(commit)?;
        blobs.into_iter().map(|(path, blob)| self.pointer_bytes(&path, blob).map(|bytes| (path, bytes))).collect()
    }

    /// The pointers that `commit` holds, unread, by path: two revisions with equal ids have equal pointers. Files of other
    /// tools that stand for data count, see [`Repo::graft`].
    pub fn pointer_blobs_at(&self, commit: &Commit) -> Result<Vec<(RepoPath, BlobId)>, GitError> {
        self.search(commit, &self.grafts())
    }

    /// The same without those that stand in for files of other tools.
    pub fn own_pointer_blobs_at(&self, commit: &Commit) -> Result<Vec<(RepoPath, BlobId)>, GitError> {
        self.search(commit, &Grafts::default())
    }

    fn search(&self, commit: &Commit, grafts: &Grafts) -> Result<Vec<(RepoPath, BlobId)>, GitError> {
        let tree = self.tree_of(commit)?;
        let mut search = Search { repo: self, grafts, barren: HashSet::new(), grafted: BTreeMap::new() };
        let mut found = BTreeMap::new();
        search.enter(&tree, &mut Vec::new(), &mut |path, blob| {
            found.insert(path, blob);
        })?;
        for (path, blob) in search.grafted {
            found.entry(path).or_insert(blob);
        }
        Ok(found.into_iter().collect())
    }

    /// The bytes of a pointer that another call named.
    ///
    /// # Errors
    /// `TooLarge` if it has more than 64 KiB.
    pub fn pointer_bytes(&self, path: &RepoPath, blob: BlobId) -> Result<Vec<u8>, GitError> {
        if let Some(bytes) = self.grafts().bytes(blob) {
            return Ok(bytes.to_vec());
        }
        self.read(path, blob, POINTER_LIMIT)
    }

    /// The file at `path` in `commit`; `None` if it has no regular file there. For small files: at most 1 MiB.
    pub fn file_at(&self, commit: &Commit, path: &RepoPath) -> Result<Option<Vec<u8>>, GitError> {
        match self.blob_at(&self.tree_of(commit)?, path)? {
            Some(blob) => self.read(path, blob, FILE_LIMIT).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn blob_at(&self, root: &git2::Tree<'_>, path: &RepoPath) -> Result<Option<BlobId>, GitError> {
        if path.is_empty() {
            return Ok(None);
        }
        match root.get_path(path.as_path()) {
            Ok(entry) => Ok(is_regular(entry.filemode()).then_some(BlobId(entry.id()))),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error).doing(format!("find {path} in the tree {}", root.id())),
        }
    }

    /// The bytes of a file in Git; its size is looked at before they are read.
    pub(super) fn read(&self, path: &RepoPath, blob: BlobId, limit_bytes: u64) -> Result<Vec<u8>, GitError> {
        let odb = self.inner.odb().doing("open Git's objects")?;
        let (bytes, kind) = odb.read_header(blob.0).reading("file", blob.0)?;
        if bytes as u64 > limit_bytes {
            return Err(GitError::TooLarge { path: path.clone(), bytes: bytes as u64, limit_bytes });
        }
        if kind != git2::ObjectType::Blob {
            let doing = format!("read {path} from Git");
            return Err(GitError::Git { doing, reason: format!("the object {} is no file", blob.0) });
        }
        Ok(odb.read(blob.0).reading("file", blob.0)?.data().to_vec())
    }
}

/// A walk over all pointers of a tree.
struct Search<'r> {
    repo: &'r Repo,
    grafts: &'r Grafts,
    /// The pointers that stand in for files of other tools.
    grafted: BTreeMap<RepoPath, BlobId>,
    /// Trees without a pointer. A hostile repository can name one small tree a billion times.
    barren: HashSet<git2::Oid>,
}

impl Search<'_> {
    /// Tells `each` of the pointers in `tree`, which lies at `folder` (empty, or ending in `/`). Says whether there
    /// was one.
    fn enter(
        &mut self,
        tree: &git2::Tree<'_>,
        folder: &mut Vec<u8>,
        each: &mut dyn FnMut(RepoPath, BlobId),
    ) -> Result<bool, GitError> {
        let mut fertile = false;
        let folder_len = folder.len();
        for entry in tree.iter() {
            let mode = entry.filemode();
            if is_tree(mode) && !self.barren.contains(&entry.id()) {
                extend(folder, entry.name_bytes())?;
                let below = self.repo.tree(entry.id())?;
                fertile |= self.enter(&below, folder, each)?;
            } else if is_regular(mode) && is_pointer_name(entry.name_bytes()) {
                folder.extend_from_slice(entry.name_bytes());
                each(RepoPath::new(folder)?, BlobId(entry.id()));
                fertile = true;
            } else if is_regular(mode) && self.grafts.know(entry.id()) {
                folder.extend_from_slice(entry.name_bytes());
                for (pointer, blob) in self.grafts.of_file(entry.id(), folder) {
                    self.grafted.entry(pointer.clone()).or_insert(blob);
                }
                fertile = true;
            }
            folder.truncate(folder_len);
        }
        if !fertile {
            self.barren.insert(tree.id());
        }
        Ok(fertile)
    }
}

/// Adds `name/` to `folder`, which may not become longer than a path can be: that also bounds the depth of a walk.
pub(super) fn extend(folder: &mut Vec<u8>, name: &[u8]) -> Result<(), GitError> {
    folder.extend_from_slice(name);
    if folder.len() > RepoPath::MAX_LEN {
        // Too long: the constructor says so, and quotes it.
        RepoPath::new(folder)?;
    }
    folder.push(b'/');
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::super::testing::{Sandbox, path};
    use super::*;

    #[test]
    fn only_regular_files_of_that_name_are_pointers() {
        let sandbox = Sandbox::new();
        for name in ["top.esker", "a/b/deep.esker", ".esker", ".esker/config.toml", "a/x.esker.bak", "not.eskerr"] {
            if name != ".esker" {
                sandbox.write(name, name);
            }
        }
        sandbox.write("folder.esker/in", "");
        sandbox.write("sub/.esker", "no name before it");
        symlink("top.esker", sandbox.root().join("link.esker")).unwrap();
        let odd = std::ffi::OsStr::from_bytes(b"new\nline \xff.esker");
        fs::write(sandbox.root().join(odd), "odd").unwrap();
        sandbox.git(&["add", "."]);
        sandbox.git(&["commit", "--quiet", "--message", "m"]);
        let repo = sandbox.open();
        let head = repo.head().unwrap().unwrap();
        let found = repo.pointers_at(&head).unwrap();
        let odd = RepoPath::new(b"new\nline \xff.esker").unwrap();
        let expected = [(path("a/b/deep.esker"), b"a/b/deep.esker".to_vec()), (odd.clone(), b"odd".to_vec())];
        assert_eq!(found[..2], expected);
        assert_eq!(found[2..], [(path("top.esker"), b"top.esker".to_vec())]);
        assert_eq!(repo.staged_pointers().unwrap(), [path("a/b/deep.esker"), odd, path("top.esker")]);
        assert_eq!(repo.pointer_blobs_at(&head).unwrap()[0].1, BlobId::of(b"a/b/deep.esker"));
    }

    #[test]
    fn a_file_of_a_commit_is_read_and_its_absence_told() {
        let sandbox = Sandbox::new();
        sandbox.commit(".esker/config.toml", "old");
        let old = sandbox.open().resolve("HEAD").unwrap();
        sandbox.commit(".esker/config.toml", "new");
        let repo = sandbox.open();
        let file = |name: &str| repo.file_at(&old, &path(name)).unwrap();
        assert_eq!(file(".esker/config.toml").unwrap(), b"old");
        for absent in ["", ".esker", ".esker/other", "a/b", ".esker/config.toml/x"] {
            assert_eq!(file(absent), None, "{absent}");
        }
    }

    #[test]
    fn a_pointer_of_more_than_64_kib_is_refused_by_name() {
        let sandbox = Sandbox::new();
        sandbox.commit("fits.esker", &"x".repeat(64 << 10));
        let repo = sandbox.open();
        assert_eq!(repo.pointers_at(&repo.head().unwrap().unwrap()).unwrap().len(), 1);
        sandbox.commit("d/big.esker", &"x".repeat((64 << 10) + 1));
        let error = repo.pointers_at(&repo.head().unwrap().unwrap()).unwrap_err();
        assert!(matches!(&error, GitError::TooLarge { path: told, bytes: 65537, .. } if *told == path("d/big.esker")));
    }

    /// A tree that holds `count` times the tree before it, `levels` times: more paths than any walk can visit.
    #[test]
    fn a_tree_of_a_billion_paths_does_not_hang() {
        let sandbox = Sandbox::new();
        sandbox.commit("plain", "");
        let repo = sandbox.open();
        let mut tree = repo.tree_of(&repo.head().unwrap().unwrap()).unwrap().id();
        for _ in 0..12 {
            let mut builder = repo.inner.treebuilder(None).unwrap();
            for name in 0..10 {
                builder.insert(name.to_string(), tree, TREE).unwrap();
            }
            tree = builder.write().unwrap();
        }
        sandbox.git(&["update-ref", "HEAD", sandbox.git(&["commit-tree", "-m", "m", &tree.to_string()]).trim()]);
        assert_eq!(repo.pointers_at(&repo.head().unwrap().unwrap()).unwrap(), []);
    }
}
