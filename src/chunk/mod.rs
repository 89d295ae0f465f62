//! Where a file is cut: content-defined chunks, so that an insertion moves few cuts.

mod cuts;
mod gear;
mod params;

pub use cuts::{Candidate, cuts, ends};
pub use gear::{GEAR, WINDOW, candidates};
pub use params::{Params, V1};
