//! `config`: settings, looked at and changed where they are written.

use std::fs;
use std::path::PathBuf;

use serde::Serialize;

use crate::base::{AtPath, RepoPath};
use crate::format::FormatError;
use crate::format::config::{self, Config, Entry, Key, Layer, Place, Refused};
use crate::git::{GitError, Repo};

use super::error::Error;
use super::project::{CLONE_FILE, CLONE_FILE_NAME, PROJECT_FILE, Project, Settings, layers};
use super::publish::{Undo, read_if_there};

/// One setting, and who set it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// The key: `core.remote`.
    pub key: String,
    /// The value, as `config_set` takes it.
    pub value: String,
    /// `user`, `project`, `clone`, `environment` or `command-line`.
    pub place: &'static str,
    /// The file and the line, or the variable.
    pub origin: String,
}

/// A change of a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingChange {
    /// The key.
    pub key: String,
    /// Its value in that file now; `None` if it was taken out.
    pub value: Option<String>,
    /// The file, as people call it.
    pub file: String,
    /// Whether the file changed.
    pub is_changed: bool,
    /// Who sets it to something else that wins over this file, if somebody does.
    pub hidden_by: Option<String>,
}

/// All settings that hold, by key; or those of one place.
pub fn config_list(settings: &Settings, place: Option<Place>) -> Result<Vec<Setting>, Error> {
    Ok(config(settings, place)?.entries().map(setting).collect())
}

/// What holds for `key`; or what one place says of it.
///
/// # Errors
/// `NotSet`; `Usage` for a key that esker does not know.
pub fn config_get(settings: &Settings, place: Option<Place>, key: &str) -> Result<Setting, Error> {
    let key = Key::parse(key).map_err(refused)?.to_string();
    let within = place.map(|place| file_name(settings, place));
    config(settings, place)?.get(&key).map(setting).ok_or(Error::NotSet { key, within })
}

/// Sets `key` in the file of `place`: `Project`, `Clone` or `User`. A file that Git tracks is staged.
///
/// # Errors
/// `Usage` for a key or a value that is refused, there or everywhere; `Settings` for a file that is wrong already.
pub fn config_set(settings: &Settings, place: Place, key: &str, value: &str) -> Result<SettingChange, Error> {
    let key = Key::parse(key).map_err(refused)?;
    let value = key.value(place, value).map_err(|error| refused_here(&key, place, value, error))?;
    let is_changed = change(settings, place, |text| config::set(text, &key, &value))?;
    report(settings, place, &key, Some(value.to_string()), is_changed)
}

/// Takes `key` out of the file of `place`.
///
/// # Errors
/// `NotSet` if the file does not set it.
pub fn config_unset(settings: &Settings, place: Place, key: &str) -> Result<SettingChange, Error> {
    let key = Key::parse(key).map_err(refused)?;
    let is_changed = change(settings, place, |text| Ok(config::unset(text, &key)?.unwrap_or_else(|| text.to_owned())))?;
    if !is_changed {
        return Err(Error::NotSet { key: key.to_string(), within: Some(file_name(settings, place)) });
    }
    report(settings, place, &key, None, is_changed)
}

fn config(settings: &Settings, place: Option<Place>) -> Result<Config, Error> {
    let repo = match Repo::discover(&settings.from, &settings.git) {
        // The user's own settings and variables hold everywhere.
        Err(GitError::NoRepository { .. }) if matches!(place, None | Some(Place::User)) => None,
        other => Some(other?),
    };
    let chosen = |layer: &Layer| place.is_none_or(|place| layer.place == place);
    Ok(Config::merge(layers(repo.as_ref(), settings)?.into_iter().filter(chosen).collect()))
}

fn setting(entry: &Entry) -> Setting {
    Setting {
        key: entry.key.to_string(),
        value: entry.value.to_string(),
        place: place_name(entry.origin.place),
        origin: entry.origin.to_string(),
    }
}

fn place_name(place: Place) -> &'static str {
    match place {
        Place::User => "user",
        Place::Project => "project",
        Place::Clone => "clone",
        Place::Environment => "environment",
        Place::CommandLine => "command-line",
    }
}

fn refused(error: Refused) -> Error {
    Error::usage(error.reason, Some("`esker help config` lists all keys"))
}

/// A value that is refused; if another place would take it, that is the hint.
fn refused_here(key: &Key, place: Place, value: &str, error: Refused) -> Error {
    let elsewhere = [(Place::Clone, "--local"), (Place::Project, "--project")];
    let taken = |other: &Place| *other != place && key.value(*other, value).is_ok();
    match elsewhere.iter().find(|(other, _)| taken(other)) {
        Some((_, option)) => Error::usage(error.reason, Some(&format!("`esker config set {option}` takes it"))),
        None => refused(error),
    }
}

fn report(
    settings: &Settings,
    place: Place,
    key: &Key,
    value: Option<String>,
    is_changed: bool,
) -> Result<SettingChange, Error> {
    let key = key.to_string();
    let holding = config(settings, None)?.get(&key).map(|entry| entry.origin.clone());
    let hidden_by = holding.filter(|origin| origin.place > place).map(|origin| origin.to_string());
    Ok(SettingChange { key, value, file: file_name(settings, place), is_changed, hidden_by })
}

/// Rewrites the file of one place. Says whether it changed.
fn change(
    settings: &Settings,
    place: Place,
    edit: impl FnOnce(&str) -> Result<String, FormatError>,
) -> Result<bool, Error> {
    let (file, project) = file(settings, place)?;
    let in_file = |cause| Error::Settings { file: file_name(settings, place).into(), cause };
    let bytes = read_if_there(&file)?;
    let text = bytes.as_deref().unwrap_or_default();
    // What is wrong already is told with its line, before anything is written.
    Layer::parse(place, "", text).map_err(in_file)?;
    let old = std::str::from_utf8(text).expect("it was parsed just now");
    let new = edit(old).map_err(in_file)?;
    if new == old {
        return Ok(false);
    }
    let folder = file.parent().expect("a file of settings lies in a folder");
    fs::create_dir_all(folder).at("make", folder)?;
    let mut undo = Undo::default();
    undo.replace(file, bytes, new.as_bytes())?;
    let staged = project.as_ref().map_or(Ok(()), stage);
    if staged.is_err() {
        undo.put_back();
    }
    staged.map(|()| true)
}

fn file(settings: &Settings, place: Place) -> Result<(PathBuf, Option<Project>), Error> {
    if place == Place::User {
        let no_home = || Error::usage("there is no place for your own settings: HOME is not set", None);
        return Ok((settings.user_file.clone().ok_or_else(no_home)?, None));
    }
    let repo = Repo::discover(&settings.from, &settings.git)?;
    if place == Place::Clone {
        return Ok((repo.common_dir().join(CLONE_FILE), None));
    }
    let project = Project::open(settings)?;
    Ok((project.root().join(PROJECT_FILE), Some(project)))
}

fn file_name(settings: &Settings, place: Place) -> String {
    match place {
        Place::Project => PROJECT_FILE.to_owned(),
        Place::Clone => CLONE_FILE_NAME.to_owned(),
        Place::User => settings.user_file.as_ref().map_or_else(String::new, |file| file.display().to_string()),
        Place::Environment | Place::CommandLine => place_name(place).to_owned(),
    }
}

fn stage(project: &Project) -> Result<(), Error> {
    if project.config().stages() {
        project.repo().stage(&[RepoPath::new(PROJECT_FILE.as_bytes())?])?;
    }
    Ok(())
}
