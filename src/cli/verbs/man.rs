//! `esker man`: the manual, as one page or as a page for each verb.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Command;
use clap_mangen::Man;

use crate::base::{AtPath, replace_file};
use crate::cli::call::Call;
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::help;
use crate::ops::Error;

/// Print the manual, or write it as a page for each verb
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  esker man | man -l -                        read the whole manual
  esker man --dir ~/.local/share/man/man1     then `man esker-push` works")]
pub struct Args {
    /// Write the pages into DIR, which is made if it is not there
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints the manual, or writes its pages.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let commands = all();
    match args.dir {
        Some(dir) => write_pages(&dir, &commands)?,
        None => {
            let mut out = call.out();
            // What fails here fails in `finish` as well.
            let _ = out.write_all(whole(&commands).as_bytes());
            out.finish()?;
        }
    }
    Ok(ExitCode::Done)
}

/// The program, then its verbs and theirs in turn.
fn all() -> Vec<Command> {
    let mut top = help::command().disable_help_subcommand(true);
    top.build();
    let mut commands = vec![top.clone()];
    top.get_subcommands().for_each(|verb| collect(verb, &mut commands));
    commands
}

fn collect(verb: &Command, commands: &mut Vec<Command>) {
    // What every verb has is told once, in the program's own page.
    let own = verb.clone().mut_args(|arg| {
        let is_common = arg.is_global_set() || arg.get_id() == "help";
        arg.hide(is_common)
    });
    commands.push(own);
    verb.get_subcommands().for_each(|verb| collect(verb, commands));
}

fn write_pages(dir: &Path, commands: &[Command]) -> Result<(), Error> {
    std::fs::create_dir_all(dir).at("make", dir)?;
    for command in commands {
        let man = Man::new(command.clone());
        replace_file(&dir.join(man.get_filename()), rendered(|to| man.render(to)).as_bytes())?;
    }
    Ok(())
}

/// One page: the program's own, and a section for each verb.
fn whole(commands: &[Command]) -> String {
    let (top, verbs) = commands.split_first().expect("the program is the first");
    let page = rendered(|to| Man::new(top.clone()).render(to));
    verbs.iter().fold(page, |page, verb| page + &section(verb))
}

fn section(verb: &Command) -> String {
    let man = Man::new(verb.clone());
    let body = rendered(|to| {
        man.render_synopsis_section(to)?;
        man.render_description_section(to)?;
        man.render_options_section(to)?;
        man.render_extra_section(to)
    });
    let name = verb.get_bin_name().unwrap_or(verb.get_name()).to_uppercase();
    format!(".SH \"{name}\"\n{}", body.replace(".SH ", ".SS "))
}

/// A page or a part of one; what stands below the help gets a heading of its own.
fn rendered(render: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
    let mut bytes = Vec::new();
    render(&mut bytes).expect("writing to memory does not fail");
    let text = String::from_utf8(bytes).expect("help texts are UTF-8");
    text.replace(".SH EXTRA\nExamples:", ".SH EXAMPLES").replace(".SH EXTRA\nExit codes:", ".SH \"EXIT CODES\"")
}
