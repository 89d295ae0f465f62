//! The settings of Git that name the drivers for pointers. They are of a clone: no repository can bring them along.

use crate::git::Repo;

use super::super::error::Error;
use super::report::DriverState;

/// What is set. If esker cannot be run, a pointer is shown as it is; a merge is then a conflict.
const SETTINGS: [(&str, &str); 3] = [
    ("merge.esker.name", "pointers of esker, merged by file (esker hook merge)"),
    ("merge.esker.driver", "esker hook merge %O %A %B %P %S %X %Y"),
    ("diff.esker.textconv", "f() { esker hook textconv \"$1\" 2>/dev/null || cat \"$1\"; }; f"),
];
/// What each of our values has in it, in every release.
const OURS: &str = "esker hook ";

/// Whether Git calls esker for merges of pointers here.
pub fn merges(repo: &Repo) -> Result<bool, Error> {
    Ok(repo.config_get("merge.esker.driver")?.is_some_and(|value| value.contains(OURS)))
}

/// How all settings stand.
pub fn states(repo: &Repo) -> Result<Vec<DriverState>, Error> {
    let state = |(key, _): &(&str, &str)| {
        let is_set = repo.config_get(key)?.is_some_and(|value| value.contains(OURS));
        Ok(DriverState { key: (*key).to_owned(), is_set })
    };
    SETTINGS.iter().map(state).collect()
}

/// Sets what is not set yet. A value of the user stays. Says whether anything changed.
pub fn set(repo: &Repo) -> Result<bool, Error> {
    let mut is_changed = false;
    for (key, wanted) in SETTINGS {
        let old = repo.config_get(key)?;
        if old.as_deref().is_none_or(|old| old.contains(OURS) && old != wanted) {
            repo.config_set_local(key, wanted)?;
            is_changed = true;
        }
    }
    Ok(is_changed)
}

/// Removes what is ours.
pub fn unset(repo: &Repo) -> Result<bool, Error> {
    let mut is_changed = false;
    for (key, _) in SETTINGS {
        if repo.config_get(key)?.is_some_and(|value| value.contains(OURS)) {
            repo.config_unset_local(key)?;
            is_changed = true;
        }
    }
    Ok(is_changed)
}
