//! Files that change, vanish or cannot be read while they are added, and things that are no files: scenarios C33, C34.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::data::{Random, bytes};
use crate::support::world::World;

/// Adds while somebody writes to the files: either the add names a file that keeps changing, or each file that it
/// stored is one that was there at some moment.
#[test]
fn what_changes_while_it_is_added_is_stored_as_it_was_or_named() {
    let mut world = World::new();
    for number in 0..20 {
        world = world.file(&format!("data/{number}"), [b'a'; 40_000]);
    }
    let world = world.file("data/large", vec![b'a'; 12 << 20]);
    let done = AtomicBool::new(false);
    let (mut command, root) = (world.command(), world.path(""));
    let code = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut random = Random::new(51);
            // Whole files of one letter replace each other: a mixture of letters was never there.
            while !done.load(Ordering::Relaxed) {
                let letter = b'a' + random.below(26) as u8;
                let name = random.below(20).to_string();
                let (path, len) = (root.join("data").join(&name), 10_000 + random.below(50_000) as usize);
                match random.below(3) {
                    0 => {
                        let aside = root.join("data.new");
                        fs::write(&aside, vec![letter; len]).unwrap();
                        fs::rename(aside, &path).unwrap();
                    }
                    1 => {
                        let _ = fs::remove_file(&path);
                        fs::write(&path, vec![letter; len]).unwrap();
                    }
                    _ => fs::write(&path, vec![letter; len]).unwrap(),
                }
            }
        });
        let output = command.args(["add", "data"]).output().unwrap();
        done.store(true, Ordering::Relaxed);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let code = output.status.code().unwrap();
        assert!(code == 0 || code == 3 && said.contains("data/"), "{code} {said}");
        code
    });
    if code == 3 {
        assert!(!world.path("data.esker").exists());
        assert_eq!(world.git_output("status --porcelain --untracked-files=no"), "");
        return;
    }
    let world = world.commit("data").remove("data").esker("checkout").ok();
    for entry in fs::read_dir(world.path("data")).unwrap() {
        let content = fs::read(entry.unwrap().path()).unwrap();
        assert!(content.iter().all(|byte| *byte == content[0]), "it matches no moment");
    }
}

#[test]
fn a_file_that_never_stands_still_is_named_and_nothing_is_written() {
    let world = World::new().file("data/log", vec![b'x'; 64 << 20]).file("data/quiet", "1");
    let done = AtomicBool::new(false);
    let (mut command, log) = (world.command(), world.path("data/log"));
    let (code, said) = std::thread::scope(|scope| {
        scope.spawn(|| {
            let file = File::options().write(true).open(log).unwrap();
            for at in 0.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                file.write_at(b"y", at % (64 << 20)).unwrap();
            }
        });
        let output = command.args(["add", "data"]).output().unwrap();
        done.store(true, Ordering::Relaxed);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    });
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("data/log") && said.contains("hint: "), "{said}");
    assert!(!world.path("data.esker").exists() && !world.path(".gitignore").exists());
    world.esker("add data").ok();
}

#[test]
fn pipes_sockets_devices_and_unreadable_files_are_named() {
    let world = World::new().file("data/fine", "1");
    let made = |what: &mut Command| assert!(what.status().unwrap().success());
    made(Command::new("mkfifo").arg(world.path("data/pipe")));
    let _socket = UnixListener::bind(world.path("data/socket")).unwrap();
    let mut odd = vec!["data/pipe", "data/socket"];
    // Only root may make devices, and only others are kept from reading.
    let id = Command::new("id").arg("-u").output().unwrap().stdout;
    let is_root = id.starts_with(b"0");
    if is_root {
        made(Command::new("mknod").arg(world.path("data/device")).args(["c", "1", "5"]));
        odd.push("data/device");
    } else {
        fs::write(world.path("data/closed"), "secret").unwrap();
        fs::set_permissions(world.path("data/closed"), Permissions::from_mode(0o0)).unwrap();
        odd.push("data/closed");
    }
    let world = odd.iter().fold(world.esker("add data").exits(3), |world, path| world.says(path));
    assert!(!world.path("data.esker").exists());
    let world = odd.iter().fold(world, |world, path| world.remove(path));
    world.esker("add data").ok();
}

#[test]
fn links_in_a_circle_to_the_outside_and_hard_ones_are_kept_for_what_they_are() {
    let world = World::new().file("data/file", bytes(1, 1000)).link("data/loop", "loop").link("data/up", "..");
    let world = world.link("data/out", "/etc/passwd").link("data/a", "b").link("data/b", "a");
    fs::hard_link(world.path("data/file"), world.path("data/twin")).unwrap();
    symlink(world.path("data"), world.path("data/self")).unwrap();
    let before = world.tree("data");
    let world = world.esker("add data").ok().commit("data").remove("data").esker("checkout").ok();
    assert_eq!(world.tree("data"), before);
    assert_eq!(fs::read_link(world.path("data/out")).unwrap().to_str(), Some("/etc/passwd"));
}

/// It would be read for hours: it can be stopped, and nothing stays.
#[test]
fn a_file_of_a_terabyte_is_not_read_into_memory_and_can_be_stopped() {
    let world = World::new().folder("data");
    if File::create(world.path("data/sparse")).unwrap().set_len(1 << 40).is_err() {
        println!("this file system has no files of 1 TiB");
        return;
    }
    let mut command = world.command();
    let mut child = command.args(["add", "data"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let process = rustix::process::Pid::from_child(&child);
    let status = format!("/proc/{}/status", child.id());
    // It reads as long as nobody stops it; its memory is looked at when it has read for a while.
    let read = |name: &str, file: &str| -> u64 {
        let text = fs::read_to_string(file).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0").trim().to_owned();
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    let counters = format!("/proc/{}/io", child.id());
    while read("rchar:", &counters) < 64 << 20 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before it had read");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let resident_kib = read("VmHWM:", &status);
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(resident_kib < 400 << 10, "{resident_kib} KiB");
    assert!(!world.path("data.esker").exists());
}
