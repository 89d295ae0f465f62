//! Repositories for the tests of this room, made by the real `git`, with no configuration but their own.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};

use tempfile::TempDir;

use super::{GitEnvironment, Repo};
use crate::base::RepoPath;

/// A folder with a repository in it, that goes when it is dropped.
pub(super) struct Sandbox {
    folder: TempDir,
    clock: AtomicI64,
}

impl Sandbox {
    /// A folder with a fresh repository on the branch `main`.
    pub(super) fn new() -> Sandbox {
        let sandbox = Sandbox { folder: tempfile::tempdir().unwrap(), clock: AtomicI64::new(1_700_000_000) };
        fs::create_dir(sandbox.root()).unwrap();
        sandbox.git(&["init", "--quiet", "--initial-branch=main"]);
        sandbox
    }

    /// The root of the repository, as the system spells it.
    pub(super) fn root(&self) -> PathBuf {
        self.beside("repo")
    }

    /// A path outside the repository.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap().join(name)
    }

    pub(super) fn open(&self) -> Repo {
        open(&self.root())
    }

    /// Runs `git` in the root, which must succeed, and gives what it prints.
    pub(super) fn git<S: AsRef<OsStr>>(&self, arguments: &[S]) -> String {
        self.git_in(&self.root(), arguments)
    }

    pub(super) fn git_in<S: AsRef<OsStr>>(&self, folder: &Path, arguments: &[S]) -> String {
        let (ok, text) = self.try_git_in(folder, arguments);
        assert!(ok, "{text}");
        text
    }

    pub(super) fn try_git_in<S: AsRef<OsStr>>(&self, folder: &Path, arguments: &[S]) -> (bool, String) {
        let output = self.command(folder).args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), text)
    }

    /// A `git` that knows one author, one clock and no configuration of the user.
    pub(super) fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new("git");
        command.current_dir(folder).stdin(Stdio::null()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.folder.path()).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "Ada").env(format!("GIT_{role}_EMAIL"), "ada@example.org");
            command.env(format!("GIT_{role}_DATE"), format!("{} +0130", self.clock.load(Ordering::Relaxed)));
        }
        command.args(["-c", "protocol.file.allow=always", "-c", "commit.gpgSign=false"]);
        command
    }

    /// Lets a minute pass: else all commits are of the same second.
    pub(super) fn wait(&self) {
        self.clock.fetch_add(60, Ordering::Relaxed);
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        let file = self.root().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    /// Writes a file and commits it; gives the hash.
    pub(super) fn commit(&self, path: &str, text: &str) -> String {
        self.write(path, text);
        self.git(&["add", "--force", "--", path]);
        self.git(&["commit", "--quiet", "--message", &format!("write {path}\n\nbody")]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }
}

pub(super) fn open(folder: &Path) -> Repo {
    Repo::discover(folder, &GitEnvironment::default()).unwrap()
}

pub(super) fn path(text: &str) -> RepoPath {
    RepoPath::new(text.as_bytes()).unwrap()
}
