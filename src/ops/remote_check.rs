//! `remote check`: whether a remote can be written, read, listed and cleaned up, and how fast it answers.

use std::time::Instant;

use serde::Serialize;

use crate::packs::PackStore;
use crate::store::{Key, Store, StoreError};

use super::error::Error;
use super::project::Project;

/// What a remote can do.
#[derive(Debug, Clone, Serialize)]
pub struct RemoteCheck {
    /// What the project calls it.
    pub remote: String,
    /// Where it is.
    pub store: String,
    /// Whether all went well.
    pub is_good: bool,
    /// Each thing that was tried, in order.
    pub tries: Vec<Try>,
}

/// One thing that was tried.
#[derive(Debug, Clone, Serialize)]
pub struct Try {
    /// What.
    pub what: Deed,
    /// How long it took, in milliseconds.
    pub millis: f64,
    /// Why it failed, if it did.
    pub problem: Option<String>,
}

/// What a verb needs of a remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Storing an object.
    Write,
    /// Getting back what was stored.
    Read,
    /// Listing it.
    List,
    /// Removing it.
    Delete,
    /// Understanding what others stored there.
    Open,
}

/// Stores a small object of a name that nobody else uses, reads, lists and removes it; then reads what is there.
///
/// # Errors
/// Only for a remote that the project does not know: what the remote itself refuses is in the report.
pub fn remote_check(project: &Project, name: Option<&str>) -> Result<RemoteCheck, Error> {
    let settings = project.remote_settings(name)?;
    let store = project.absolute_url(&settings.url);
    let tries = match project.remote_to_write(Some(&settings.name)) {
        Ok(remote) => try_all(&remote.packs),
        Err(Error::Store(error)) => vec![Try { what: Deed::Write, millis: 0.0, problem: Some(error.to_string()) }],
        Err(error) => return Err(error),
    };
    let is_good = tries.iter().all(|tried| tried.problem.is_none());
    Ok(RemoteCheck { remote: settings.name, store, is_good, tries })
}

fn try_all(packs: &PackStore) -> Vec<Try> {
    let store = packs.store();
    let (key, body) = probe();
    let mut tries = vec![tried(Deed::Write, || text(store.put(&key, &body)))];
    let is_written = tries[0].problem.is_none();
    if is_written {
        tries.push(tried(Deed::Read, || read(store, &key, &body)));
    }
    tries.push(tried(Deed::List, || list(store, &key, is_written)));
    if is_written {
        tries.push(tried(Deed::Delete, || text(store.delete(&key))));
    }
    tries.push(tried(Deed::Open, || packs.refresh(false).map_err(|error| error.to_string())));
    tries
}

fn tried(what: Deed, deed: impl FnOnce() -> Result<(), String>) -> Try {
    let begun = Instant::now();
    let problem = deed().err();
    Try { what, millis: begun.elapsed().as_secs_f64() * 1000.0, problem }
}

fn text(answer: Result<(), StoreError>) -> Result<(), String> {
    answer.map_err(|error| error.to_string())
}

/// An object beside all that packs need, so that no pack, index or root is ever taken for it.
fn probe() -> (Key, [u8; 16]) {
    let mut body = [0; 16];
    getrandom::fill(&mut body).expect("the system gives random bytes");
    let key = format!("check/{:032x}", u128::from_le_bytes(body));
    (Key::new(key).expect("a word and hex digits make a key"), body)
}

fn read(store: &dyn Store, key: &Key, body: &[u8]) -> Result<(), String> {
    let whole = store.get(key, body.len() as u64).map_err(|error| error.to_string())?;
    let part = store.read(key, 3..7).map_err(|error| error.to_string())?;
    if whole == body && part == body[3..7] { Ok(()) } else { Err("what came back is not what was stored".to_owned()) }
}

fn list(store: &dyn Store, key: &Key, is_written: bool) -> Result<(), String> {
    let mut is_listed = false;
    store.list("check/", &mut |listed| is_listed |= listed.key == *key).map_err(|error| error.to_string())?;
    if is_listed || !is_written { Ok(()) } else { Err("what was stored is not listed".to_owned()) }
}
