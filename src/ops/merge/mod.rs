//! Merging pointers file by file: for Git, and for whoever settles what Git could not.

mod bring;
mod clashes;
mod driver;
mod materialise;
mod resolve;
mod sides;
mod three;
mod verb;

pub use clashes::{Clashes, ClashingFile, clashes};
pub use driver::{MergeDriverOptions, MergeDriverReport, merge_driver};
pub use resolve::Resolved;
pub use verb::{ResolveOptions, ResolveReport, resolve};
