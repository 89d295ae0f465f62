//! One call of the program: the global options, the environment, who watches, how to answer.

use std::cell::Cell;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use serde::Serialize;

use super::bars::Bars;
use super::environment::{Environment, GitPlaces};
use super::exit_code::ExitCode;
use super::failure::Failure;
use super::ink::Inks;
use super::interrupt;
use super::options::Global;
use super::out::{Out, stdout_is_terminal};
use crate::base::{AtPath, Cancel, Job, RepoPath};
use crate::format::config::{Key, Layer, Place};
use crate::git::GitEnvironment;
use crate::ops::{Error, Project, Settings, use_threads};

/// What every verb is given: it lives from the parsed command line to the exit code.
pub struct Call {
    /// What the environment says.
    pub environment: Environment,
    folder: PathBuf,
    global: Global,
    bars: Bars,
    cancel: Cancel,
    /// `core.threads` of the project that was opened.
    configured_threads: Cell<Option<usize>>,
}

impl Call {
    /// Goes to the folder of `-C`, reads the environment, watches for Ctrl-C.
    ///
    /// # Errors
    /// The folder is not there; a variable makes no sense.
    pub fn begin(global: Global) -> Result<Call, Failure> {
        let environment = Environment::of_process()?;
        let folder = go_to(global.folder.as_deref()).map_err(Error::from)?;
        let is_terminal = io::stderr().is_terminal();
        let draws = is_terminal && environment.moves_cursor && !global.is_silent();
        let inks = Inks::new(environment.colours.wanted(is_terminal));
        let bars = Bars::new(draws, inks);
        let call =
            Call { environment, folder, global, bars, cancel: Cancel::default(), configured_threads: Cell::new(None) };
        call.watch(inks);
        Ok(call)
    }

    /// The folder in which the user stands: absolute, and the process's current one.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What an operation is told of this machine and this call.
    ///
    /// # Errors
    /// A variable that sets a key to what the key refuses.
    pub fn settings(&self) -> Result<Settings, Failure> {
        let mut environment = Layer::new(Place::Environment);
        for setting in &self.environment.settings {
            let refused = |reason: String| Error::Argument { given: setting.value.clone(), reason };
            let key = Key::parse(setting.key).map_err(|error| refused(error.to_string()))?;
            environment.add(key, &setting.value, setting.variable).map_err(|error| refused(error.to_string()))?;
        }
        let GitPlaces { dir, worktree, index } = self.environment.git.clone();
        Ok(Settings {
            from: self.folder.clone(),
            git: GitEnvironment { git_dir: dir, work_tree: worktree, index_file: index },
            user_file: self.environment.user_config.clone(),
            layers: vec![environment],
            cache_home: self.environment.user_cache.clone(),
        })
    }

    /// The project in which the user stands.
    pub fn project(&self) -> Result<Project, Failure> {
        let project = Project::open(&self.settings()?)?;
        self.configured_threads.set(project.config().threads());
        Ok(project)
    }

    /// What the user means by paths that they typed, from where they stand.
    pub fn paths(&self, project: &Project, typed: &[PathBuf]) -> Result<Vec<RepoPath>, Failure> {
        Ok(typed.iter().map(|path| project.path(path)).collect::<Result<_, Error>>()?)
    }

    /// What an operation is given besides its options.
    pub fn job(&self) -> Job<'_> {
        Job { events: &self.bars, cancel: &self.cancel, threads: self.threads() }
    }

    /// Whether the user wants to see more.
    pub fn is_verbose(&self) -> bool {
        self.global.verbose
    }

    /// Whether the answer is one JSON document.
    pub fn is_json(&self) -> bool {
        self.global.json
    }

    /// Says what was done: `text` for people unless they asked for quiet, or the report as JSON.
    pub fn tell(&self, report: &impl Serialize, text: impl FnOnce(&mut Out)) -> Result<ExitCode, Failure> {
        if self.global.quiet && !self.global.json { Ok(ExitCode::Done) } else { self.show(report, text) }
    }

    /// Shows what was asked for, quiet or not: `text` for people, or the report as JSON.
    pub fn show(&self, report: &impl Serialize, text: impl FnOnce(&mut Out)) -> Result<ExitCode, Failure> {
        let mut out = self.out();
        if self.global.json {
            out.json(report)
        } else {
            text(&mut out)
        }
        out.finish()?;
        Ok(ExitCode::Done)
    }

    /// Standard output, for what is too long to be held as a report. No bar is drawn from here on.
    pub fn out(&self) -> Out {
        self.bars.close();
        Out::stdout(Inks::new(self.environment.colours.wanted(stdout_is_terminal())))
    }

    /// Tells why this call failed, and gives the exit code.
    pub fn fail(&self, failure: &Failure) -> ExitCode {
        self.bars.close();
        tell(failure, self.global.json, Inks::new(self.environment.colours.wanted(io::stderr().is_terminal())));
        failure.exit_code()
    }

    fn watch(&self, inks: Inks) {
        let (bars, json) = (self.bars.clone(), self.global.json);
        interrupt::watch(&self.cancel, move || {
            bars.close();
            tell(&Failure::interrupted(), json, inks);
        });
    }

    /// How many threads compute: the option, else what the settings say, else one for each core.
    fn threads(&self) -> usize {
        let wanted = self.global.threads.map(usize::from).or(self.configured_threads.get());
        if let Some(threads) = wanted {
            use_threads(threads);
        }
        wanted.unwrap_or_else(|| available_parallelism().map_or(1, |cores| cores.get()))
    }
}

/// Tells why a call failed before it began.
pub fn fail_early(failure: &Failure, json: bool) -> ExitCode {
    let colours = Environment::of_process().map(|environment| environment.colours).unwrap_or_default();
    tell(failure, json, Inks::new(colours.wanted(io::stderr().is_terminal())));
    failure.exit_code()
}

fn tell(failure: &Failure, json: bool, inks: Inks) {
    if json { failure.tell_json() } else { failure.tell(inks) }
}

fn go_to(folder: Option<&Path>) -> Result<PathBuf, crate::base::PathError> {
    if let Some(folder) = folder {
        std::env::set_current_dir(folder).at("go to", folder)?;
    }
    std::env::current_dir().at("find", Path::new("."))
}
