//! Removing what nothing needs, from the cache and from remotes: condemn, wait, look again, rescue, remove.
//!
//! docs/sharing.md says what a collector owes to those who push at the same time. What is needed is told from above: this
//! room knows nothing of roots' meaning, of Git, or of pointers.

mod choice;
mod clock;
mod id_set;
mod in_order;
mod phases;
mod removing;
mod rescue;
mod select;
mod stock;
#[cfg(test)]
mod tests;

pub use choice::Choice;
pub use id_set::IdSet;
pub use phases::{Removed, Sweep};
