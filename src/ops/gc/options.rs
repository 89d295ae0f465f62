//! What a collection is asked to do.

use std::time::Duration;

use super::kept::Policy;

/// What to collect, and where.
#[derive(Debug, Clone, Default)]
pub struct GcOptions {
    /// Collect in a remote, and not in the cache; without a name in the default one.
    pub remote: Option<Option<String>>,
    /// Which commits keep their data. Without any, no root of a remote goes.
    pub policy: Policy,
    /// How old a pack must be, and how long a record must stand, before a pack goes.
    pub grace: Option<Duration>,
    /// Only say what would go.
    pub is_dry_run: bool,
    /// What cannot be undone is meant.
    pub is_confirmed: bool,
    /// Collect also in a cache that other clones may share.
    pub force: bool,
}

/// Packs of a remote stay so long.
const REMOTE_GRACE: Duration = Duration::from_secs(24 * 60 * 60);
/// Packs of the cache stay so long: a fetch may be about to use them.
const CACHE_GRACE: Duration = Duration::from_secs(60 * 60);

impl GcOptions {
    /// The grace that holds.
    pub fn grace(&self) -> Duration {
        let usual = if self.remote.is_some() { REMOTE_GRACE } else { CACHE_GRACE };
        self.grace.unwrap_or(usual)
    }
}
