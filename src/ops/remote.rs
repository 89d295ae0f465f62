//! `remote`: which stores the project knows, by name.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::base::{AtPath, RepoPath, replace_file};
use crate::format::FormatError;
use crate::format::config::{self, Key, Place, Value};
use crate::store::{self, StoreError, StoreOptions};

use super::error::Error;
use super::pointed::{self, pointer_path};
use super::project::{PROJECT_FILE, Project};
use super::publish::read_if_there;

/// A remote to be added.
#[derive(Debug, Clone, Default)]
pub struct RemoteAddOptions {
    /// Its name.
    pub name: String,
    /// A folder, `file:///folder` or `s3://bucket/prefix`. A relative folder starts where the user stands.
    pub url: String,
    /// Make it the default one. The first remote is that in any case.
    pub is_default: bool,
    /// Write it to the settings of this clone only, which Git does not track.
    pub is_local: bool,
    /// The server of a bucket that is not at Amazon.
    pub endpoint: Option<String>,
    /// The region of the bucket.
    pub region: Option<String>,
    /// The profile that holds the credentials.
    pub profile: Option<String>,
    /// When requests carry checksums: `when_supported` or `when_required`.
    pub checksum: Option<String>,
}

/// One remote.
#[derive(Debug, Clone, Serialize)]
pub struct RemoteReport {
    /// What the project calls it.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// Whether it is meant when none is named.
    pub is_default: bool,
    /// The server of a bucket that is not at Amazon.
    pub endpoint: Option<String>,
    /// The region of the bucket.
    pub region: Option<String>,
    /// The profile that holds the credentials.
    pub profile: Option<String>,
    /// When requests carry checksums.
    pub checksum: Option<String>,
    /// Where its url is set: file and line, or a variable.
    pub origin: String,
}

/// What a change of the remotes did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct RemoteChange {
    /// The remote, by the name that it has now.
    pub name: String,
    /// Its address.
    pub url: String,
    /// Whether it is meant when none is named.
    pub is_default: bool,
    /// Pointers that still name it by the name that it had.
    pub still_named_by: Vec<RepoPath>,
}

/// All remotes, by name.
pub fn remotes(project: &Project) -> Vec<RemoteReport> {
    let config = project.config();
    let all = config.remotes();
    let meant = config.default_remote().or(if let [only] = &all[..] { Some(&only.name) } else { None });
    let report = |remote: &config::Remote| RemoteReport {
        is_default: meant == Some(&remote.name),
        origin: config
            .get(&format!("remote.{}.url", remote.name))
            .map_or_else(String::new, |entry| entry.origin.to_string()),
        name: remote.name.clone(),
        url: remote.url.clone(),
        endpoint: remote.endpoint.clone(),
        region: remote.region.clone(),
        profile: remote.profile.clone(),
        checksum: remote.checksum.clone(),
    };
    all.iter().map(report).collect()
}

/// Adds a remote to the settings. No request is made.
///
/// # Errors
/// `RemoteExists`; `Argument` for a name or a url that makes no sense, or that holds a secret.
pub fn remote_add(project: &Project, options: &RemoteAddOptions) -> Result<RemoteChange, Error> {
    let name = &options.name;
    if let Some(known) = project.config().remote(name) {
        return Err(Error::RemoteExists { name: name.clone(), url: known.url });
    }
    let place = if options.is_local { Place::Clone } else { Place::Project };
    let url = url_from_root(project, &options.url);
    let fields = [
        ("url", Some(&url)),
        ("endpoint", options.endpoint.as_ref()),
        ("region", options.region.as_ref()),
        ("profile", options.profile.as_ref()),
        ("checksum", options.checksum.as_ref()),
    ];
    let mut settings = Vec::new();
    for (field, value) in fields {
        if let Some(value) = value {
            settings.push(setting(place, &format!("remote.{name}.{field}"), value, field == "url")?);
        }
    }
    check_address(project, &url, options)?;
    let is_default = options.is_default || project.config().remotes().is_empty();
    if is_default {
        settings.push(setting(place, "core.remote", name, false)?);
    }
    edit(project, place, |text| {
        settings.iter().try_fold(text.to_owned(), |text, (key, value)| config::set(&text, key, value))
    })?;
    Ok(RemoteChange { name: name.clone(), url, is_default, still_named_by: Vec::new() })
}

/// Takes a remote out of the settings. Its data stays where it is.
pub fn remote_remove(project: &Project, name: &str) -> Result<RemoteChange, Error> {
    let remote = known(project, name)?;
    edit_both(project, name, |text| config::remove_remote(text, name))?;
    let still_named_by = named_by(project, name)?;
    Ok(RemoteChange { name: name.to_owned(), url: remote.url, is_default: false, still_named_by })
}

/// Calls a remote `new` from now on.
pub fn remote_rename(project: &Project, old: &str, new: &str) -> Result<RemoteChange, Error> {
    let remote = known(project, old)?;
    if let Some(other) = project.config().remote(new) {
        return Err(Error::RemoteExists { name: new.to_owned(), url: other.url });
    }
    setting(Place::Clone, &format!("remote.{new}.url"), &remote.url, true)?;
    let is_default = project.config().default_remote() == Some(old);
    edit_both(project, old, |text| config::rename_remote(text, old, new))?;
    Ok(RemoteChange { name: new.to_owned(), url: remote.url, is_default, still_named_by: named_by(project, old)? })
}

/// Makes a remote the one that is meant when none is named.
pub fn remote_default(project: &Project, name: &str, is_local: bool) -> Result<RemoteChange, Error> {
    let remote = known(project, name)?;
    let place = if is_local { Place::Clone } else { Place::Project };
    let (key, value) = setting(place, "core.remote", name, false)?;
    edit(project, place, |text| config::set(text, &key, &value))?;
    Ok(RemoteChange { name: name.to_owned(), url: remote.url, is_default: true, still_named_by: Vec::new() })
}

fn known(project: &Project, name: &str) -> Result<config::Remote, Error> {
    let names = || project.config().remotes().into_iter().map(|remote| remote.name).collect();
    project.config().remote(name).ok_or_else(|| Error::UnknownRemote { name: name.to_owned(), known: names() })
}

/// The pointers in the worktree that name this remote.
fn named_by(project: &Project, name: &str) -> Result<Vec<RepoPath>, Error> {
    let all = pointed::in_worktree(project)?.into_iter();
    let naming = all.filter(|dataset| dataset.pointer.remote.as_deref() == Some(name));
    Ok(naming.map(|dataset| pointer_path(&dataset.path)).collect())
}

fn setting(place: Place, key: &str, value: &str, is_url: bool) -> Result<(Key, Value), Error> {
    // A url that is refused may hold a password: it is not said again.
    let given = if is_url { "url".to_owned() } else { value.to_owned() };
    let refused = |error: config::Refused| Error::Argument { given: given.clone(), reason: error.reason };
    let key = Key::parse(key).map_err(refused)?;
    let value = key.value(place, value).map_err(refused)?;
    Ok((key, value))
}

/// Relative folders are kept relative to the root of the worktree, so that they mean the same in each clone beside it.
fn url_from_root(project: &Project, url: &str) -> String {
    if url.contains("://") || url.is_empty() || Path::new(url).is_absolute() {
        return url.to_owned();
    }
    project.relative_to_root(Path::new(url)).display().to_string()
}

/// Refuses what no store can be opened with. A folder need not be there yet.
fn check_address(project: &Project, url: &str, options: &RemoteAddOptions) -> Result<(), Error> {
    let settings = StoreOptions {
        endpoint: options.endpoint.clone(),
        region: options.region.clone(),
        profile: options.profile.clone(),
        checksum: options.checksum.clone(),
    };
    match store::open(&project.absolute_url(url), &settings) {
        Err(error @ StoreError::Address { .. }) => Err(error.into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Edits the files of this project that know the remote.
fn edit_both(project: &Project, name: &str, change: impl Fn(&str) -> Result<String, FormatError>) -> Result<(), Error> {
    let changed = edit(project, Place::Project, &change)? | edit(project, Place::Clone, &change)?;
    if changed {
        return Ok(());
    }
    let entry = project.config().get(&format!("remote.{name}.url"));
    let origin = entry.map_or_else(String::new, |entry| entry.origin.to_string());
    Err(Error::Argument {
        given: name.to_owned(),
        reason: format!("it is set in {origin}, which is not this project's"),
    })
}

/// Rewrites one file of settings, and stages it if Git tracks it. Says whether anything changed.
fn edit(project: &Project, place: Place, change: impl Fn(&str) -> Result<String, FormatError>) -> Result<bool, Error> {
    let file = project.settings_file(place).expect("projects and clones have a file of settings");
    let in_file = |cause| Error::Settings { file: name_of(place), cause };
    let bytes = read_if_there(&file)?.unwrap_or_default();
    let old =
        String::from_utf8(bytes).map_err(|_| in_file(FormatError::damaged("configuration", "it is not UTF-8")))?;
    let new = change(&old).map_err(in_file)?;
    if new == old {
        return Ok(false);
    }
    let folder = file.parent().expect("a file of settings lies in a folder");
    fs::create_dir_all(folder).at("create", folder)?;
    replace_file(&file, new.as_bytes())?;
    if place == Place::Project && project.config().stages() {
        project.repo().stage(&[RepoPath::new(PROJECT_FILE.as_bytes())?])?;
    }
    Ok(true)
}

fn name_of(place: Place) -> PathBuf {
    if place == Place::Project { PROJECT_FILE.into() } else { ".git/esker/config.toml".into() }
}
