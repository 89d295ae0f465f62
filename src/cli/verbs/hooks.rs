//! `esker hooks`: whether data follows Git in this clone.

use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::ink::Ink;
use crate::cli::out::Out;
use crate::cli::table::{Align, Cell, Table};
use crate::ops::{self, HookState, HooksReport};

/// Let data follow Git in this clone, or not
#[derive(clap::Args)]
#[command(after_help = "\
With the hooks, `git checkout`, `git switch`, `git merge`, `git pull` and
`git rebase` bring the data along, and `git push` sends data first. With the
drivers, Git merges pointers by file, and shows which files changed. What is in
the hooks already keeps running; `uninstall` leaves no trace. Each clone needs
this once, since Git lets no repository bring hooks along.

ESKER_SKIP_HOOKS=1 passes all of it over for one command.

Examples:
  esker hooks install
  esker hooks status
  esker hooks uninstall
  ESKER_SKIP_HOOKS=1 git checkout v1.0")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Put hooks and drivers into this clone, beside what is there
    Install,
    /// Take them out again
    Uninstall,
    /// Tell which of them are there
    Status,
}

/// Installs, takes out or shows.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let project = call.project()?;
    match args.what {
        What::Install => {
            let report = ops::hooks_install(&project)?;
            call.tell(&report, |out| {
                if !report.is_changed && report.is_whole() {
                    out.line("hooks and drivers are in place already");
                }
                tell_installed(&report, out);
            })
        }
        What::Uninstall => {
            let report = ops::hooks_uninstall(&project)?;
            let text = if report.is_changed { "took out hooks and drivers" } else { "no hooks and drivers are there" };
            call.tell(&report, |out| out.line(text))
        }
        What::Status => {
            let report = ops::hooks_status(&project)?;
            call.show(&report, |out| show(&report, out))
        }
    }
}

/// What was put in place, and what must be done by hand.
pub fn tell_installed(report: &HooksReport, out: &mut Out) {
    let names: Vec<&str> = of_state(report, HookState::Installed).map(|hook| hook.hook.name()).collect();
    if report.is_changed && !names.is_empty() {
        out.line(format_args!("installed hooks ({}) and drivers (merge, diff)", names.join(", ")));
    } else if report.is_changed {
        out.line("installed drivers (merge, diff)");
    }
    for hook in of_state(report, HookState::LeftAlone) {
        let reason = hook.reason.as_deref().unwrap_or_default();
        out.line(format_args!("the hook {} is left alone: {reason}", hook.hook));
        for line in hook.advice.iter().flat_map(|advice| advice.lines()) {
            out.line(format_args!("  {line}"));
        }
    }
}

fn of_state(report: &HooksReport, state: HookState) -> impl Iterator<Item = &ops::HookStatus> {
    report.hooks.iter().filter(move |hook| hook.state == state)
}

fn show(report: &HooksReport, out: &mut Out) {
    let mut table = Table::new([Align::Left, Align::Left, Align::Left]);
    for hook in &report.hooks {
        let (ink, state) = match hook.state {
            HookState::Installed => (Ink::Added, "installed"),
            HookState::ByHand => (Ink::Added, "installed by hand"),
            HookState::Outdated => (Ink::Changed, "outdated"),
            HookState::Absent => (Ink::Changed, "absent"),
            HookState::LeftAlone => (Ink::Deleted, "left alone"),
        };
        let detail = hook.reason.clone().unwrap_or_else(|| hook.file.display().to_string());
        table.row([hook.hook.name().into(), Cell::new(ink, state), detail.into()]);
    }
    for driver in &report.drivers {
        let (ink, state) = if driver.is_set { (Ink::Added, "set") } else { (Ink::Changed, "not set") };
        table.row([driver.key.as_str().into(), Cell::new(ink, state), "".into()]);
    }
    out.table("", &table);
    if !report.is_whole() {
        out.line("`esker hooks install` puts in place what is missing, and tells what must be done by hand");
    }
}
