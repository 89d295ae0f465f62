//! From the words of the command line to the exit code.

use std::ffi::OsString;
use std::process;

use super::call::{Call, fail_early};
use super::exit_code::ExitCode;
use super::help;
use super::options::{Esker, asks_for_json, parse};

/// Runs the program on the words that it was started with.
pub fn main() -> process::ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let code = match parse(&words) {
        Ok(asked) => run(asked),
        Err(_) if words.len() < 2 => help::show_all(),
        Err(error) => match help::answer(&error) {
            Ok(()) => ExitCode::Done,
            Err(failure) => fail_early(&failure, asks_for_json(&words)),
        },
    };
    code.into()
}

fn run(asked: Esker) -> ExitCode {
    let json = asked.global.json;
    match Call::begin(asked.global) {
        Ok(call) => asked.verb.run(&call).unwrap_or_else(|failure| call.fail(&failure)),
        Err(failure) => fail_early(&failure, json),
    }
}
