//! What holds for every verb: help, errors on stderr or as JSON, colours, a stdout that fails.

use std::fs::File;
use std::process::Stdio;

use insta::assert_snapshot;

use crate::support::world::World;

#[test]
fn the_name_alone_shows_the_help_and_is_a_mistake() {
    let help = World::empty().esker("--help").ok();
    let help = String::from_utf8_lossy(help.stdout()).into_owned();
    World::empty().esker("").exits(2).prints(help.trim());
}

#[test]
fn the_version_is_one_line() {
    World::empty().esker("--version").ok().prints(concat!("esker ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn an_unknown_verb_says_what_to_type() {
    assert_snapshot!(World::empty().esker("completion bash").shown(), @"
    ! error: `completion` is not a verb of esker
    ! hint: a similar subcommand exists: 'completions'
    exit code 2
    ");
}

#[test]
fn a_missing_argument_shows_the_usage() {
    assert_snapshot!(World::empty().esker("completions").shown(), @"
    ! error: the following required arguments were not provided:
    !   <SHELL>
    ! hint: esker completions <SHELL>
    exit code 2
    ");
}

#[test]
fn a_folder_that_is_not_there_stands_in_the_way() {
    assert_snapshot!(World::empty().esker("-C no/where man").shown(), @"
    ! error: cannot go to no/where: No such file or directory (os error 2)
    exit code 3
    ");
}

#[test]
fn with_json_an_error_is_one_document_on_stdout_and_nothing_else() {
    for words in ["--json zzz", "man --json --zzz", "--json -C no/where man"] {
        let world = World::empty().esker(words);
        let error = &world.json()["error"];
        assert!(error["message"].is_string() && error["kind"].is_string(), "{error}");
        let code = error["exit_code"].as_i64().unwrap();
        assert!(!world.exits(code as i32).shown().contains("\n! "));
    }
}

#[test]
fn what_stands_after_two_dashes_is_no_option() {
    World::empty().esker("zzz -- --json").exits(2).says("error: `zzz`");
}

#[test]
fn errors_are_coloured_only_when_asked_for() {
    let red = "\u{1b}[";
    World::empty().esker("zzz").exits(2).never_says(red);
    let forced = World::empty().variable("CLICOLOR_FORCE", "1");
    forced.esker("zzz").exits(2).says(red).variable("NO_COLOR", "1").esker("zzz").exits(2).never_says(red);
}

#[test]
fn an_error_cannot_steer_the_terminal() {
    World::empty().esker(["-C", "a\x1b]0;owned\x07", "man"]).exits(3).never_says("\x1b").says("\\u{1b}]0;owned");
}

#[test]
fn a_variable_that_makes_no_sense_is_refused_by_name() {
    use std::os::unix::ffi::OsStringExt;
    let odd = std::ffi::OsString::from_vec(b"\xff".to_vec());
    World::empty().variable("ESKER_REMOTE", odd).esker("man").exits(2).says("ESKER_REMOTE is not UTF-8");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let world = World::empty();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = world.command().arg("man").stdout(writer).stderr(Stdio::piped()).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}

#[test]
fn a_full_disk_behind_stdout_is_an_error() {
    let world = World::empty();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = world.command().arg("man").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: cannot write to standard output: No space"));
}
