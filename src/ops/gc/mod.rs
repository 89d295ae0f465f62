//! `gc`: what nothing needs goes, from the cache and from remotes, and nothing else does.

mod files;
mod kept;
mod live;
mod local;
mod lock;
#[cfg(test)]
mod only_copies;
mod options;
mod remote;
mod report;
mod roots;
#[cfg(test)]
mod tests;
mod undo;
mod verb;

pub use kept::Policy;
pub use lock::CacheLock;
pub use options::GcOptions;
#[cfg(test)]
pub(super) use remote::{Collect, collect_from};
pub use report::{GcFile, GcReport, Restored, Swept, UndoReport};
#[cfg(test)]
pub(super) use roots::Fate;
pub use undo::gc_undo;
pub use verb::gc;
