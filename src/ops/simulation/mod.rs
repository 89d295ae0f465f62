//! The real push and a real collector over a store in memory, whose faults, clock and order of requests a seed decides.
//!
//! Each actor has a thread. A turnstile in the store lets one request happen at a time, so that a seed replays exactly.

mod actors;
mod bucket;
mod cases;
pub mod dice;
mod run;
mod scene;
mod turnstile;
