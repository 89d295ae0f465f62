//! Tests of every stored kind: bytes of old releases, and laws that hold for any bytes.

mod decoders;
mod golden;
mod harmless;
mod manifest;
mod memory;
mod properties;
mod shelf;
mod tree;
