//! `esker doctor`: whether all is as esker needs it.

use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::ink::Ink;
use crate::cli::out::Out;
use crate::cli::table::{Align, Cell, Table};
use crate::ops::{self, DoctorReport, Health};

/// Check that all is as esker needs it, and say what to do where it is not
#[derive(clap::Args)]
#[command(after_help = "\
Looks at Git, settings, pointers, ignore lines, the cache and its disk, the clock
and the remotes. Changes nothing and asks no remote (`esker remote check` does).
Exits with 3 if something fails; a warning is no failure.

Examples:
  esker doctor
  esker doctor --json")]
pub struct Args {}

/// Looks, and tells.
pub fn run(_: Args, call: &Call) -> Result<ExitCode, Failure> {
    let report = ops::doctor(&call.settings()?, &call.job())?;
    call.show(&report, |out| show(&report, out))?;
    Ok(if report.state == Health::Fail { ExitCode::State } else { ExitCode::Done })
}

fn show(report: &DoctorReport, out: &mut Out) {
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    for check in &report.checks {
        let (word, ink) = match check.state {
            Health::Ok => ("ok", Ink::Added),
            Health::Warn => ("warn", Ink::Changed),
            Health::Fail => ("fail", Ink::Deleted),
        };
        table.row([Cell::new(ink, word), check.name.into(), check.message.as_str().into()]);
    }
    out.table("", &table);
    for check in &report.checks {
        if let Some(hint) = &check.hint {
            out.line(format_args!("{} {}: {hint}", out.paint(Ink::Hint, "hint:"), check.name));
        }
    }
}
