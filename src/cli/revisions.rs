//! Words that may be revisions or paths, told apart as Git does.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::ops::{Error, Project, is_known_path};

/// Takes up to `most` revisions from the beginning of `words`; all others are paths. If `--` was typed, every word must be
/// a revision.
///
/// # Errors
/// A word that is a revision and a path; before `--`, one that is no revision.
pub fn split(project: &Project, words: &[OsString], most: usize) -> Result<(Vec<String>, Vec<PathBuf>), Failure> {
    let before_dashes = has_dashes();
    let mut revisions = Vec::new();
    for word in words.iter().take(if before_dashes { words.len() } else { most }) {
        let text = word.to_string_lossy().into_owned();
        let resolved = project.repo().resolve(&text);
        if before_dashes {
            resolved.map_err(Error::from)?;
        } else {
            let is_path = is_path(project, Path::new(word))?;
            match resolved {
                Ok(_) if is_path => return Err(both(&text)),
                Ok(_) => {}
                Err(_) if is_path => break,
                Err(error) => return Err(Error::from(error).into()),
            }
        }
        revisions.push(text);
    }
    if revisions.len() > most {
        let hint = Some(format!("at most {most} may stand before `--`"));
        return Err(Failure::usage("too many revisions".to_owned(), hint));
    }
    let paths = words[revisions.len()..].iter().map(PathBuf::from).collect();
    Ok((revisions, paths))
}

/// Whether `--` was typed: clap does not tell if nothing follows it.
fn has_dashes() -> bool {
    std::env::args_os().any(|word| word == "--")
}

fn both(text: &str) -> Failure {
    let hint = format!("put `--` after it to mean the revision, or before it to mean the path: `-- {text}`");
    Failure::usage(format!("`{text}` is a revision and a path"), Some(hint))
}

fn is_path(project: &Project, word: &Path) -> Result<bool, Failure> {
    // A path that leads out of the repository is none of its data.
    let Ok(path) = project.path(word) else { return Ok(false) };
    Ok(path.is_empty() || is_known_path(project, &path)? || path.below(project.root()).symlink_metadata().is_ok())
}
