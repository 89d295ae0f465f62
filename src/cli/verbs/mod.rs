//! A file for each verb: its options, and how it is asked and answered.

pub mod add;
pub mod cache;
pub mod checkout;
pub mod completions;
pub mod config;
pub mod fetch;
pub mod init;
pub mod man;
pub mod mv;
pub mod pull;
pub mod push;
pub mod remote;
pub mod rm;
