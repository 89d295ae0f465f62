//! What time it is by the clock of a store: the one by which all ages are told.

use std::time::SystemTime;

use crate::store::StoreError;

use super::super::dice::random;
use super::super::error::PackError;
use super::super::layout;
use super::super::open::PackStore;

/// Puts an object, sees when the store says that it came, and removes it; so are those that others left behind.
pub fn now(packs: &PackStore) -> Result<SystemTime, PackError> {
    let name = u64::from_le_bytes(*random().first_chunk().expect("there are 16 bytes"));
    let key = layout::clock(name);
    packs.store().put(&key, b"")?;
    let mut found = Vec::new();
    packs.store().list(layout::CLOCK, &mut |listed| found.push(listed))?;
    // A stray is as good as ours for the time; if ours is not there, some other collector took it for one.
    let now = found.iter().map(|listed| listed.modified).max();
    for listed in &found {
        packs.store().delete(&listed.key)?;
    }
    now.ok_or_else(|| StoreError::Missing { store: packs.name().to_owned(), key }.into())
}
