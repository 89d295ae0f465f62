//! Commits: what names one, and what esker wants to know of it.

use std::fmt;

use serde::{Serialize, Serializer};

use super::Repo;
use super::error::{Doing, GitError};

/// The hash that names a commit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(pub(super) git2::Oid);

impl CommitId {
    /// The bytes of the hash: 20 (SHA-1).
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The first ten hex digits, for people.
    pub fn short(&self) -> String {
        self.to_string()[..10].to_owned()
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_string())
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

impl Serialize for CommitId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One commit. Texts are as Git stores them; bytes that are no UTF-8 are replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Commit {
    /// Its hash.
    pub id: CommitId,
    /// The first line of its message.
    pub summary: String,
    /// The author's name.
    pub author: String,
    /// The author's address.
    pub email: String,
    /// When it was authored, in seconds since 1970, UTC.
    pub seconds: i64,
    /// How far the author's clock was ahead of UTC, in minutes.
    pub offset_minutes: i32,
}

/// What `HEAD` stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeadName {
    /// A branch, which may have no commit yet.
    Branch(String),
    /// A commit, and no branch.
    Detached(CommitId),
}

impl fmt::Display for HeadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeadName::Branch(name) => f.pad(name),
            HeadName::Detached(id) => f.pad(&id.short()),
        }
    }
}

impl Repo {
    /// The commit that `revision` names, in Git's own syntax: `HEAD~1`, `v1.0`, `origin/main`, `1a2b3c4`.
    ///
    /// # Errors
    /// `UnknownRevision`, `AmbiguousRevision`, `NotACommit`; `Unborn` if it builds on `HEAD`, and `HEAD` has no commit.
    pub fn resolve(&self, revision: &str) -> Result<Commit, GitError> {
        let object = self.inner.revparse_single(revision).map_err(|error| self.not_resolved(revision, &error))?;
        let commit = object.peel_to_commit().map_err(|_| GitError::NotACommit { revision: revision.to_owned() })?;
        Ok(Commit::of(&commit))
    }

    fn not_resolved(&self, revision: &str, error: &git2::Error) -> GitError {
        let revision = revision.to_owned();
        let on_head = revision.starts_with("HEAD") || revision.starts_with('@');
        match error.code() {
            git2::ErrorCode::Ambiguous => GitError::AmbiguousRevision { revision },
            _ if on_head && matches!(self.head(), Ok(None)) => GitError::Unborn,
            _ => GitError::UnknownRevision { revision },
        }
    }

    /// The commit of `HEAD`; `None` if its branch has none yet.
    pub fn head(&self) -> Result<Option<Commit>, GitError> {
        let commit = match self.inner.head() {
            Ok(head) => head.peel_to_commit().doing("read the commit of HEAD")?,
            Err(error) if error.code() == git2::ErrorCode::UnbornBranch => return Ok(None),
            Err(error) => return Err(error).doing("read HEAD"),
        };
        Ok(Some(Commit::of(&commit)))
    }

    /// The branch of `HEAD`, or its commit if it is detached.
    pub fn head_name(&self) -> Result<HeadName, GitError> {
        let head = self.inner.find_reference("HEAD").doing("read HEAD")?;
        if let Some(target) = head.symbolic_target_bytes() {
            let name = target.strip_prefix(b"refs/heads/").unwrap_or(target);
            return Ok(HeadName::Branch(String::from_utf8_lossy(name).into_owned()));
        }
        let id = head.target().ok_or(GitError::Unborn)?;
        Ok(HeadName::Detached(CommitId(id)))
    }

    pub(super) fn commit(&self, id: git2::Oid) -> Result<git2::Commit<'_>, GitError> {
        self.inner.find_commit(id).reading("commit", id)
    }

    pub(super) fn tree(&self, id: git2::Oid) -> Result<git2::Tree<'_>, GitError> {
        self.inner.find_tree(id).reading("tree", id)
    }

    pub(super) fn tree_of(&self, commit: &Commit) -> Result<git2::Tree<'_>, GitError> {
        self.tree(self.commit(commit.id.0)?.tree_id())
    }
}

impl Commit {
    pub(super) fn of(commit: &git2::Commit<'_>) -> Commit {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let author = commit.author();
        Commit {
            id: CommitId(commit.id()),
            summary: text(commit.summary_bytes().unwrap_or_default()),
            author: text(author.name_bytes()),
            email: text(author.email_bytes()),
            seconds: author.when().seconds(),
            offset_minutes: author.when().offset_minutes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Sandbox;
    use super::*;

    #[test]
    fn revisions_are_found_as_git_finds_them() {
        let sandbox = Sandbox::new();
        sandbox.commit("a", "1");
        sandbox.git(&["tag", "light"]);
        sandbox.git(&["tag", "--annotate", "--message", "m", "v1.0"]);
        sandbox.git(&["tag", "--annotate", "--message", "m", "v1.0-again", "v1.0"]);
        let second = sandbox.commit("a", "2");
        sandbox.git(&["checkout", "--quiet", "-b", "team/side", "v1.0"]);
        sandbox.commit("b", "3");
        sandbox.git(&["checkout", "--quiet", "main"]);
        sandbox.git(&["merge", "--quiet", "--no-ff", "--message", "join", "team/side"]);
        sandbox.git(&["clone", "--quiet", ".", "../clone"]);
        sandbox.git(&["remote", "add", "origin", "../clone"]);
        sandbox.git(&["fetch", "--quiet", "origin"]);
        sandbox.git(&["branch", "--quiet", "--set-upstream-to", "origin/main"]);
        let described = sandbox.git(&["describe", "--tags", "--long", &second]);
        let short = &second[..7];
        let repo = sandbox.open();
        for revision in [
            "HEAD",
            "@",
            "HEAD~1",
            "@~2",
            "HEAD^2",
            "HEAD^2~1",
            "main",
            "team/side",
            "heads/main",
            "refs/heads/main",
            "light",
            "v1.0",
            "v1.0^{}",
            "v1.0-again",
            "tags/v1.0",
            "v1.0^{commit}",
            "origin/main",
            "origin/HEAD",
            "main@{0}",
            "HEAD@{1}",
            "@{-1}",
            "@{u}",
            "main@{upstream}",
            ":/join",
            "HEAD^{/join}",
            "FETCH_HEAD",
            "ORIG_HEAD",
            &second,
            short,
            &format!("{short}~1"),
            described.trim(),
        ] {
            // After `:/` all is text to search for.
            let peel = if revision.starts_with(":/") { "" } else { "^{commit}" };
            let (known, told) =
                sandbox.try_git_in(&sandbox.root(), &["rev-parse", "--verify", &format!("{revision}{peel}")]);
            match repo.resolve(revision) {
                Ok(commit) => assert_eq!(commit.id.to_string(), told.trim(), "{revision}"),
                Err(error) => assert!(!known, "{revision}: {error:?}, and Git: {told}"),
            }
        }
    }

    #[test]
    fn what_names_no_commit_is_told_apart() {
        let sandbox = Sandbox::new();
        let repo = sandbox.open();
        assert!(matches!(repo.resolve("HEAD"), Err(GitError::Unborn)));
        assert!(matches!(repo.resolve("HEAD~1"), Err(GitError::Unborn)));
        assert!(matches!(repo.resolve("main"), Err(GitError::UnknownRevision { .. })));
        sandbox.commit("a", "1");
        for unknown in ["nope", "", "HEAD~7", "v1..v2", "a b", "-x", "nul\0", "deadbeef", "@{u}", "HEAD:zzz", "~", "^"]
        {
            let error = repo.resolve(unknown).unwrap_err();
            assert!(matches!(&error, GitError::UnknownRevision { revision } if revision == unknown), "{error:?}");
        }
        for other in ["HEAD:a", "HEAD^{tree}"] {
            assert!(matches!(repo.resolve(other), Err(GitError::NotACommit { .. })), "{other}");
        }
    }

    #[test]
    fn a_short_hash_of_two_objects_is_ambiguous() {
        let sandbox = Sandbox::new();
        sandbox.commit("a", "1");
        // Two of these blobs share their first four digits.
        for number in 0..1000 {
            sandbox.write(&format!("n/{number}"), &number.to_string());
        }
        sandbox.git(&["add", "n"]);
        let listed = sandbox.git(&["ls-files", "--stage", "n"]);
        let mut starts: Vec<&str> = listed.lines().map(|line| &line[7..11]).collect();
        starts.sort();
        let twin = starts.windows(2).find(|pair| pair[0] == pair[1]).expect("1000 hashes of 16 bits collide")[0];
        let error = sandbox.open().resolve(twin).unwrap_err();
        assert!(matches!(error, GitError::AmbiguousRevision { .. }), "{error:?}");
    }

    #[test]
    fn a_commit_tells_who_when_and_what() {
        let sandbox = Sandbox::new();
        let repo = sandbox.open();
        assert_eq!(repo.head().unwrap(), None);
        assert_eq!(repo.head_name().unwrap(), HeadName::Branch("main".into()));
        let id = sandbox.commit("a", "1");
        let head = repo.head().unwrap().unwrap();
        assert_eq!((head.id.to_string(), head.id.as_bytes().len()), (id.clone(), 20));
        assert_eq!(
            (head.summary.as_str(), head.author.as_str(), head.email.as_str()),
            ("write a", "Ada", "ada@example.org")
        );
        assert_eq!((head.seconds, head.offset_minutes), (1_700_000_000, 90));
        sandbox.git(&["checkout", "--quiet", "--detach"]);
        assert_eq!(repo.head_name().unwrap().to_string(), id[..10]);
    }
}
