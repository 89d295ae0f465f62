//! Data follows Git, and goes before commits: what hooks do, and how they and the drivers come into a clone.

mod drivers;
mod follow;
mod install;
mod large;
mod place;
mod pre_push;
mod report;

pub use drivers::merges;
pub use follow::{FollowReport, Followed, Problem, follow};
pub use install::{hooks_install, hooks_status, hooks_uninstall};
pub use large::{LARGE, LargeFile, large_staged};
pub use pre_push::{PrePushOptions, PrePushReport, pre_push};
pub use report::{DriverState, HookState, HookStatus, HooksReport};
