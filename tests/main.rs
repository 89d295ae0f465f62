//! All integration tests, in one binary so that the program is linked once.

#![allow(clippy::unwrap_used)]

mod cli;
mod crash;
mod format;
mod house;
mod model;
mod store;
mod stories;
mod support;
