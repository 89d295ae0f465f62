//! Tests of every stored kind: bytes of old releases, and laws that hold for any bytes.

mod golden;
mod manifest;
mod memory;
mod properties;
mod shelf;
mod tree;
