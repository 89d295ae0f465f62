//! What the tests stand on: a world of their own, stores that fail on purpose, a bucket in this process.

pub mod faulty_store;
pub mod s3_server;
pub mod world;
