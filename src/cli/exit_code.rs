//! How the program ends: one number for each kind of end, the same for every verb.

use crate::ops::Kind;

/// A way to end. Scripts rely on the numbers: they never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// What was asked is done.
    Done = 0,
    /// Differences were found, and `--exit-code` asked to tell so.
    Differs = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// The project or this machine stands in the way.
    State = 3,
    /// A remote is not reachable or says no.
    Remote = 4,
    /// Data is missing or damaged.
    Damage = 5,
    /// Ctrl-C, or the signal to end.
    Interrupted = 130,
}

/// The same list for people: it stands below the help, in the manual and in docs/command-line.md.
pub const EXIT_CODES: &str = "\
Exit codes:
  0    done
  1    differences found (with --exit-code)
  2    the command line makes no sense
  3    the project's state stands in the way
  4    a remote is not reachable, or refuses
  5    data is missing or damaged
  130  interrupted";

impl From<Kind> for ExitCode {
    fn from(kind: Kind) -> ExitCode {
        match kind {
            Kind::Usage => ExitCode::Usage,
            Kind::State => ExitCode::State,
            Kind::Remote => ExitCode::Remote,
            Kind::Damage => ExitCode::Damage,
            Kind::Cancelled => ExitCode::Interrupted,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> std::process::ExitCode {
        std::process::ExitCode::from(code as u8)
    }
}
