//! Where a file is cut: content-defined chunks, so that an insertion moves few cuts.

mod cuts;
mod gear;
mod params;

pub use cuts::{Candidate, Cutter, cuts};
pub use gear::{GEAR, WINDOW, candidates};
pub use params::{Params, V1};
