//! Git's own configuration, and where its hooks are.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Repo;
use super::error::{Doing, GitError};
use crate::base::AtPath;

/// The exit code by which `git config` says that there was nothing to remove.
const NOT_SET: i32 = 5;

impl Repo {
    /// The value of `key` (such as `merge.esker.driver`), wherever Git finds it; a key without a value is "true".
    pub fn config_get(&self, key: &str) -> Result<Option<String>, GitError> {
        let config = self.inner.config().doing("read Git's configuration")?;
        let entry = match config.get_entry(key) {
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
            other => other.doing(format!("read {key} from Git's configuration"))?,
        };
        let value = if entry.has_value() { entry.value_bytes() } else { b"true" };
        Ok(Some(String::from_utf8_lossy(value).into_owned()))
    }

    /// The value of `key` in a file of the worktree that has the form of Git's configuration, such as `.lfsconfig`.
    pub fn config_of_file(&self, file: &Path, key: &str) -> Option<String> {
        let path = self.worktree().ok()?.join(file);
        if !path.is_file() {
            return None;
        }
        git2::Config::open(&path).and_then(|config| config.get_string(key)).ok()
    }

    /// Sets `key` for this repository, all its worktrees included.
    ///
    /// # Errors
    /// `Locked` if another process is writing the configuration.
    pub fn config_set_local(&self, key: &str, value: &str) -> Result<(), GitError> {
        let set = self.local_config().and_then(|mut config| config.set_str(key, value));
        set.or_else(|error| self.config_unwritten(key, error))
    }

    /// Removes `key` from this repository's own configuration; its absence is success.
    ///
    /// Runs `git`: libgit2 would leave the header of an empty section behind.
    ///
    /// # Errors
    /// `Locked` if another process is writing the configuration.
    pub fn config_unset_local(&self, key: &str) -> Result<(), GitError> {
        let file = self.common_dir().join("config");
        let mut git = Command::new("git");
        git.args(["config", "--file"]).arg(&file).args(["--unset-all", key]).stdin(Stdio::null());
        let output = git.output().at("run", Path::new("git"))?;
        let lock = self.common_dir().join("config.lock");
        match output.status.code() {
            Some(0 | NOT_SET) => Ok(()),
            _ if lock.exists() => Err(GitError::Locked { path: lock }),
            _ => Err(GitError::Git {
                doing: format!("remove {key} from {}", file.display()),
                reason: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            }),
        }
    }

    /// The folder that Git runs hooks from: that of `core.hooksPath`, or `hooks` in the common folder. It may not exist.
    pub fn hooks_dir(&self) -> Result<PathBuf, GitError> {
        let config = self.inner.config().doing("read Git's configuration")?;
        match config.get_path("core.hooksPath") {
            // Relative to where Git runs hooks.
            Ok(path) => Ok(self.worktree().unwrap_or(self.git_dir()).join(path)),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(self.common_dir().join("hooks")),
            Err(error) => Err(error).doing("read core.hooksPath from Git's configuration"),
        }
    }

    fn local_config(&self) -> Result<git2::Config, git2::Error> {
        self.inner.config()?.open_level(git2::ConfigLevel::Local)
    }

    fn config_unwritten(&self, key: &str, error: git2::Error) -> Result<(), GitError> {
        match error.code() {
            git2::ErrorCode::Locked => Err(GitError::Locked { path: self.common_dir().join("config.lock") }),
            _ => Err(error).doing(format!("set {key} in Git's configuration")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Sandbox, open};
    use super::*;

    #[test]
    fn values_are_set_read_and_removed_without_a_trace() {
        let sandbox = Sandbox::new();
        let repo = sandbox.open();
        let before = std::fs::read_to_string(sandbox.root().join(".git/config")).unwrap();
        assert_eq!(repo.config_get("diff.esker.command").unwrap(), None);
        repo.config_set_local("diff.esker.command", "esker diff \"x\" # y").unwrap();
        assert_eq!(sandbox.git(&["config", "diff.esker.command"]), "esker diff \"x\" # y\n");
        assert_eq!(repo.config_get("diff.esker.command").unwrap().unwrap(), "esker diff \"x\" # y");
        repo.config_unset_local("diff.esker.command").unwrap();
        repo.config_unset_local("diff.esker.command").unwrap();
        assert_eq!(repo.config_get("diff.esker.command").unwrap(), None);
        let after = std::fs::read_to_string(sandbox.root().join(".git/config")).unwrap();
        assert_eq!(after, before);
    }

    #[test]
    fn a_held_lock_is_told() {
        let sandbox = Sandbox::new();
        let lock = sandbox.root().join(".git/config.lock");
        std::fs::write(&lock, "").unwrap();
        let error = sandbox.open().config_set_local("a.b", "c").unwrap_err();
        assert!(matches!(&error, GitError::Locked { path } if *path == lock), "{error:?}");
        let error = sandbox.open().config_unset_local("core.bare").unwrap_err();
        assert!(matches!(&error, GitError::Locked { path } if *path == lock), "{error:?}");
    }

    #[test]
    fn hooks_are_where_git_looks_for_them() {
        let sandbox = Sandbox::new();
        sandbox.commit("a", "1");
        sandbox.git(&["worktree", "add", "--quiet", "--detach", "../linked"]);
        assert_eq!(open(&sandbox.beside("linked")).hooks_dir().unwrap(), sandbox.root().join(".git/hooks"));
        for (value, dir) in [(".husky", sandbox.root().join(".husky")), ("/etc/hooks", PathBuf::from("/etc/hooks"))] {
            sandbox.git(&["config", "core.hooksPath", value]);
            assert_eq!(sandbox.open().hooks_dir().unwrap(), dir);
        }
    }
}
