//! A file for each verb: its options, and how it is asked and answered.

pub mod add;
pub mod checkout;
pub mod completions;
pub mod fetch;
pub mod man;
pub mod pull;
pub mod push;
pub mod remote;
