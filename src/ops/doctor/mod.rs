//! `doctor`: whether all is as esker needs it, and what to do where it is not.

mod check;
mod datasets;
mod examine;
mod machine;
mod remotes;

pub use check::{Check, DoctorReport, Health};
pub use examine::doctor;
