//! `verify`: whether all that is named is there and right, which files suffer where it is not, and mending it.

mod examine;
mod ground;
mod history;
mod in_files;
mod names;
mod repair;
mod report;
mod sources;
mod verb;
mod walk;

pub use report::{Checked, DataChecked, Repaired, Suffering, VerifyOptions, VerifyReport};
pub use verb::verify;
