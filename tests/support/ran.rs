//! One command that was run: what it said and how it ended, and that somebody looked at it.

use std::cell::Cell;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// No command of a test takes longer, unless it hangs.
const LIMIT: Duration = Duration::from_secs(300);

/// A command that has ended.
pub struct Ran {
    /// The command line, for messages.
    pub line: String,
    /// The exit code; 128 + the signal that killed it.
    pub code: i32,
    /// What it printed, byte for byte.
    pub stdout: Vec<u8>,
    /// What it said besides, byte for byte.
    pub stderr: Vec<u8>,
    looked: Cell<bool>,
}

impl Ran {
    /// Runs `command` to its end, with `input` as its standard input. Panics if it hangs.
    pub fn run(line: String, command: &mut Command, input: &[u8]) -> Ran {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot run {line}: {error}"));
        let mut stdin = child.stdin.take().expect("piped above");
        let (mut out, mut err) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let status = thread::scope(|scope| {
            // A program that does not read its input closes it, which is no fault.
            scope.spawn(move || stdin.write_all(input));
            scope.spawn(|| out.read_to_end(&mut stdout));
            scope.spawn(|| err.read_to_end(&mut stderr));
            let deadline = Instant::now() + LIMIT;
            loop {
                if let Some(status) = child.try_wait().unwrap() {
                    break status;
                }
                if Instant::now() > deadline {
                    child.kill().unwrap();
                    panic!("{line} did not end within {LIMIT:?}");
                }
                thread::sleep(Duration::from_millis(2));
            }
        });
        Ran { line, code: code(status), stdout, stderr, looked: Cell::new(false) }
    }

    /// Panics unless the exit code is `wanted`.
    #[track_caller]
    pub fn expect_code(&self, wanted: i32) {
        self.looked.set(true);
        assert!(self.code == wanted, "wanted exit code {wanted}{self}");
    }

    /// Panics if this failed and no test asked how it ended.
    #[track_caller]
    pub fn expect_looked_at(&self) {
        assert!(self.code == 0 || self.looked.get(), "this failed, and the story went on{self}");
    }

    /// Says that somebody knows how this ended.
    pub fn look(&self) {
        self.looked.set(true);
    }

    /// Panics unless stdout has `part` in it.
    #[track_caller]
    pub fn expect_printed(&self, part: &str, world: &Path) {
        assert!(steady(&self.stdout, world).contains(part), "stdout lacks {part:?}{self}");
    }

    /// Panics unless stderr has `part` in it.
    #[track_caller]
    pub fn expect_said(&self, part: &str, world: &Path) {
        assert!(steady(&self.stderr, world).contains(part), "stderr lacks {part:?}{self}");
    }

    /// Stdout, read as exactly one JSON document.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is not one JSON value: {error}{self}"))
    }

    /// Everything that a user saw, for a snapshot: stdout, then stderr behind `! `, then the code if it is not 0.
    pub fn shown(&self, world: &Path) -> String {
        let mut text = steady(&self.stdout, world);
        for line in steady(&self.stderr, world).lines() {
            text.push_str(&format!("! {line}\n"));
        }
        if self.code != 0 {
            text.push_str(&format!("exit code {}\n", self.code));
        }
        text
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (stdout, stderr) = (String::from_utf8_lossy(&self.stdout), String::from_utf8_lossy(&self.stderr));
        write!(f, "\n$ {}\n-- exit code {}, stdout:\n{stdout}\n-- stderr:\n{stderr}\n--", self.line, self.code)
    }
}

fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().expect("a process ends by a code or a signal"))
}

/// The text without what differs from run to run: the world's folder is `$WORLD`, ids keep 12 digits.
pub fn steady(text: &[u8], world: &Path) -> String {
    let text = String::from_utf8_lossy(text).replace(world.to_str().expect("a temporary folder is UTF-8"), "$WORLD");
    let mut steady = String::with_capacity(text.len());
    for word in text.split_inclusive(|c: char| !c.is_ascii_hexdigit()) {
        let digits = word.trim_end_matches(|c: char| !c.is_ascii_hexdigit());
        match digits.len() {
            40 | 64 => steady.extend([&digits[..12], "…", &word[digits.len()..]]),
            _ => steady.push_str(word),
        }
    }
    steady
}

#[test]
fn steady_text_shortens_ids_and_hides_the_folder() {
    let id = "0123456789abcdef".repeat(4);
    let text = format!("at /tmp/w/a: {id}, {}, beef\n", &id[..40]);
    assert_eq!(steady(text.as_bytes(), Path::new("/tmp/w")), "at $WORLD/a: 0123456789ab…, 0123456789ab…, beef\n");
}
