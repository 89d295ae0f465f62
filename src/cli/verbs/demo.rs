//! `esker demo`: the whole main job on a small real data set, in a throw-away folder.

use std::cell::RefCell;
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use crate::cli::call::Call;
use crate::cli::demo::{Scene, Stage, play};
use crate::cli::exit_code::ExitCode;
use crate::cli::failure::Failure;
use crate::cli::ink::Ink;
use crate::cli::out::Out;

/// Show the whole job on a small real data set, in a throw-away folder
#[derive(clap::Args)]
#[command(after_help = "\
Runs each command for real, in a folder that is removed at the end, with a home
and Git settings of its own. Needs `git`, no network and a few seconds.

Examples:
  esker demo
  esker demo --keep /tmp/tour    then look around in /tmp/tour/project")]
pub struct Args {
    /// Play in DIR, and leave it there
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    folder: Option<PathBuf>,
    scenes: Vec<Scene>,
}

/// Plays the demo.
pub fn run(args: Args, call: &Call) -> Result<ExitCode, Failure> {
    let job = call.job();
    let cancelled = || job.check().map_err(|error| Failure::from(crate::ops::Error::from(error)));
    let shown = (!call.is_json()).then(|| call.out());
    let colours = shown.as_ref().is_some_and(Out::is_coloured);
    let stage = Stage::build(args.keep.as_deref(), colours)?;
    let out = RefCell::new(shown);
    let scenes = RefCell::new(Vec::new());
    play(
        &stage,
        |text| {
            let gap = if scenes.borrow().is_empty() { "" } else { "\n" };
            with(&out, |out| out.heading(&format!("{gap}# {text}")))
        },
        |scene| {
            cancelled()?;
            with(&out, |out| show(&scene, out))?;
            scenes.borrow_mut().push(scene);
            Ok(())
        },
    )?;
    if let Some(out) = out.into_inner() {
        out.finish()?;
        return Ok(ExitCode::Done);
    }
    let folder = args.keep.map(|_| stage.path(""));
    call.show(&Report { folder, scenes: scenes.into_inner() }, |_| {})
}

fn show(scene: &Scene, out: &mut Out) {
    let folder = if scene.folder.is_empty() { String::new() } else { format!("{} ", scene.folder) };
    out.line(format_args!("{}{}", out.paint(Ink::Faint, &format!("{folder}$ ")), scene.command));
    scene.output.lines().for_each(|line| out.line(line));
}

/// What is played is shown at once, not at the end.
fn with(out: &RefCell<Option<Out>>, show: impl FnOnce(&mut Out)) -> Result<(), Failure> {
    if let Some(out) = out.borrow_mut().as_mut() {
        show(out);
        // What fails here fails in `finish` as well.
        let _ = out.flush();
    }
    Ok(())
}
