//! `diff`: what changed in each dataset between two moments.

mod fresh;
mod report;
mod sides;
mod verb;

pub use report::{DatasetChange, DatasetDiff, DiffOptions, DiffReport, State};
pub use verb::diff;
