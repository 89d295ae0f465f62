//! A file for each verb: its options, and how it is asked and answered.

pub mod add;
pub mod cache;
pub mod cat;
pub mod checkout;
pub mod completions;
pub mod config;
pub mod demo;
pub mod diff;
pub mod doctor;
pub mod du;
pub mod fetch;
pub mod gc;
pub mod hook;
pub mod hooks;
pub mod init;
pub mod log;
pub mod ls;
pub mod man;
pub mod mv;
pub mod pull;
pub mod push;
pub mod remote;
pub mod resolve;
pub mod rm;
pub mod status;
pub mod verify;
