//! What the tests stand on: a world of their own, stores that fail on purpose, a bucket in this process.

// Each story uses a part of this; what only a later story needs must not stop the build.
#![allow(dead_code)]

pub mod data;
pub mod faulty_store;
pub mod program;
pub mod ran;
pub mod remote;
pub mod s3_server;
pub mod tree;
pub mod words;
pub mod world;
