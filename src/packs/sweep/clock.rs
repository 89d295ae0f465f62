//! What time it is by the clock of a store: the one by which all ages are told.

use std::time::{Duration, SystemTime};

use crate::store::StoreError;

use super::super::dice::random;
use super::super::error::PackError;
use super::super::layout;
use super::super::open::PackStore;

/// What is older was left behind by a collector that died.
const STRAY: Duration = Duration::from_secs(60 * 60);

/// Puts an object, sees when the store says that it came, and removes it; so are those that others left behind. Those of
/// collectors that ask at the same time are theirs.
pub fn now(packs: &PackStore) -> Result<SystemTime, PackError> {
    let name = u64::from_le_bytes(*random().first_chunk().expect("there are 16 bytes"));
    let key = layout::clock(name);
    packs.store().put(&key, b"")?;
    let mut found = Vec::new();
    packs.store().list(layout::CLOCK, &mut |listed| found.push(listed))?;
    // Another is as good as ours for the time, if the listing is stale.
    let now = found.iter().map(|listed| listed.modified).max();
    let is_stray = |at: SystemTime| now.and_then(|now| now.duration_since(at).ok()).is_some_and(|age| age > STRAY);
    for listed in found.iter().filter(|listed| listed.key != key && is_stray(listed.modified)) {
        packs.store().delete(&listed.key)?;
    }
    packs.store().delete(&key)?;
    now.ok_or_else(|| StoreError::Missing { store: packs.name().to_owned(), key }.into())
}
