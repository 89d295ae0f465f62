//! Where what is brought goes: a path at which nothing is yet.

use std::fs;
use std::path::{Path, PathBuf};

use crate::base::{AtPath, RepoPath};

use super::super::error::Error;
use super::super::project::{Project, normal};

/// The path that is meant by `given`: itself, or `name` in it if it is a folder that is there. Without it, `name` where
/// the user stands.
///
/// # Errors
/// `OutExists` if something is there.
pub fn free(from: &Path, given: Option<&Path>, name: &RepoPath) -> Result<PathBuf, Error> {
    let given = normal(&from.join(given.unwrap_or(name.as_path())));
    let is_folder_to_enter = given.is_dir() && given != normal(&from.join(name.as_path()));
    let path = if is_folder_to_enter { given.join(name.as_path()) } else { given };
    match fs::symlink_metadata(&path) {
        Ok(_) => Err(Error::OutExists { path: path.strip_prefix(from).unwrap_or(&path).to_owned() }),
        Err(_) => Ok(path),
    }
}

/// A folder that is there, and the path below it.
#[derive(Debug)]
pub struct Place {
    /// The folder: the root of the project, or the innermost one above the path.
    pub root: PathBuf,
    /// What comes below it.
    pub path: RepoPath,
    /// Whether the folder is to have nothing of ours afterwards.
    is_foreign: bool,
}

impl Place {
    /// Where a path is.
    pub fn of(project: Option<&Project>, path: &Path) -> Result<Place, Error> {
        if let Some(project) = project
            && let Ok(inside) = project.path(path)
        {
            return Ok(Place { root: project.root().to_owned(), path: inside, is_foreign: false });
        }
        let above = path.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
        let root = fs::canonicalize(above).at("find", above)?;
        let below = path.strip_prefix(above).unwrap_or(path);
        let is_foreign = !root.join(".esker").exists();
        Ok(Place { root, path: RepoPath::new(below.as_os_str().as_encoded_bytes())?, is_foreign })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What is not empty belongs to another process of ours.
        let own = self.root.join(".esker");
        if self.is_foreign && fs::remove_file(own.join("tmp/.gitignore")).is_ok() {
            let _ = fs::remove_dir(own.join("tmp")).and_then(|()| fs::remove_dir(own));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_there_is_entered_and_nothing_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path();
        fs::create_dir(from.join("there")).unwrap();
        fs::write(from.join("there/taken"), "").unwrap();
        let free = |given: Option<&str>, name: &str| {
            let path = free(from, given.map(Path::new), &RepoPath::new(name.as_bytes()).unwrap());
            path.map(|path| path.strip_prefix(from).unwrap().display().to_string()).map_err(|error| error.to_string())
        };
        assert_eq!(free(None, "data").unwrap(), "data");
        assert_eq!(free(Some("there"), "data").unwrap(), "there/data");
        assert_eq!(free(Some("a/b"), "data").unwrap(), "a/b");
        assert_eq!(free(Some("there"), "taken").unwrap_err(), "there/taken exists already");
        assert_eq!(free(None, "there").unwrap_err(), "there exists already");
    }
}
