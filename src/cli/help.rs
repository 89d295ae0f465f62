//! The help as people see it: verbs in groups, and what clap complains of in this program's own form.

use std::fmt::Write as _;

use clap::error::{ContextKind, ErrorKind};
use clap::{Command, CommandFactory};

use super::exit_code::{EXIT_CODES, ExitCode};
use super::failure::Failure;
use super::ink::help_styles;
use super::options::Esker;
use super::verb::GROUPS;

/// The whole command line, for parsing, help, completions and manual.
pub fn command() -> Command {
    let command = Esker::command().styles(help_styles());
    let verbs = grouped(&command);
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{verbs}\
        {}\n{{options}}{{after-help}}",
        heading("Global options:")
    );
    command.help_template(template).after_help(format!("{EXIT_CODES}\n\n`esker help VERB` tells more, with examples."))
}

/// The verbs, a group after the other.
fn grouped(command: &Command) -> String {
    let mut text = String::new();
    for (group, verbs) in GROUPS.iter().filter(|(_, verbs)| !verbs.is_empty()) {
        let _ = writeln!(text, "{}", heading(&format!("{group}:")));
        for verb in verbs.iter() {
            let found = command.find_subcommand(verb);
            if found.is_some_and(Command::is_hide_set) {
                continue;
            }
            let about = found.and_then(Command::get_about);
            let styles = help_styles();
            let literal = styles.get_literal();
            let _ = writeln!(text, "  {literal}{verb:11}{literal:#}  {}", about.cloned().unwrap_or_default());
        }
        text.push('\n');
    }
    text
}

fn heading(text: &str) -> String {
    let styles = help_styles();
    let style = styles.get_header();
    format!("{style}{text}{style:#}")
}

/// Shows the help to someone who typed the program's name alone.
pub fn show_all() -> ExitCode {
    // A reader that went away has seen enough.
    let _ = command().print_help();
    ExitCode::Usage
}

/// What clap has to say: help and version as they are, anything else as a failure.
///
/// # Errors
/// The command line makes no sense.
pub fn answer(error: &clap::Error) -> Result<(), Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader that went away has seen enough.
            let _ = error.print();
            Ok(())
        }
        _ => Err(complaint(error)),
    }
}

/// Turns what clap says (`error: …`, `  tip: …`, `Usage: …`) into message and hint.
fn complaint(error: &clap::Error) -> Failure {
    let rendered = error.render().to_string();
    let text = rendered.trim_start_matches("error: ");
    let line = |start: &str| text.lines().find_map(|line| line.trim_start().strip_prefix(start));
    let hint = match error.kind() {
        ErrorKind::InvalidSubcommand | ErrorKind::MissingSubcommand => line("tip: ").unwrap_or(ALL_VERBS),
        _ => line("tip: ").or(line("Usage: ")).unwrap_or(ALL_VERBS),
    };
    Failure::usage(message(error, text), Some(hint.trim().to_owned()))
}

const ALL_VERBS: &str = "`esker --help` lists all verbs";

fn message(error: &clap::Error, text: &str) -> String {
    match (error.kind(), error.get(ContextKind::InvalidSubcommand)) {
        (ErrorKind::InvalidSubcommand, Some(verb)) => format!("`{verb}` is not a verb of esker"),
        (ErrorKind::MissingSubcommand, _) => "no verb is given".to_owned(),
        _ => text.split("\n\n").next().unwrap_or(text).trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn every_verb_stands_in_one_group() {
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, verbs)| verbs.iter().copied()).collect();
        let command = command();
        let mut known: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        grouped.sort_unstable();
        known.sort_unstable();
        assert_eq!(grouped, known);
    }

    fn complaint_of(words: &str) -> (String, String) {
        let error = command().try_get_matches_from(words.split(' ')).unwrap_err();
        let failure = answer(&error).unwrap_err();
        (failure.message, failure.hint.unwrap())
    }

    #[test]
    fn a_complaint_says_what_to_type_next() {
        let told = |words, message: &str, hint: &str| {
            assert_eq!(complaint_of(words), (message.to_owned(), hint.to_owned()));
        };
        told("esker man --jsn", "unexpected argument '--jsn' found", "a similar argument exists: '--json'");
        told("esker maan", "`maan` is not a verb of esker", "a similar subcommand exists: 'man'");
        told("esker zzz", "`zzz` is not a verb of esker", ALL_VERBS);
        told("esker -q", "no verb is given", ALL_VERBS);
    }
}
