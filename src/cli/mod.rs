//! The command line: arguments, text and JSON output, progress bars, exit codes.

// What a verb may use is whole before each verb uses it.
#![allow(dead_code)]

mod bars;
mod call;
mod chosen;
mod environment;
mod exit_code;
mod failure;
mod help;
mod ink;
mod interrupt;
mod options;
mod out;
mod run;
mod table;
mod verb;
mod verbs;

pub use run::main;
