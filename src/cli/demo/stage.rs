//! Where the demo is played: a folder of its own, with its own home and its own settings of Git.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Serialize;

use crate::base::{AtPath, PathError};
use crate::cli::failure::Failure;
use crate::ops::{Error, Kind};

/// Nothing of the user's own settings changes what is played.
const GIT_SETTINGS: &str = "[user]\n\tname = Esker Demo\n\temail = demo@example.org\n[init]\n\tdefaultBranch = main\n\
[core]\n\tautocrlf = false\n[advice]\n\tdetachedHead = false\n[commit]\n\tgpgsign = false\n";

/// A folder that is removed when this is dropped, unless it is to be kept.
pub struct Stage {
    folder: PathBuf,
    program: PathBuf,
    is_kept: bool,
    colours: bool,
}

/// One command and what it said.
#[derive(Debug, Clone, Serialize)]
pub struct Scene {
    /// As it would be typed.
    pub command: String,
    /// The folder in which it ran, relative to that of the demo.
    pub folder: String,
    /// All that it printed.
    pub output: String,
}

impl Stage {
    /// Sets up `kept`, which must be empty or not there; else a folder of the system for temporary files.
    pub fn build(kept: Option<&Path>, colours: bool) -> Result<Stage, Failure> {
        let program = std::env::current_exe().at("find", Path::new("esker")).map_err(Error::from)?;
        let folder = match kept {
            Some(folder) => folder.to_owned(),
            None => std::env::temp_dir().join(format!("esker-demo-{:016x}", random()?)),
        };
        if fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) {
            let message = format!("{} is not empty", folder.display());
            return Err(Failure::usage(message, Some("name a folder that is not there yet".to_owned())));
        }
        let is_kept = kept.is_some();
        let home = folder.join("home");
        let made = || -> Result<PathBuf, PathError> {
            fs::create_dir_all(&home).at("make", &home)?;
            fs::write(home.join(".gitconfig"), GIT_SETTINGS).at("write", &home)?;
            fs::canonicalize(&folder).at("find", &folder)
        };
        let folder = made().map_err(Error::from)?;
        Ok(Stage { folder, program, is_kept, colours })
    }

    /// Where `path` lies.
    pub fn path(&self, path: &str) -> PathBuf {
        // Joining nothing would add a `/`.
        if path.is_empty() { self.folder.clone() } else { self.folder.join(path) }
    }

    /// Runs `esker WORDS` or `git WORDS` in a folder of the stage.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn run(&self, folder: &str, words: &[&str]) -> Result<(Scene, bool), Failure> {
        let (name, words) = words.split_first().expect("a command has a name");
        let program = if *name == "esker" { self.program.as_path() } else { Path::new(name) };
        let mut command = Command::new(program);
        command.args(words).current_dir(self.path(folder)).env_clear().envs(self.variables()).stdin(Stdio::null());
        let output = command.output().map_err(|error| missing(name, &error))?;
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        let scene = Scene { command: line(name, words), folder: folder.to_owned(), output: text };
        Ok((scene, output.status.success()))
    }

    fn variables(&self) -> Vec<(OsString, OsString)> {
        let taken = ["PATH", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SystemRoot", "LLVM_PROFILE_FILE"];
        let taken = taken.iter().filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
        let mut variables: Vec<(OsString, OsString)> = taken.collect();
        variables.push(("HOME".into(), self.path("home").into()));
        variables.push(("GIT_CONFIG_NOSYSTEM".into(), "1".into()));
        variables.push(("GIT_TERMINAL_PROMPT".into(), "0".into()));
        if self.colours {
            variables.push(("CLICOLOR_FORCE".into(), "1".into()));
        }
        variables
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !self.is_kept {
            // A folder for temporary files is swept by the system at last.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

fn random() -> Result<u64, Failure> {
    let mut bytes = [0; 8];
    let filled = getrandom::fill(&mut bytes).map_err(|_| std::io::Error::other("no random bytes"));
    filled.at("make", Path::new("a folder for the demo")).map_err(Error::from)?;
    Ok(u64::from_le_bytes(bytes))
}

fn missing(name: &str, error: &std::io::Error) -> Failure {
    let message = format!("cannot run `{name}`, which the demo needs: {error}");
    Failure { message, kind: Kind::State, hint: Some(format!("install {name}, then try again")) }
}

fn line(name: &str, words: &[&str]) -> String {
    words.iter().fold(name.to_owned(), |line, word| match word.contains(' ') {
        true => format!("{line} '{word}'"),
        false => format!("{line} {word}"),
    })
}
