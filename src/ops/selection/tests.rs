//! What must hold for selections.

use super::*;
use crate::base::{Cancel, Event, Events};
use crate::ops::push::{PushOptions, push};
use crate::ops::remote_state::remote_state;
use crate::ops::testing::{Sandbox, path, run};

/// A project in which `a` has a version on `main`, an older one under the tag `v1`, and another on the branch `side`.
fn versions() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("alice", "a", "one");
    sandbox.write("alice", "data/x", "x");
    sandbox.add("alice", &["a", "data"]);
    sandbox.git("alice", "tag v1");
    sandbox.git("alice", "checkout --quiet -b side");
    sandbox.write("alice", "a", "side");
    sandbox.add("alice", &["a"]);
    sandbox.git("alice", "checkout --quiet main");
    sandbox.write("alice", "a", "two");
    run(|job| {
        let options = crate::ops::AddOptions { paths: vec![path("a")], force: true };
        crate::ops::add(&sandbox.project("alice"), &options, job)
    })
    .unwrap();
    sandbox.git("alice", "commit --quiet --message two");
    sandbox
}

/// The versions of `a` that the options mean, by their content.
fn of_a(sandbox: &Sandbox, options: SelectionOptions) -> Vec<&'static str> {
    let selection = run(|job| to_fetch(&sandbox.project("alice"), &options, job)).unwrap();
    let is = |text: &str| {
        let id = Id::of(text.as_bytes());
        selection.wanted.iter().any(|selected| selected.dataset.pointer.id == id)
    };
    ["one", "side", "two"].into_iter().filter(|text| is(text)).collect()
}

#[test]
fn revisions_mean_what_they_say() {
    let sandbox = versions();
    let none = SelectionOptions::default;
    assert_eq!(of_a(&sandbox, none()), ["two"]);
    assert_eq!(of_a(&sandbox, SelectionOptions { all_branches: true, ..none() }), ["side", "two"]);
    assert_eq!(of_a(&sandbox, SelectionOptions { all_tags: true, ..none() }), ["one"]);
    assert_eq!(of_a(&sandbox, SelectionOptions { all_commits: true, ..none() }), ["one", "side", "two"]);
    let revisions = vec!["v1".to_owned(), "side".to_owned()];
    assert_eq!(of_a(&sandbox, SelectionOptions { revisions, ..none() }), ["one", "side"]);
    // Paths choose among all versions.
    let paths = vec![path("data/x")];
    let selection =
        run(|job| to_fetch(&sandbox.project("alice"), &SelectionOptions { paths, all_commits: true, ..none() }, job));
    assert_eq!(selection.unwrap().wanted.len(), 1);
}

#[test]
fn a_part_of_a_dataset_is_pushed_with_all_of_it() {
    let sandbox = Sandbox::new();
    sandbox.write("alice", "data/a", "one");
    sandbox.write("alice", "data/b", "two");
    sandbox.add("alice", &["data"]);
    let push_part = |part: &str| {
        let selection = SelectionOptions { paths: vec![path(part)], ..SelectionOptions::default() };
        run(|job| push(&sandbox.project("alice"), &PushOptions { selection, ..PushOptions::default() }, job))
    };
    assert!(matches!(push_part("data/nope"), Err(Error::NotInDataset { .. })));
    assert_eq!(push_part("data/a").unwrap().remotes[0].new_files, 2);
}

#[derive(Default)]
struct Warnings(std::sync::Mutex<Vec<String>>);

impl Events for Warnings {
    fn on(&self, event: Event) {
        if let Event::Warned(Warning::Note(text)) = event {
            self.0.lock().unwrap().push(text);
        }
    }
}

#[test]
fn a_broken_pointer_of_an_old_commit_is_told_and_passed_over() {
    let sandbox = Sandbox::new();
    sandbox.write("alice", "a.esker", "<<<<<<< HEAD\n");
    sandbox.git("alice", "add --force a.esker");
    sandbox.git("alice", "commit --quiet --message broken");
    sandbox.git("alice", "rm --quiet a.esker");
    sandbox.write("alice", "b", "b");
    sandbox.add("alice", &["b"]);
    let warnings = Warnings::default();
    let job = Job { events: &warnings, cancel: &Cancel::default(), threads: 1 };
    let selection = to_push(&sandbox.project("alice"), &SelectionOptions::default(), &job).unwrap();
    assert_eq!(selection.wanted.len(), 1);
    assert!(warnings.0.lock().unwrap()[0].contains("is passed over: a.esker has conflicts"));
}

#[test]
fn the_state_of_a_remote_is_what_a_push_would_send() {
    let sandbox = versions();
    let state = || run(|job| remote_state(&sandbox.project("alice"), &[], None, job)).unwrap().remove(0);
    let lacking = |lack: &crate::ops::RemoteLack| (lack.path.to_string(), lack.chunks, lack.bytes);
    let told: Vec<_> = state().datasets.iter().map(lacking).collect();
    let wanted = [("a", 1, 3), ("a", 1, 3), ("data", 1, 1)];
    assert_eq!(told, wanted.map(|(path, chunks, bytes)| (path.to_owned(), chunks, bytes)));
    run(|job| push(&sandbox.project("alice"), &PushOptions::default(), job)).unwrap();
    assert!(state().datasets.is_empty());
}
