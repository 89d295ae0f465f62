//! `ls --from`: what another repository has.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::base::Job;

use super::super::error::Error;
use super::super::look::{LsReport, list};
use super::super::pointed::{Selected, pointer_path};
use super::super::project::Settings;
use super::address::Address;
use super::find::Found;
use super::gather::Extent;
use super::ground::Ground;
use super::there::Elsewhere;

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct LsFromOptions {
    /// The other repository.
    pub url: String,
    /// `[REV:][PATH]`; all datasets of its newest commit, if empty.
    pub name: OsString,
    /// Everything that is in the datasets.
    pub recursive: bool,
}

/// Lists datasets of another repository, or what is in one.
pub fn ls_from(settings: &Settings, options: &LsFromOptions, job: &Job<'_>) -> Result<LsReport, Error> {
    let (ground, _project) = Ground::of(settings)?;
    let (revision, text) = split(&options.name);
    let (from, url) = (settings.from.clone(), options.url.clone());
    let there = Elsewhere::open(&ground, &Address { url, from, revision, is_typed: true }, job)?;
    let path = there.path(Path::new(&text))?;
    let entered: Vec<Selected> = match there.find(&path) {
        Ok(Found::Data(pieces)) => {
            let is_entered = |wanted: &Selected| {
                let dataset = &wanted.dataset.path;
                options.recursive || path.is_in(dataset) || pointer_path(dataset) == path
            };
            pieces.into_iter().map(|piece| piece.selected).filter(is_entered).collect()
        }
        // A project without datasets, or the folder of the address without any: there is nothing to list.
        Err(Error::InGitThere { .. }) if path == there.above => return Ok(LsReport::default()),
        Ok(Found::Plain { path, .. }) => return Err(Error::InGitThere { url: options.url.clone(), path }),
        Err(error) => return Err(error),
    };
    there.gather(&entered, Extent::Pages, job)?;
    list(&there.project, &there.moment(), &path, options.recursive, job)
}

/// `[REV:][PATH]` in two. There is no file here that could be meant, so the first colon always ends a revision.
fn split(name: &OsString) -> (Option<String>, OsString) {
    let bytes = name.as_bytes();
    let Some(colon) = bytes.iter().position(|byte| *byte == b':') else { return (None, name.clone()) };
    let revision = String::from_utf8_lossy(&bytes[..colon]).into_owned();
    let path = std::ffi::OsStr::from_bytes(&bytes[colon + 1..]).to_owned();
    (Some(revision).filter(|revision| !revision.is_empty()), path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_ends_at_the_first_colon() {
        let halves = |text: &str| {
            let (revision, path) = split(&text.into());
            format!("{revision:?} {}", path.display())
        };
        assert_eq!(halves("v1:a:b"), "Some(\"v1\") a:b");
        assert_eq!(
            (halves("a"), halves(":a"), halves("v1:")),
            ("None a".into(), "None a".into(), "Some(\"v1\") ".into())
        );
    }
}
