//! Why a call failed, and how that is told: `error:` and `hint:` lines, or one JSON document.

use std::io::{self, Write};

use serde::Serialize;

use super::exit_code::ExitCode;
use super::ink::{Ink, Inks, plain};
use crate::base::Cancelled;
use crate::ops::{Error, Kind};

/// An error as people and programs are told of it.
#[derive(Debug)]
pub struct Failure {
    /// What, which, where: cause. May have several lines, of which the first stands alone.
    pub message: String,
    /// What to do about it; says the exit code.
    pub kind: Kind,
    /// The next command to type.
    pub hint: Option<String>,
}

impl Failure {
    /// A command line that makes no sense.
    pub fn usage(message: impl Into<String>, hint: Option<String>) -> Failure {
        Failure { message: message.into(), kind: Kind::Usage, hint }
    }

    /// Standard output took no more; a reader that went away is not a failure (see [`super::out::Out`]).
    pub fn output(source: &io::Error) -> Failure {
        let message = format!("cannot write to standard output: {source}");
        Failure { message, kind: Kind::State, hint: None }
    }

    /// The program was asked to stop.
    pub fn interrupted() -> Failure {
        Error::from(Cancelled).into()
    }

    /// How the program ends because of this.
    pub fn exit_code(&self) -> ExitCode {
        self.kind.into()
    }

    /// Tells people, on stderr.
    pub fn tell(&self, inks: Inks) {
        // Nobody is left to be told that stderr failed.
        let _ = io::stderr().write_all(self.text(inks).as_bytes());
    }

    /// Tells programs, on stdout.
    pub fn tell_json(&self) {
        let _ = writeln!(io::stdout(), "{}", self.json());
    }

    fn text(&self, inks: Inks) -> String {
        // Names and answers of servers come from elsewhere: they must not steer the terminal.
        let mut text = format!("{} {}\n", inks.paint(Ink::Error, "error:"), plain(&self.message));
        if let Some(hint) = &self.hint {
            text.push_str(&format!("{} {}\n", inks.paint(Ink::Hint, "hint:"), plain(hint)));
        }
        text
    }

    fn json(&self) -> String {
        let exit_code = self.exit_code() as u8;
        let error = Told { message: &self.message, kind: self.kind, hint: self.hint.as_deref(), exit_code };
        serde_json::to_string(&Document { error }).expect("text and numbers are always JSON")
    }
}

/// See docs/json.md, which is a promise.
#[derive(Serialize)]
struct Document<'a> {
    error: Told<'a>,
}

#[derive(Serialize)]
struct Told<'a> {
    message: &'a str,
    kind: Kind,
    hint: Option<&'a str>,
    exit_code: u8,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure { message: error.to_string(), kind: error.kind(), hint: error.hint() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_and_its_hint_are_told_without_control_characters() {
        let failure = Failure::usage("no such path: a\x1b[31m\nb", Some("esker ls".to_owned()));
        assert_eq!(failure.text(Inks::none()), "error: no such path: a\\u{1b}[31m\nb\nhint: esker ls\n");
    }

    #[test]
    fn json_tells_kind_and_code() {
        let wanted = r#"{"error":{"message":"interrupted","kind":"cancelled","hint":"run the same command again: it goes on where it stopped","exit_code":130}}"#;
        assert_eq!(Failure::interrupted().json(), wanted);
    }
}
