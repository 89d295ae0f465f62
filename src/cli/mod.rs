//! The command line: arguments, text and JSON output, progress bars, exit codes.

mod age;
mod bars;
mod call;
mod chosen;
mod date;
mod demo;
mod environment;
mod exit_code;
mod failure;
mod help;
mod ink;
mod interrupt;
mod near;
mod options;
mod out;
mod revisions;
mod run;
mod status_page;
mod table;
mod told;
mod verb;
mod verbs;

pub use run::main;
