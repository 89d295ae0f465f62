//! What `esker demo` plays: a small real data set in two versions, a stage for it, and the scenes.

mod data;
mod scenes;
mod stage;

pub use scenes::play;
pub use stage::{Scene, Stage};
