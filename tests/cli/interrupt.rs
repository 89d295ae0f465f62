//! Ctrl-C while the program hangs in a call: it ends by itself, soon, with the code for that.

use std::fs;
use std::io::{PipeReader, Write};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::world::World;

/// `esker man` that hangs in a write, since nobody reads the pipe behind its stdout.
fn hanging(world: &World) -> (Child, PipeReader) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    // Linux gives a pipe 64 KiB.
    writer.write_all(&[b' '; 65536]).unwrap();
    // Whoever runs the tests may have signals ignored, as nohup does.
    let mut command = world.program("env");
    command.args(["--default-signal", env!("CARGO_BIN_EXE_esker"), "man"]);
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
    let mut child = command.arg(env!("CARGO_BIN_EXE_esker")).arg("man").stdout(writer).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, Signal::HUP);
    std::thread::sleep(Duration::from_millis(1300));
    assert_eq!(child.try_wait().unwrap(), None, "it lives on");
    drop(reader);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
