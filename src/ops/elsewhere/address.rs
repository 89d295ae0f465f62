//! What names another repository: a URL that Git understands, or a folder of this machine.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::base::RepoPath;
use crate::format::config::url_fault;
use crate::git::GitError;

use super::super::error::Error;
use super::super::project::normal;

/// Another repository, and which of its revisions is meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// As it was written.
    pub url: String,
    /// Where a relative folder begins.
    pub from: PathBuf,
    /// The revision; the default branch, or `HEAD` of a folder, if `None`.
    pub revision: Option<String>,
    /// Whether the user named it just now; else it is out of a file.
    pub is_typed: bool,
}

/// Where it is.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder of this machine, in which, or above which, it is.
    Folder(PathBuf),
    /// Where Git finds it.
    Url,
}

impl Address {
    /// Finds out where it is.
    ///
    /// # Errors
    /// `Usage` for a URL with a secret in it, or one that would be an option; `NotReached` for a folder that is not there.
    pub fn place(&self) -> Result<Place, Error> {
        if let Some(fault) = url_fault(&self.url) {
            let hint = "Git asks its credential helpers, or ssh its agent, by itself";
            return Err(Error::usage(format!("the address of the other repository is refused: {fault}"), Some(hint)));
        }
        let plain = self.url.strip_prefix("file://").filter(|rest| rest.starts_with('/'));
        let folder = normal(&self.from.join(plain.unwrap_or(&self.url)));
        if let Ok(real) = fs::canonicalize(&folder)
            && real.is_dir()
        {
            return Ok(Place::Folder(real));
        }
        let is_url = self.url.contains("://") || self.url.split('/').next().is_some_and(|first| first.contains(':'));
        if is_url || folder.exists() {
            return Ok(Place::Url);
        }
        let reason = "there is no such folder, and it is no URL either".to_owned();
        Err(GitError::NotReached { url: self.url.clone(), reason }.into())
    }
}

/// A path inside another repository, which the user names from its folder `above`.
///
/// # Errors
/// `Argument` if it leads out.
pub fn path_there(above: &RepoPath, text: &Path) -> Result<RepoPath, Error> {
    let refused = || Error::Argument {
        given: text.display().to_string(),
        reason: "it must be a path inside that repository, relative to its folder".to_owned(),
    };
    let mut path = above.as_path().to_owned();
    for part in text.components() {
        match part {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            Component::ParentDir if path.pop() => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return Err(refused()),
        }
    }
    Ok(RepoPath::new(path.as_os_str().as_encoded_bytes())?)
}

/// The name that it gets here: the last one of the path, or of the repository.
pub fn name_of(url: &str, path: &Path) -> Result<RepoPath, Error> {
    let last = match path.file_name() {
        Some(name) => name.as_encoded_bytes(),
        None => {
            let whole = url.trim_end_matches('/');
            let name = whole.rsplit(['/', ':']).next().unwrap_or_default();
            name.strip_suffix(".git").unwrap_or(name).as_bytes()
        }
    };
    let last = last.strip_suffix(b".esker").filter(|rest| !rest.is_empty()).unwrap_or(last);
    match last {
        b"" | b"." | b".." => Err(Error::usage("what is brought has no name of its own", Some("give one by `-o OUT`"))),
        name => Ok(RepoPath::new(name)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str, from: &Path) -> Address {
        Address { url: url.to_owned(), from: from.to_owned(), revision: None, is_typed: true }
    }

    #[test]
    fn a_folder_that_is_there_is_told_from_a_url() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        let place = |url: &str| address(url, &root.join("a")).place();
        assert_eq!(place(".").unwrap(), Place::Folder(root.join("a")));
        assert_eq!(place("../a/b").unwrap(), Place::Folder(root.join("a/b")));
        assert_eq!(place(&format!("file://{}", root.display())).unwrap(), Place::Folder(root.clone()));
        for url in ["https://host/a.git", "git@host:a/b", "file:///nowhere", "ssh://h/x"] {
            assert_eq!(place(url).unwrap(), Place::Url, "{url}");
        }
        for url in ["nothing", "../nothing", "-u", "https://token@host/a"] {
            assert!(place(url).is_err(), "{url}");
        }
    }

    #[test]
    fn paths_stay_inside_the_other_repository() {
        let above = RepoPath::new(b"sub").unwrap();
        let there = |text: &str| path_there(&above, Path::new(text)).map(|path| path.to_string()).ok();
        assert_eq!(there("data/./x").as_deref(), Some("sub/data/x"));
        assert_eq!(there("../data").as_deref(), Some("data"));
        assert_eq!((there("../.."), there("/etc")), (None, None));
    }

    #[test]
    fn the_last_name_is_the_name_here() {
        let name = |url: &str, path: &str| name_of(url, Path::new(path)).map(|name| name.to_string()).ok();
        assert_eq!(name("x", "a/data.esker").as_deref(), Some("data"));
        assert_eq!(name("git@host:team/registry.git", ".").as_deref(), Some("registry"));
        assert_eq!(name(".", "."), None);
    }
}
