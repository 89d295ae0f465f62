//! The protocol of docs/sharing.md, explored: every interleaving of pushes and collectors, request by request.
//!
//! That no loss is found would say little if none could be found: each rule is also broken, and must then lose data.

mod cases;
mod collect;
mod explore;
mod push;
mod rules;
mod state;
