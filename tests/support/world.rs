//! A world for one test: own home, own Git settings, own clock, some clones, and the built program run in them.
//!
//! ```ignore
//! World::new().file("train.csv", rows(1000)).esker("add train.csv").ok().commit("one")
//!     .esker("push").ok().clone_as("bob").esker("pull").ok().prints("1 file");
//! ```

mod files;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::program::built;
use super::ran::Ran;
use super::remote::{Place, Remote};
use super::s3_server::S3Server;
use super::words::Words;

const GIT_SETTINGS: &str = "\
[user]\n\tname = Alice\n\temail = alice@example.org\n[init]\n\tdefaultBranch = main\n[commit]\n\tgpgsign = false\n\
[tag]\n\tgpgsign = false\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[advice]\n\tdetachedHead = false\n\
[protocol \"file\"]\n\tallow = always\n[push]\n\tautoSetupRemote = true\n[core]\n\tautocrlf = false\n";

/// The first second of every world: 2026-01-01, 00:00 UTC.
const BEGINNING: u64 = 1_767_225_600;

/// Everything that a test's programs see. Steps take and give it, so that a test reads as one sentence.
pub struct World {
    folder: TempDir,
    root: PathBuf,
    here: PathBuf,
    variables: Vec<(OsString, OsString)>,
    place: Option<Place>,
    input: Vec<u8>,
    minutes: u64,
    last: Option<Ran>,
}

/// How a world comes to be.
impl World {
    /// A repository in which `esker init --no-hooks` was run and committed, without a remote.
    pub fn new() -> World {
        World::git_only().esker("init --no-hooks").ok().commit("init")
    }

    /// The same with the hooks and drivers that `init` installs.
    pub fn hooked() -> World {
        World::git_only().esker("init").ok().commit("init")
    }

    /// The same with an empty default remote of this kind.
    pub fn hooked_on(remote: Remote) -> World {
        let world = World::hooked();
        let place = remote.open(&world.root);
        world.with_remote("origin", place).commit("remote")
    }

    /// The same with an empty default remote of this kind, named `origin`.
    pub fn on(remote: Remote) -> World {
        let world = World::new();
        let place = remote.open(&world.root);
        world.with_remote("origin", place).commit("remote")
    }

    /// As [`World::new`], in a folder of `above`: on the file system of that.
    pub fn at(above: &Path) -> World {
        let folder = tempfile::tempdir_in(above).unwrap();
        World::in_git(World::in_folder(folder)).esker("init --no-hooks").ok().commit("init")
    }

    /// An empty Git repository, named `alice`, that esker does not know.
    pub fn git_only() -> World {
        World::in_git(World::empty())
    }

    fn in_git(mut world: World) -> World {
        world.here = world.root.join("alice");
        fs::create_dir(&world.here).unwrap();
        world.git("init -q")
    }

    /// An empty folder, in no Git repository.
    pub fn empty() -> World {
        World::in_folder(tempfile::tempdir().unwrap())
    }

    fn in_folder(folder: TempDir) -> World {
        let root = folder.path().canonicalize().unwrap();
        for name in ["home", "tmp"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        fs::write(root.join("home/.gitconfig"), GIT_SETTINGS).unwrap();
        let variables = first_variables(&root);
        let here = root.join("empty");
        fs::create_dir(&here).unwrap();
        World { folder, root, here, variables, place: None, input: Vec::new(), minutes: 0, last: None }
    }

    /// The server behind the default remote, if that is a bucket: for faults and for its log.
    pub fn server(&self) -> Option<&S3Server> {
        self.place.as_ref()?.server.as_ref()
    }

    /// The world's own folder, above all clones.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Names `place` as the default remote.
    pub fn with_remote(mut self, name: &str, place: Place) -> World {
        self.variables.extend(place.variables.iter().map(|(name, value)| (name.into(), value.into())));
        let mut words = vec!["remote", "add", name, place.url.as_str(), "--default"];
        words.extend(place.words.iter().map(String::as_str));
        let mut world = self.esker(words).ok();
        world.place = Some(place);
        world
    }
}

/// Clones, and going from one to the other.
impl World {
    /// Sends all branches and tags to a bare repository that all clones share, past any hook.
    pub fn publish(mut self) -> World {
        let shared = self.root.join("shared.git");
        if !shared.exists() {
            self = self.git(["init", "-q", "--bare", shared.to_str().unwrap()]);
        }
        if self.git_output("remote").is_empty() {
            self = self.git(["remote", "add", "origin", shared.to_str().unwrap()]);
        }
        self.git("push -q --no-verify -u --all origin").git("push -q --no-verify --tags origin")
    }

    /// A bare repository that all clones share, to which nothing is sent yet.
    pub fn publish_nothing(self) -> World {
        let shared = self.root.join("shared.git");
        let world = self.git(["init", "-q", "--bare", shared.to_str().unwrap()]);
        world.git(["remote", "add", "origin", shared.to_str().unwrap()])
    }

    /// Publishes this clone, clones the shared repository as `name`, and goes there.
    pub fn clone_as(self, name: &str) -> World {
        let world = self.publish();
        let (from, to) = (world.root.join("shared.git"), world.root.join(name));
        let mut world = world.git(["clone", "-q", from.to_str().unwrap(), to.to_str().unwrap()]);
        world.here = to;
        world
    }

    /// Goes to the clone `name`, or to any other folder of the world (`alice/sub`).
    #[track_caller]
    pub fn go_to(mut self, name: &str) -> World {
        self.here = self.root.join(name);
        assert!(self.here.is_dir(), "{name} is no folder of this world");
        self
    }
}

/// Running programs.
impl World {
    /// Runs the program. What it answers must be looked at by `ok`, `exits`, `prints` or the like if it fails.
    #[track_caller]
    pub fn esker(mut self, words: impl Words) -> World {
        let words = words.words();
        let mut command = self.command();
        command.args(&words);
        self.run("esker", &words, command);
        self
    }

    /// Runs Git, which must succeed.
    #[track_caller]
    pub fn git(mut self, words: impl Words) -> World {
        let words = words.words();
        let mut command = self.program("git");
        command.args(&words);
        self.run("git", &words, command);
        self.ok()
    }

    /// Runs any other program (a shell, an editor); like `esker` in all else.
    #[track_caller]
    pub fn run_program(mut self, program: &str, words: impl Words) -> World {
        let words = words.words();
        let mut command = self.program(program);
        command.args(&words);
        self.run(program, &words, command);
        self
    }

    /// Commits what is staged, and allows an empty commit.
    #[track_caller]
    pub fn commit(self, message: &str) -> World {
        self.git(["commit", "-q", "--allow-empty", "-m", message])
    }

    /// What Git prints, without the last line's end; it must succeed.
    #[track_caller]
    pub fn git_output(&self, words: impl Words) -> String {
        let words = words.words();
        let ran = Ran::run(line("git", &words), self.program("git").args(&words), b"");
        ran.expect_code(0);
        String::from_utf8_lossy(&ran.stdout).trim_end().to_owned()
    }

    /// Gives `input` to the next program.
    pub fn input(mut self, input: impl AsRef<[u8]>) -> World {
        self.input = input.as_ref().to_vec();
        self
    }

    /// Sets an environment variable for all that follows.
    pub fn variable(mut self, name: &str, value: impl Into<OsString>) -> World {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.into(), value.into()));
        self
    }

    /// The program in this world, ready to be given words and started: for tests that kill it, or run two at once.
    pub fn command(&self) -> Command {
        self.program(built())
    }

    /// Any program in this world, in the folder where it stands.
    pub fn program(&self, program: impl AsRef<OsStr>) -> Command {
        let date = format!("{} +0000", BEGINNING + self.minutes * 60);
        let mut command = Command::new(program);
        command.current_dir(&self.here).env_clear().envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date);
        command
    }

    #[track_caller]
    fn run(&mut self, program: &str, words: &[OsString], mut command: Command) {
        if let Some(last) = &self.last {
            last.expect_looked_at();
        }
        // The clock goes on by a minute for each command, so that commits have an order.
        self.minutes += 1;
        self.last = Some(Ran::run(line(program, words), &mut command, &std::mem::take(&mut self.input)));
    }
}

/// What the last program answered.
impl World {
    /// It exited with code 0.
    #[track_caller]
    pub fn ok(self) -> World {
        self.exits(0)
    }

    /// It exited with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> World {
        self.last().expect_code(code);
        self
    }

    /// Its stdout has `part` in it (see [`World::shown`] for how paths and ids are written).
    #[track_caller]
    pub fn prints(self, part: &str) -> World {
        self.last().expect_printed(part, &self.root);
        self
    }

    /// Its stderr has `part` in it.
    #[track_caller]
    pub fn says(self, part: &str) -> World {
        self.last().expect_said(part, &self.root);
        self
    }

    /// Neither stdout nor stderr has `part` in it.
    #[track_caller]
    pub fn never_says(self, part: &str) -> World {
        assert!(!self.last().shown(&self.root).contains(part), "{part:?} was said{}", self.last());
        self
    }

    /// It printed nothing and said nothing.
    #[track_caller]
    pub fn says_nothing(self) -> World {
        assert!(self.last().stdout.is_empty() && self.last().stderr.is_empty(), "it said something{}", self.last());
        self
    }

    /// Its stdout as exactly one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        self.last().json()
    }

    /// All that it showed, for a snapshot: stdout, then stderr behind `! `, then an exit code that is not 0.
    /// The world's folder is written `$WORLD`, an id of 64 or 40 digits keeps 12.
    #[track_caller]
    pub fn shown(&self) -> String {
        self.last().look();
        self.last().shown(&self.root)
    }

    /// What it printed, byte for byte.
    #[track_caller]
    pub fn stdout(&self) -> &[u8] {
        &self.last().stdout
    }

    #[track_caller]
    fn last(&self) -> &Ran {
        self.last.as_ref().expect("a program was run before")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(last) = self.last.as_ref().filter(|_| !std::thread::panicking()) {
            last.expect_looked_at();
        }
    }
}

fn line(program: &str, words: &[OsString]) -> String {
    words.iter().fold(program.to_owned(), |line, word| format!("{line} {}", word.display()))
}

/// The whole environment of a world's programs: nothing of the tester's own reaches them but what finds programs.
fn first_variables(root: &Path) -> Vec<(OsString, OsString)> {
    let program = built();
    let built = program.parent().expect("a program lies in a folder");
    let found = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([built.to_owned()].into_iter().chain(std::env::split_paths(&found)));
    let mut variables: Vec<(OsString, OsString)> = vec![
        // Hooks call `esker` by its name.
        ("PATH".into(), path.expect("the path was split from one")),
        ("HOME".into(), root.join("home").into()),
        ("TMPDIR".into(), root.join("tmp").into()),
        ("GIT_CONFIG_NOSYSTEM".into(), "1".into()),
        ("GIT_TERMINAL_PROMPT".into(), "0".into()),
        ("AWS_EC2_METADATA_DISABLED".into(), "true".into()),
        ("TZ".into(), "UTC".into()),
        ("LC_ALL".into(), "C.UTF-8".into()),
    ];
    // Where a coverage run of the tests writes what it saw.
    variables.extend(std::env::var_os("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE".into(), file)));
    variables
}

#[test]
fn a_world_is_the_same_on_every_run_and_stands_alone() {
    let commit = || {
        let world = World::git_only().file("a.txt", "x").git("add a.txt").commit("one").clone_as("bob");
        assert_eq!(world.tree("").files(), ["a.txt"]);
        assert_eq!(world.git_output("config user.name"), "Alice");
        let world = world.file("b.txt", "y").git("add b.txt").commit("two").publish().go_to("alice").git("pull -q");
        world.git_output("rev-parse HEAD")
    };
    assert_eq!(commit(), commit());
}

#[test]
#[should_panic(expected = "this failed, and the story went on")]
fn a_failure_that_nobody_looked_at_ends_the_test() {
    let _ = World::git_only().run_program("false", "").git("status");
}
