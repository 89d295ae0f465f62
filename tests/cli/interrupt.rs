//! Ctrl-C while the program hangs in a call: it ends by itself, soon, with the code for that.

use std::fs;
use std::io::{PipeReader, Write};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::data::{bytes, rows};
use crate::support::program::built;
use crate::support::remote::Remote;
use crate::support::s3_server::{Fault, Logged};
use crate::support::world::World;

/// `esker man` that hangs in a write, since nobody reads the pipe behind its stdout.
fn hanging(world: &World) -> (Child, PipeReader) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    // Linux gives a pipe 64 KiB.
    writer.write_all(&[b' '; 65536]).unwrap();
    // Whoever runs the tests may have signals ignored, as nohup does.
    let mut command = world.program("env");
    command.arg("--default-signal").arg(built()).arg("man");
    let child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    await_handler(child.id());
    (child, reader)
}

/// Waits until the program catches SIGINT: before, the signal would end it as it ends any program.
fn await_handler(process: u32) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        if u64::from_str_radix(caught.trim(), 16).unwrap() & 0b10 != 0 {
            return;
        }
        assert!(Instant::now() < deadline, "the program never watches for Ctrl-C");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[test]
fn a_signal_ends_a_verb_that_hangs() {
    for wanted in [Signal::INT, Signal::TERM] {
        let world = World::empty();
        let (child, _reader) = hanging(&world);
        signal(&child, wanted);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130));
        assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: interrupted\n"));
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let world = World::empty();
    let (mut child, _reader) = hanging(&world);
    signal(&child, Signal::INT);
    // Two signals that arrive together are one.
    std::thread::sleep(Duration::from_millis(100));
    let begun = Instant::now();
    signal(&child, Signal::INT);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(begun.elapsed() < Duration::from_millis(700), "{:?}", begun.elapsed());
}

#[test]
fn nohup_is_obeyed() {
    let world = World::empty();
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(&[b' '; 65536]).unwrap();
    let mut command = world.program("nohup");
    let mut child = command.arg(built()).arg("man").stdout(writer).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, Signal::HUP);
    std::thread::sleep(Duration::from_millis(1300));
    assert_eq!(child.try_wait().unwrap(), None, "it lives on");
    drop(reader);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// The remote sends no more in the middle of a pack.
#[test]
fn a_signal_ends_a_verification_and_leaves_nothing_half() {
    let world = World::on(Remote::S3).file("data/a", bytes(1, 400_000)).file("data/b", rows(9000));
    let world = world.esker("add data").ok().commit("data").esker("push").ok();
    let before = world.tree(".git/esker").files();
    let server = world.server().unwrap();
    server.forget();
    server.from(1, "GET", Fault::StallBody(20_000));
    let mut command = world.program("env");
    command.arg("--default-signal").arg(built()).args(["verify", "--remote", "--read-data"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    await_handler(child.id());
    let is_pack = |log: Vec<Logged>| log.iter().any(|logged| logged.method == "GET" && logged.key.contains("/packs/"));
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_pack(server.log()) {
        assert!(Instant::now() < deadline, "it never reads a pack");
        std::thread::sleep(Duration::from_millis(2));
    }
    signal(&child, Signal::INT);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(String::from_utf8_lossy(&output.stderr).contains("error: interrupted\n"));
    assert!(output.stdout.is_empty());
    server.calm();
    assert_eq!(world.tree(".git/esker").files(), before);
    world.esker("verify --remote --read-data").ok().prints("all there");
}
