//! What must hold for pushes, shown on a folder.

use std::sync::Arc;

use super::*;
use crate::base::{Cancel, Event, Events};
use crate::ops::error::Kind;
use crate::ops::testing::{Sandbox, Watched, noise, path, run};
use crate::packs::{PackStore, layout};
use crate::store::Store;

fn push_all(sandbox: &Sandbox, name: &str) -> PushReport {
    run(|job| push(&sandbox.project(name), &PushOptions::default(), job)).unwrap()
}

/// A remote whose requests are watched.
fn watched(sandbox: &Sandbox) -> (Arc<Watched>, Remote) {
    let store = Watched::new(&sandbox.root("store"));
    let packs = PackStore::remote(store.clone(), &sandbox.root("copies"));
    (store, Remote { name: "origin".to_owned(), packs })
}

fn push_watched(sandbox: &Sandbox, name: &str, remote: &Remote) -> Result<Pushed, Error> {
    let project = sandbox.project(name);
    run(|job| {
        let selection = selection::to_push(&project, &SelectionOptions::default(), job)?;
        let parts = selection.by_remote(&project, None)?;
        push_to(&project, remote, &parts[0], job)
    })
}

/// Whether the store has all that `name` points at.
fn is_whole(sandbox: &Sandbox, name: &str) -> bool {
    let project = sandbox.project(name);
    run(|job| {
        let wanted = selection::to_push(&project, &SelectionOptions::default(), job).unwrap().wanted;
        let remote = project.remote(None).unwrap();
        remote.packs.refresh_for_push(false).unwrap();
        lack(&project, &wanted, &remote.packs.catalog(), &Acknowledged::default(), job).unwrap().is_nothing()
    })
}

/// The packs that are there, whoever condemned them.
fn packs(store: &dyn Store) -> Vec<Id> {
    let mut packs = Vec::new();
    store.list(layout::PACKS, &mut |listed| packs.extend(layout::id_of(&listed.key))).unwrap();
    packs
}

fn condemn(store: &dyn Store, packs: &[Id]) {
    packs.iter().for_each(|pack| store.put(&layout::condemned(pack), b"").unwrap());
}

#[test]
fn a_second_push_asks_four_times_and_writes_nothing() {
    let sandbox = Sandbox::new();
    (0..100).for_each(|n| sandbox.write("alice", &format!("data/{n}"), noise(n, 3000)));
    sandbox.add("alice", &["data"]);
    let (store, remote) = watched(&sandbox);
    let pushed = push_watched(&sandbox, "alice", &remote).unwrap();
    assert_eq!((pushed.new_files, pushed.new_chunks, pushed.new_bytes), (100, 100, 300_000));
    assert_eq!((pushed.packs, pushed.roots.len()), (2, 1));
    let log = store.take_log();
    assert!(log.len() <= 12, "{log:?}");
    let place = |what: &str| log.iter().position(|line| line.starts_with(what)).unwrap();
    assert!(place("put packs/") < place("put index/") && place("put index/") < place("put roots/"));
    let tail: Vec<&str> = log[place("put roots/") + 1..].iter().map(String::as_str).collect();
    assert_eq!(tail, ["list condemned/", "list index/"]);
    let again = push_watched(&sandbox, "alice", &remote).unwrap();
    assert!(again.datasets[0].is_up_to_date && again.roots.is_empty());
    let log = store.take_log();
    assert!(log.len() <= 4 && !log.iter().any(|line| line.starts_with("put")), "{log:?}");
    assert!(is_whole(&sandbox, "alice"));
}

#[test]
fn one_more_file_costs_its_chunk_and_the_pages_above_it() {
    let sandbox = Sandbox::new();
    (0..6000)
        .for_each(|n| sandbox.write("alice", &format!("data/folder-{}/a-rather-long-name-{n:06}", n % 7), b"same"));
    sandbox.add("alice", &["data"]);
    let (store, remote) = watched(&sandbox);
    push_watched(&sandbox, "alice", &remote).unwrap();
    store.take_log();
    sandbox.write("alice", "data/folder-3/new", b"new");
    sandbox.add("alice", &["data"]);
    let project = sandbox.project("alice");
    let part = run(|job| selection::to_push(&project, &SelectionOptions::default(), job)).unwrap();
    let part = part.by_remote(&project, None).unwrap().remove(0);
    remote.packs.refresh_for_push(true).unwrap();
    let acknowledged = Acknowledged::load(&remote.packs).unwrap();
    let newest: Vec<Selected> = part.wanted[..1].to_vec();
    let (lack, _) = run(|job| look(&project, &remote, &newest, &acknowledged, job)).unwrap();
    assert_eq!((lack.chunks.len(), lack.pages.len()), (1, 2));
    let pushed = run(|job| push_to(&project, &remote, &part, job)).unwrap();
    assert_eq!((pushed.new_files, pushed.new_chunks, pushed.new_bytes), (1, 1, 3));
    assert!(is_whole(&sandbox, "alice"));
}

#[test]
fn each_commit_that_nobody_has_yet_is_pushed_with_its_data() {
    let sandbox = Sandbox::new();
    sandbox.write("alice", "a.bin", "one");
    sandbox.add("alice", &["a.bin"]);
    sandbox.git("alice", "clone --quiet --bare . ../shared.git");
    sandbox.git("alice", "remote add origin ../shared.git");
    sandbox.git("alice", "fetch --quiet origin");
    for version in ["two", "three"] {
        sandbox.write("alice", "a.bin", version);
        sandbox.add("alice", &["a.bin"]);
    }
    let report = push_all(&sandbox, "alice");
    // The first version is in a commit that others have already.
    assert_eq!(report.remotes[0].datasets.len(), 2);
    let remote = sandbox.project("alice").remote(None).unwrap();
    remote.packs.refresh(false).unwrap();
    let has = |text: &str| remote.packs.find(&Id::of(text.as_bytes())).is_some();
    assert!(!has("one") && has("two") && has("three"));
    let all = SelectionOptions { all_commits: true, ..SelectionOptions::default() };
    let options = PushOptions { selection: all, ..PushOptions::default() };
    let report = run(|job| push(&sandbox.project("alice"), &options, job)).unwrap();
    assert_eq!((report.remotes[0].datasets.len(), report.remotes[0].new_chunks), (3, 1));
}

#[test]
fn what_is_condemned_under_a_push_is_sent_again() {
    let sandbox = Sandbox::new();
    (0..10).for_each(|n| sandbox.write("alice", &format!("data/{n}"), noise(n, 3000)));
    sandbox.add("alice", &["data"]);
    let (store, remote) = watched(&sandbox);
    store.after(layout::ROOTS, |inner| condemn(inner, &packs(inner)));
    let pushed = push_watched(&sandbox, "alice", &remote).unwrap();
    assert_eq!((pushed.new_chunks, pushed.packs), (10, 4));
    assert_eq!(packs(&*store).len(), 4);
    assert!(is_whole(&sandbox, "alice"));
    // A pack that was condemned before the push does not count either.
    store.take_log();
    condemn(&*store, &packs(&*store));
    sandbox.write("alice", "data/new", "new");
    sandbox.add("alice", &["data"]);
    sandbox.project("alice").remote(None).unwrap();
    std::fs::remove_dir_all(sandbox.root("copies/roots")).unwrap();
    assert_eq!(push_watched(&sandbox, "alice", &remote).unwrap().new_chunks, 11);
    assert!(is_whole(&sandbox, "alice"));
}

#[test]
fn a_push_that_is_condemned_for_ever_ends() {
    let sandbox = Sandbox::new();
    sandbox.write("alice", "a", "one");
    sandbox.add("alice", &["a"]);
    let (store, remote) = watched(&sandbox);
    store.after(layout::ROOTS, |inner| condemn(inner, &packs(inner)));
    (0..10).for_each(|_| store.after(layout::INDEX, |inner| condemn(inner, &packs(inner))));
    let error = push_watched(&sandbox, "alice", &remote).unwrap_err();
    assert!(matches!(error, Error::KeepsVanishing { .. }), "{error}");
}

#[test]
fn an_acknowledged_root_that_goes_under_a_push_is_believed_no_more() {
    let sandbox = Sandbox::new();
    (0..10).for_each(|n| sandbox.write("alice", &format!("data/{n}"), noise(n, 3000)));
    sandbox.add("alice", &["data"]);
    let (store, remote) = watched(&sandbox);
    let first = push_watched(&sandbox, "alice", &remote).unwrap();
    let (root, old) = (first.roots[0], packs(&*store));
    sandbox.write("alice", "b", "b");
    sandbox.add("alice", &["b"]);
    // A collector that had dropped the old root has just swept what only that had kept.
    store.after(layout::ROOTS, move |inner| {
        inner.delete(&layout::root(&root)).unwrap();
        let mut segments = Vec::new();
        inner.list(layout::INDEX, &mut |listed| segments.push((listed.modified, listed.key))).unwrap();
        segments.sort();
        inner.delete(&segments[0].1).unwrap();
        old.iter().for_each(|pack| inner.delete(&layout::pack(pack)).unwrap());
    });
    push_watched(&sandbox, "alice", &remote).unwrap();
    assert!(is_whole(&sandbox, "alice"));
}

#[test]
fn an_interrupted_push_goes_on_where_it_stopped() {
    let sandbox = Sandbox::new();
    (0..3).for_each(|n| sandbox.write("alice", &format!("data/{n}"), noise(n, 30 << 20)));
    sandbox.add("alice", &["data"]);
    let (store, remote) = watched(&sandbox);
    // The config and one or two of three packs.
    store.allow_puts(3);
    let error = push_watched(&sandbox, "alice", &remote).unwrap_err();
    assert!(error.to_string().contains("the cable is cut"), "{error}");
    store.allow_puts(usize::MAX);
    let before = packs(&*store).len();
    assert!(before > 0);
    store.take_log();
    push_watched(&sandbox, "alice", &remote).unwrap();
    let sent = store.take_log().iter().filter(|line| line.starts_with("put packs/")).count();
    assert!(is_whole(&sandbox, "alice"));
    // Three packs of chunks and one of pages in all.
    assert!(sent + before <= 4, "{before} before, {sent} after");
}

#[test]
fn a_push_that_dies_after_any_write_goes_on_from_there() {
    let sandbox = Sandbox::new();
    sandbox.write("alice", "data/a", noise(1, 50_000));
    sandbox.add("alice", &["data"]);
    let (store, remote) = watched(&sandbox);
    push_watched(&sandbox, "alice", &remote).unwrap();
    // A pack of chunks, one of pages, the index, the root.
    for puts in 0..4 {
        sandbox.write("alice", "data/a", noise(puts + 2, 50_000));
        sandbox.add("alice", &["data"]);
        let before = packs(&*store).len();
        store.allow_puts(puts as usize);
        push_watched(&sandbox, "alice", &remote).unwrap_err();
        store.allow_puts(usize::MAX);
        push_watched(&sandbox, "alice", &remote).unwrap();
        assert!(is_whole(&sandbox, "alice"), "after {puts} writes");
        assert_eq!(packs(&*store).len(), before + 2, "nothing is sent twice after {puts} writes");
    }
}

#[test]
fn two_repositories_share_what_they_have_in_common() {
    let sandbox = Sandbox::new();
    sandbox.make("bob");
    for name in ["alice", "bob"] {
        sandbox.write(name, "data.bin", noise(1, 100_000));
        sandbox.add(name, &["data.bin"]);
    }
    assert_eq!(push_all(&sandbox, "alice").remotes[0].new_bytes, 100_000);
    let report = push_all(&sandbox, "bob");
    assert_eq!((report.remotes[0].new_bytes, report.remotes[0].roots.len()), (0, 1));
    assert!(report.is_up_to_date);
    let remote = sandbox.project("bob").remote(None).unwrap();
    assert_eq!(remote.packs.roots().unwrap().len(), 2);
}

#[test]
fn the_same_content_is_sent_once() {
    let sandbox = Sandbox::new();
    for file in ["a", "b/x", "b/y"] {
        sandbox.write("alice", file, noise(1, 50_000));
    }
    sandbox.add("alice", &["a", "b"]);
    let pushed = push_all(&sandbox, "alice").remotes.remove(0);
    assert_eq!((pushed.bytes, pushed.new_bytes), (150_000, 50_000));
    sandbox.git("alice", "mv a.esker c.esker");
    sandbox.git("alice", "commit --quiet --message rename");
    let pushed = push_all(&sandbox, "alice").remotes.remove(0);
    assert_eq!((pushed.new_bytes, pushed.packs), (0, 0));
}

#[test]
fn an_insertion_costs_what_was_inserted() {
    let sandbox = Sandbox::new();
    let old = noise(1, 24 << 20);
    sandbox.write("alice", "big", &old);
    sandbox.add("alice", &["big"]);
    push_all(&sandbox, "alice");
    let before = sandbox.bytes_in("store");
    let new = [&old[..12 << 20], &noise(2, 1 << 20), &old[12 << 20..]].concat();
    sandbox.write("alice", "big", new);
    sandbox.add("alice", &["big"]);
    push_all(&sandbox, "alice");
    let cost = sandbox.bytes_in("store") - before;
    assert!(cost < 2 << 20, "{cost}");
}

#[test]
fn a_dry_run_tells_what_would_be_sent_and_writes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write("alice", "a", noise(1, 50_000));
    sandbox.add("alice", &["a"]);
    let options = PushOptions { is_dry_run: true, ..PushOptions::default() };
    let foresee = || run(|job| push(&sandbox.project("alice"), &options, job)).unwrap().remotes.remove(0);
    assert_eq!((foresee().new_bytes, sandbox.root("store").exists()), (50_000, false));
    push_all(&sandbox, "alice");
    let before = sandbox.bytes_in("store");
    assert_eq!((foresee().new_bytes, sandbox.bytes_in("store")), (0, before));
}

#[test]
fn what_a_cache_has_lost_is_pushed_from_files_that_did_not_change() {
    let sandbox = Sandbox::new();
    sandbox.write("alice", "data/a", noise(1, 50_000));
    sandbox.write("alice", "data/b", noise(2, 50_000));
    sandbox.write("alice", "c", noise(3, 500_000));
    sandbox.add("alice", &["data", "c"]);
    push_all(&sandbox, "alice");
    sandbox.clear_cache("alice");
    sandbox.add_remote("second");
    // The pages come from the first remote; the data need not.
    let project = sandbox.project("alice");
    let first = project.remote(None).unwrap();
    first.packs.refresh(false).unwrap();
    let selected = run(|job| selection::to_fetch(&project, &SelectionOptions::default(), job)).unwrap().wanted;
    let (nobody, cache) = (Acknowledged::default(), project.cache().unwrap());
    run(|job| lack_with_pages(&project, &first, &selected, cache, &nobody, job)).unwrap();
    let second = PushOptions { remote: Some("second".to_owned()), ..PushOptions::default() };
    let pushed = run(|job| push(&sandbox.project("alice"), &second, job)).unwrap().remotes.remove(0);
    assert_eq!(pushed.new_bytes, 600_000);
}

#[test]
fn data_that_is_nowhere_is_named_before_anything_is_sent() {
    let sandbox = Sandbox::new();
    sandbox.write("alice", "a", "one");
    sandbox.write("alice", "b", "two");
    sandbox.add("alice", &["a", "b"]);
    sandbox.clear_cache("alice");
    std::fs::remove_file(sandbox.root("alice/a")).unwrap();
    let error = run(|job| push(&sandbox.project("alice"), &PushOptions::default(), job)).unwrap_err();
    let Error::DataMissing { files, count, .. } = &error else { panic!("{error}") };
    assert_eq!((&files[..], *count), (&[path("a")][..], 1));
    let remote = sandbox.project("alice").remote(None).unwrap();
    remote.packs.refresh(false).unwrap();
    assert_eq!(remote.packs.catalog().entry_count(), 0);
    // The other one was found in the worktree, and need not be anywhere else.
    assert!(sandbox.project("alice").cache().unwrap().find(&Id::of(b"two")).is_none());
}

#[test]
fn a_pointer_may_name_its_remote() {
    let sandbox = Sandbox::new();
    sandbox.write("alice", "a", "one");
    sandbox.write("alice", "b", "two");
    sandbox.add("alice", &["a", "b"]);
    sandbox.add_remote("second");
    let pointer = sandbox.root("alice/b.esker");
    let old = std::fs::read_to_string(&pointer).unwrap();
    std::fs::write(&pointer, old + "remote = \"second\"\n").unwrap();
    let report = push_all(&sandbox, "alice");
    let sent: Vec<(&str, u64)> = report.remotes.iter().map(|it| (it.remote.as_str(), it.new_bytes)).collect();
    assert_eq!(sent, [("origin", 3), ("second", 3)]);
}

/// Edits a file as soon as something is sent.
struct Editor(std::path::PathBuf);

impl Events for Editor {
    fn on(&self, event: Event) {
        if matches!(event, Event::Began { step: Step::Send, .. }) {
            std::fs::write(&self.0, noise(9, 300_000)).unwrap();
        }
    }
}

#[test]
fn a_file_that_is_edited_while_it_is_pushed_is_named_and_no_root_is_put() {
    let sandbox = Sandbox::new();
    sandbox.write("alice", ".git/esker/config.toml", "[cache]\nmode = \"thin\"\n");
    sandbox.write("alice", "data/a", noise(1, 300_000));
    sandbox.write("alice", "data/b", noise(2, 300_000));
    sandbox.add("alice", &["data"]);
    let project = sandbox.project("alice");
    let editor = Editor(sandbox.root("alice/data/b"));
    let job = Job { events: &editor, cancel: &Cancel::default(), threads: 2 };
    let error = push(&project, &PushOptions::default(), &job).unwrap_err();
    let Error::EditedUnpushed { files, count: 1 } = &error else { panic!("{error}") };
    assert_eq!((&files[0].path, error.kind()), (&path("data/b"), Kind::Damage));
    assert!(project.remote(None).unwrap().packs.roots().unwrap().is_empty());
    sandbox.write("alice", "data/b", noise(2, 300_000));
    push_all(&sandbox, "alice");
    assert!(is_whole(&sandbox, "alice"));
}
