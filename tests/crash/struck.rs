//! The n-th system call of the built program kills it, or fails: scenarios C26 and C27, by `strace -e inject`.
//!
//! A sample per verb here; `ESKER_STRIKES=all cargo test --test all struck -- --nocapture` strikes at each call.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use super::stage::{Amount, Stage};
use super::verbs::{ADD, CHECKOUT, GC, GC_REMOTE, PULL, PUSH, Verb};
use crate::support::data::Random;
use crate::support::program::built;
use crate::support::ran::Ran;
use crate::support::remote::Remote;
use crate::support::s3_server::Objects;

/// The calls by which anything is changed.
const CALLS: [&str; 19] = [
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "syncfs",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "rmdir",
    "mkdir",
    "mkdirat",
    "openat",
    "linkat",
    "symlinkat",
    "fallocate",
    "ftruncate",
    "fchmod",
];

/// What a call may answer on a bad disk, or in a folder that is read only.
const ERRORS: [(&str, &[&str]); 3] = [
    ("ENOSPC", &["write", "pwrite64", "openat", "mkdir", "mkdirat", "rename", "renameat2", "linkat", "fallocate"]),
    ("EIO", &["write", "pwrite64", "fsync", "fdatasync", "syncfs", "rename", "renameat2", "unlink", "unlinkat"]),
    ("EACCES", &["openat", "mkdir", "mkdirat", "rename", "renameat2", "unlink", "unlinkat", "linkat"]),
];

/// So many blows of all are struck in a short run.
const SAMPLE: usize = 16;

/// One blow: at the n-th call of that name of some thread.
type Blow = (&'static str, usize, String);

impl Verb {
    /// Runs the verb under strace with these expressions.
    fn traced(&self, stage: &Stage, expressions: &[String]) -> Ran {
        let mut command = stage.world.program("strace");
        command.args(["-f", "-qq", "-o"]).arg(stage.at("trace"));
        expressions.iter().for_each(|expression| {
            command.args(["-e", expression]);
        });
        command
            .arg(built())
            .args(["-q", "--threads", "1"])
            .args(self.words.split(' '))
            .current_dir(stage.at(self.clone));
        let ran = Ran::run(format!("{expressions:?} esker {}", self.words), &mut command, b"");
        ran.look();
        ran
    }

    /// How often the busiest thread makes each call.
    fn count(&self, stage: &Stage) -> BTreeMap<&'static str, usize> {
        self.traced(stage, &[format!("trace={}", known_calls().join(","))]).expect_code(0);
        let trace = fs::read_to_string(stage.at("trace")).unwrap();
        let mut by_thread: BTreeMap<(&str, &'static str), usize> = BTreeMap::new();
        for line in trace.lines() {
            let mut words = line.split_whitespace();
            let (Some(thread), Some(rest)) = (words.next(), words.next()) else { continue };
            if let Some(call) = CALLS.iter().find(|call| rest.starts_with(&format!("{call}("))) {
                *by_thread.entry((thread, call)).or_default() += 1;
            }
        }
        let mut most = BTreeMap::new();
        for ((_, call), count) in by_thread {
            let entry = most.entry(call).or_insert(0);
            *entry = count.max(*entry);
        }
        most
    }

    /// Strikes, from the same state each time: all blows of the long run, or a sample.
    fn struck(&self, remote: Remote, seed: u64, blows: fn(&BTreeMap<&'static str, usize>) -> Vec<Blow>) {
        if !has_strace() {
            println!("strace is not there: no system call of `{}` was struck", self.words);
            return;
        }
        let mut stage = Stage::new(remote, seed, Amount { small: 12, large: &[300_000] });
        (self.prepare)(&mut stage);
        let kept = Kept::of(&stage);
        let counts = self.count(&stage);
        let mut blows = blows(&counts);
        if std::env::var("ESKER_STRIKES").is_err() {
            blows = sampled(blows, SAMPLE, &mut Random::new(seed));
        }
        let (mut died, mut told, mut borne) = (0, 0, 0);
        for (call, nth, effect) in &blows {
            kept.put_back(&stage);
            let blow = format!("inject={call}:{effect}:when={nth}");
            // Shown if the test fails: what led there.
            println!("{blow}");
            let ran = self.traced(&stage, std::slice::from_ref(&blow));
            let said = String::from_utf8_lossy(&ran.stderr);
            match ran.code {
                137 => died += 1,
                0 => borne += 1,
                code => {
                    told += 1;
                    // What it says has a path in it, or is about a process that could not even begin.
                    assert!((2..=5).contains(&code), "{blow}{ran}");
                    // The first write of the main thread may be that very message.
                    let is_mute = *call == "write" && said.is_empty();
                    assert!(
                        is_mute || said.starts_with("error: ") && (said.contains('/') || said.contains("data")),
                        "{blow}{ran}"
                    );
                }
            }
            (self.check)(&stage);
            stage.succeed(self.clone, self.words);
            (self.settled)(&stage);
        }
        let tries = blows.len();
        let words = self.words;
        println!("struck {words} ({remote:?}): {tries} blows: {died} deaths, {told} errors, {borne} borne; 0 lost");
        assert!(died + told > 0, "no blow met the program");
    }
}

/// Death before each call.
fn deaths(counts: &BTreeMap<&'static str, usize>) -> Vec<Blow> {
    let each = counts.iter().flat_map(|(call, count)| (1..=*count).map(move |nth| (*call, nth)));
    each.map(|(call, nth)| (call, nth, "signal=KILL".to_owned())).collect()
}

/// Each error that each call may answer.
fn errors(counts: &BTreeMap<&'static str, usize>) -> Vec<Blow> {
    let mut blows = Vec::new();
    for (error, calls) in ERRORS {
        for (call, count) in counts.iter().filter(|(call, _)| calls.contains(call)) {
            // The first files that any program opens are libraries and settings of the system.
            let first = if *call == "openat" { 12.min(*count) } else { 1 };
            blows.extend((first..=*count).map(|nth| (*call, nth, format!("error={error}"))));
        }
    }
    blows
}

/// Some of all blows, of each call about as many.
fn sampled(blows: Vec<Blow>, sample: usize, random: &mut Random) -> Vec<Blow> {
    let mut by_call: BTreeMap<(&str, String), Vec<Blow>> = BTreeMap::new();
    for blow in blows {
        by_call.entry((blow.0, blow.2.clone())).or_default().push(blow);
    }
    let mut chosen = Vec::new();
    while chosen.len() < sample && by_call.values().any(|blows| !blows.is_empty()) {
        for blows in by_call.values_mut().filter(|blows| !blows.is_empty()) {
            chosen.push(blows.swap_remove(random.below(blows.len() as u64) as usize));
        }
    }
    chosen.truncate(sample);
    chosen
}

/// The calls that this machine has: a name that it lacks would be an error to strace.
fn known_calls() -> Vec<&'static str> {
    let knows = |call: &&str| {
        let expression = format!("trace={call}");
        Command::new("strace")
            .args(["-qq", "-o", "/dev/null", "-e", &expression, "true"])
            .output()
            .unwrap()
            .status
            .success()
    };
    CALLS.into_iter().filter(knows).collect()
}

/// Whether strace is there, and may trace.
fn has_strace() -> bool {
    Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output().is_ok_and(|output| output.status.success())
}

/// The folders that a verb may change.
const FOLDERS: [&str; 4] = ["alice", "bob", "remote", "shared.git"];

/// The world as it was before a blow.
struct Kept {
    objects: Option<Objects>,
}

impl Kept {
    fn of(stage: &Stage) -> Kept {
        fs::create_dir(stage.at("kept")).unwrap();
        for folder in FOLDERS.iter().filter(|folder| stage.at(folder).exists()) {
            copy(stage, folder, "kept");
        }
        Kept { objects: stage.world.server().map(|server| server.objects()) }
    }

    fn put_back(&self, stage: &Stage) {
        for folder in FOLDERS.iter().filter(|folder| stage.at(folder).exists()) {
            fs::remove_dir_all(stage.at(folder)).unwrap();
            copy(stage, &format!("kept/{folder}"), ".");
        }
        if let (Some(server), Some(objects)) = (stage.world.server(), &self.objects) {
            server.put_back(objects);
        }
    }
}

fn copy(stage: &Stage, from: &str, to: &str) {
    let copied = Command::new("cp").arg("-a").arg(stage.at(from)).arg(stage.at(to)).status().unwrap();
    assert!(copied.success());
}

#[test]
fn an_add_dies_at_any_call_and_loses_nothing() {
    ADD.struck(Remote::Folder, 21, deaths);
}

#[test]
fn a_push_dies_at_any_call_and_loses_nothing() {
    PUSH.struck(Remote::Folder, 22, deaths);
}

#[test]
fn a_pull_dies_at_any_call_and_loses_nothing() {
    PULL.struck(Remote::Folder, 23, deaths);
}

#[test]
fn a_checkout_dies_at_any_call_and_loses_nothing() {
    CHECKOUT.struck(Remote::Folder, 24, deaths);
}

#[test]
fn a_collection_dies_at_any_call_and_loses_nothing() {
    GC.struck(Remote::Folder, 29, deaths);
}

#[test]
fn a_collection_of_a_remote_dies_at_any_call_and_loses_nothing() {
    GC_REMOTE.struck(Remote::Folder, 30, deaths);
}

#[test]
fn a_push_to_a_bucket_dies_at_any_call_and_loses_nothing() {
    PUSH.struck(Remote::S3, 61, deaths);
}

#[test]
fn a_collection_of_a_bucket_dies_at_any_call_and_loses_nothing() {
    GC_REMOTE.struck(Remote::S3, 62, deaths);
}

#[test]
fn an_add_that_meets_any_error_says_so_and_loses_nothing() {
    ADD.struck(Remote::Folder, 25, errors);
}

#[test]
fn a_push_that_meets_any_error_says_so_and_loses_nothing() {
    PUSH.struck(Remote::Folder, 26, errors);
}

#[test]
fn a_pull_that_meets_any_error_says_so_and_loses_nothing() {
    PULL.struck(Remote::Folder, 27, errors);
}

#[test]
fn a_checkout_that_meets_any_error_says_so_and_loses_nothing() {
    CHECKOUT.struck(Remote::Folder, 28, errors);
}

#[test]
fn a_collection_that_meets_any_error_says_so_and_loses_nothing() {
    GC.struck(Remote::Folder, 63, errors);
}

#[test]
fn a_collection_of_a_remote_that_meets_any_error_says_so_and_loses_nothing() {
    GC_REMOTE.struck(Remote::Folder, 64, errors);
}
