//! Whether a pack store holds what it says it holds, and mending it where it does not.

mod look;
mod mend;
mod pack;
mod read;
#[cfg(test)]
mod tests;

pub use look::{Fault, Flaw, Look, ObjectKind};
pub use mend::{IndexMended, drop_damaged_copies, transfer_good};
pub use read::DataRead;
