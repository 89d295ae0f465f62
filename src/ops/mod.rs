//! The verbs: what a user asks for, each as a list of steps through the rooms below.

mod error;

pub use error::{Error, Kind};
