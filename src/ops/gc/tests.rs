//! What must hold for collections, shown on a folder.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::remote::{Collect, collect_from};
use super::report::Swept;
use super::roots::{self, Fate};
use super::*;
use crate::base::{Cancel, Event, Events, Id, Job, Step};
use crate::format::root::Root;
use crate::ops::AddOptions;
use crate::ops::error::Error;
use crate::ops::push::{PushOptions, push};
use crate::ops::remotes::Remote;
use crate::ops::selection::SelectionOptions;
use crate::ops::testing::{Sandbox, Watched, noise, run};
use crate::packs::{PackStore, layout};

pub(super) fn push_all(sandbox: &Sandbox, name: &str) {
    let selection = SelectionOptions { all_commits: true, ..SelectionOptions::default() };
    let options = PushOptions { selection, ..PushOptions::default() };
    run(|job| push(&sandbox.project(name), &options, job)).unwrap();
}

/// `alice` with three versions of a dataset, all of them on the remote.
fn three_versions() -> Sandbox {
    let sandbox = Sandbox::new();
    for version in 0..3 {
        sandbox.write("alice", "data/same", noise(99, 20_000));
        sandbox.write("alice", "data/changes", noise(version, 200_000));
        sandbox.add("alice", &["data"]);
        run(|job| push(&sandbox.project("alice"), &PushOptions::default(), job)).unwrap();
        // Not what the last push of one version does: each commit has a root of its own.
        sandbox.git("alice", "update-ref refs/remotes/origin/main HEAD");
    }
    sandbox
}

pub(super) fn in_remote(policy: Policy) -> GcOptions {
    let (remote, grace) = (Some(None), Some(Duration::ZERO));
    GcOptions { remote, policy, grace, is_confirmed: true, ..GcOptions::default() }
}

pub(super) fn newest(count: usize) -> Policy {
    Policy { newest: Some(count), ..Policy::default() }
}

pub(super) fn collect(sandbox: &Sandbox, options: &GcOptions) -> Result<GcReport, Error> {
    run(|job| gc(&sandbox.project("alice"), options, job))
}

fn roots(sandbox: &Sandbox) -> HashSet<Id> {
    sandbox.project("alice").remote(None).unwrap().packs.roots().unwrap()
}

/// Whether the remote has the version of `data/changes`.
fn has(sandbox: &Sandbox, version: u64) -> bool {
    let remote = sandbox.project("alice").remote(None).unwrap();
    remote.packs.refresh(false).unwrap();
    let chunks = crate::chunk::cuts(&noise(version, 200_000), &crate::chunk::V1);
    let first = Id::of(&noise(version, 200_000)[..chunks[0]]);
    remote.packs.find(&first).is_some() && remote.packs.read(&first).is_ok()
}

#[test]
fn without_a_policy_nothing_that_was_pushed_goes() {
    let sandbox = three_versions();
    let before = sandbox.bytes_in("store");
    let report = collect(&sandbox, &in_remote(Policy::default())).unwrap();
    assert_eq!((report.swept.condemned_packs, report.swept.missing), (0, 0));
    assert!((0..3).all(|version| has(&sandbox, version)));
    assert!(sandbox.bytes_in("store") <= before);
}

#[test]
fn old_versions_go_when_only_the_newest_is_kept() {
    let sandbox = three_versions();
    let before = sandbox.bytes_in("store");
    let report = collect(&sandbox, &in_remote(newest(1))).unwrap();
    assert!(report.swept.removed_bytes > 300_000, "{report:?}");
    assert!(sandbox.bytes_in("store") < before - 300_000);
    assert!(has(&sandbox, 2) && !has(&sandbox, 0) && !has(&sandbox, 1));
    assert_eq!(roots(&sandbox).len(), 1);
    // What is left is whole: a second collection finds nothing to do and nothing missing.
    let report = collect(&sandbox, &in_remote(newest(1))).unwrap();
    assert_eq!((report.swept.condemned_packs, report.swept.missing), (0, 0));
}

#[test]
fn what_a_tag_or_a_branch_names_is_kept() {
    let sandbox = three_versions();
    sandbox.git("alice", "tag v1 HEAD~2");
    collect(&sandbox, &in_remote(newest(1))).unwrap();
    assert!(has(&sandbox, 0) && !has(&sandbox, 1) && has(&sandbox, 2));
}

#[test]
fn a_root_of_which_a_part_is_kept_gives_way_to_a_narrower_one() {
    let sandbox = three_versions();
    sandbox.clear_copies();
    push_all(&sandbox, "alice");
    let before = roots(&sandbox);
    let report = collect(&sandbox, &in_remote(newest(2))).unwrap();
    assert_eq!(report.swept.narrowed_roots.len(), 1, "{report:?}");
    assert!(roots(&sandbox).iter().any(|root| !before.contains(root)));
    assert!(!has(&sandbox, 0) && has(&sandbox, 1) && has(&sandbox, 2));
}

#[test]
fn a_dry_run_names_files_and_changes_nothing() {
    let sandbox = three_versions();
    let listed = |sandbox: &Sandbox| (roots(sandbox), sandbox.bytes_in("store"));
    let before = listed(&sandbox);
    let options = GcOptions { is_dry_run: true, ..in_remote(newest(1)) };
    let report = collect(&sandbox, &options).unwrap();
    let files: Vec<String> = report.swept.files.iter().map(|file| file.path.to_string()).collect();
    assert_eq!(files, ["changes", "changes"]);
    assert!(report.swept.files.iter().all(|file| file.bytes == 200_000));
    assert!(report.swept.removed_bytes > 300_000);
    assert_eq!(listed(&sandbox), before);
}

#[test]
fn what_was_dropped_comes_back_while_it_is_there() {
    let sandbox = three_versions();
    let before = roots(&sandbox);
    let waits = GcOptions { grace: Some(Duration::from_secs(3600)), ..in_remote(newest(1)) };
    assert_eq!(collect(&sandbox, &waits).unwrap().swept.removed_packs, 0);
    let undo = || run(|job| gc_undo(&sandbox.project("alice"), None, job)).unwrap();
    let report = undo();
    assert!(!report.roots.is_empty() && report.roots.iter().all(|root| root.root.is_some()), "{report:?}");
    assert!(roots(&sandbox).is_disjoint(&before.difference(&roots(&sandbox)).copied().collect()));
    collect(&sandbox, &in_remote(Policy::default())).unwrap();
    assert!((0..3).all(|version| has(&sandbox, version)));
    assert!(undo().roots.is_empty());
}

#[test]
fn what_is_gone_is_told_by_undo() {
    let sandbox = three_versions();
    collect(&sandbox, &in_remote(newest(1))).unwrap();
    let before = roots(&sandbox);
    let report = run(|job| gc_undo(&sandbox.project("alice"), None, job)).unwrap();
    assert!(!report.roots.is_empty());
    assert!(report.roots.iter().all(|root| root.root.is_none() && root.missing > 0), "{report:?}");
    assert_eq!(roots(&sandbox), before);
}

#[test]
fn a_collection_of_one_project_never_harms_another() {
    let sandbox = three_versions();
    sandbox.make("bob");
    sandbox.write("bob", "mine", noise(0, 200_000));
    sandbox.add("bob", &["mine"]);
    push_all(&sandbox, "bob");
    collect(&sandbox, &in_remote(newest(1))).unwrap();
    // The same data was pushed by alice in her first version.
    assert!(has(&sandbox, 0) && !has(&sandbox, 1));
    assert_eq!(roots(&sandbox).len(), 2);
}

#[test]
fn a_damaged_root_stops_all() {
    let sandbox = three_versions();
    let root = *roots(&sandbox).iter().next().unwrap();
    let path = sandbox.root("store").join(layout::root(&root).as_str());
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[60] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let before = sandbox.bytes_in("store");
    let error = collect(&sandbox, &in_remote(newest(1))).unwrap_err();
    assert!(matches!(error, Error::RootUnread { root: told, .. } if told == root), "{error}");
    assert_eq!(sandbox.bytes_in("store"), before);
}

#[test]
fn a_policy_is_refused_in_a_shallow_clone_and_no_grace_unless_confirmed() {
    let sandbox = three_versions();
    let careless = GcOptions { is_confirmed: false, ..in_remote(newest(1)) };
    assert!(matches!(collect(&sandbox, &careless), Err(Error::Usage { .. })));
    let head = sandbox.git("alice", "rev-parse HEAD");
    std::fs::write(sandbox.root("alice/.git/shallow"), head).unwrap();
    assert!(matches!(collect(&sandbox, &in_remote(newest(1))), Err(Error::Shallow)));
    assert!(collect(&sandbox, &in_remote(Policy::default())).is_ok());
}

/// A remote whose requests are watched, and a collection in it that keeps the roots for which `stays` holds.
fn watched(sandbox: &Sandbox, stays: fn(&Root) -> bool) -> (Arc<Watched>, impl Fn() -> Result<Swept, Error>) {
    let store = Watched::new(&sandbox.root("store"));
    let packs = PackStore::remote(store.clone(), &sandbox.root("copies"));
    let remote = Remote { name: "origin".to_owned(), packs };
    let project = sandbox.project("alice");
    let collect = move || {
        let fate = |root: &Root| if stays(root) { Fate::Stays } else { Fate::Goes };
        let repository = project.config().project_id().unwrap();
        let collect = Collect { repository, fate: &fate, grace: Duration::ZERO, is_dry_run: false };
        run(|job| collect_from(&remote, Some(project.cache()?), &collect, job))
    };
    (store, collect)
}

#[test]
fn a_collection_lists_packs_once_and_reads_none() {
    let sandbox = three_versions();
    let (store, collect) = watched(&sandbox, |root| root.commits.len() > 100);
    collect().unwrap();
    let log = store.take_log();
    assert_eq!(log.iter().filter(|line| *line == "list packs/").count(), 1, "{log:?}");
    assert!(!log.iter().any(|line| line.starts_with("read packs/")), "{log:?}");
    let place = |what: &str| log.iter().position(|line| line.starts_with(what)).unwrap();
    let last = |what: &str| log.iter().rposition(|line| line.starts_with(what)).unwrap();
    // Condemn, look at the roots again, look at the records, take out of the index, remove.
    assert!(last("put condemned/") < last("list roots/") && last("list roots/") < last("list condemned/"));
    assert!(last("list condemned/") < place("delete index/") && last("delete index/") < place("delete packs/"));
    assert!(place("delete roots/") < last("list roots/"));
}

#[test]
fn what_is_pushed_while_a_collection_runs_is_kept() {
    let sandbox = three_versions();
    let (store, collect) = watched(&sandbox, |_| false);
    let (old, new) = {
        let remote = sandbox.project("alice").remote(None).unwrap();
        let id = *remote.packs.roots().unwrap().iter().next().unwrap();
        let old = remote.packs.root(&id).unwrap().unwrap();
        (old.clone(), Root { random: [9; 16], ..old })
    };
    // Somebody asks for the life of what was just condemned; they have not looked again yet.
    let (bytes, name) = new.encode();
    store.after(layout::CONDEMNED, move |inner| inner.put(&layout::root(&name), &bytes).unwrap());
    let swept = collect().unwrap();
    assert!(swept.fresh_bytes > 0, "{swept:?}");
    assert_eq!(roots(&sandbox), HashSet::from([name]));
    let remote = sandbox.project("alice").remote(None).unwrap();
    remote.packs.refresh(false).unwrap();
    let sweep = remote.packs.sweep(true).unwrap();
    let mut live = super::live::Live::new(None, &remote.packs, sweep.ids());
    run(|job| old.datasets.iter().try_for_each(|dataset| live.add(dataset, job))).unwrap();
    let none = sweep.ids();
    let ids: Vec<Id> = live.ids().without(&none).collect();
    assert!(!ids.is_empty() && ids.iter().all(|id| remote.packs.read(id).is_ok()));
}

#[test]
fn a_narrower_root_goes_again_if_the_old_one_was_dropped_meanwhile() {
    let sandbox = three_versions();
    let store = Watched::new(&sandbox.root("store"));
    let packs = PackStore::remote(store.clone(), &sandbox.root("copies"));
    let id = *packs.roots().unwrap().iter().next().unwrap();
    let root = packs.root(&id).unwrap().unwrap();
    let all = roots::Roots::from([(id, root.clone())]);
    let narrow = Root { random: [7; 16], ..root };
    let decided = roots::decide(&all, &narrow.repository, &|_| Fate::Narrows(narrow.clone()));
    store.after(layout::ROOTS, move |inner| inner.delete(&layout::root(&id)).unwrap());
    let before = packs.roots().unwrap();
    let mut looks = 0;
    decided
        .carry_out(&packs, &mut || {
            looks += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(looks, 1);
    assert_eq!(packs.roots().unwrap().len(), before.len() - 1);
    assert!(!packs.roots().unwrap().contains(&narrow.encode().1));
}

#[test]
fn the_cache_keeps_what_is_nowhere_else_and_what_a_branch_stands_on() {
    let sandbox = Sandbox::new();
    for version in 0..3 {
        sandbox.write("alice", "data/changes", noise(version, 200_000));
        sandbox.add("alice", &["data"]);
    }
    let options = GcOptions { grace: Some(Duration::ZERO), ..GcOptions::default() };
    let has = |version: u64| {
        let raw = noise(version, 200_000);
        let first = Id::of(&raw[..crate::chunk::cuts(&raw, &crate::chunk::V1)[0]]);
        sandbox.project("alice").cache().unwrap().find(&first).is_some()
    };
    assert_eq!(collect(&sandbox, &options).unwrap().swept.removed_packs, 0);
    assert!((0..3).all(has));
    push_all(&sandbox, "alice");
    let dry = GcOptions { is_dry_run: true, ..options.clone() };
    assert_eq!(collect(&sandbox, &dry).unwrap().swept.files.len(), 2);
    assert!((0..3).all(has));
    let report = collect(&sandbox, &options).unwrap();
    assert!(report.swept.removed_bytes > 300_000, "{report:?}");
    assert!(!has(0) && !has(1) && has(2));
}

#[test]
fn what_was_added_and_not_committed_stays_in_the_cache() {
    let sandbox = Sandbox::new();
    sandbox.write("alice", "a", noise(1, 50_000));
    sandbox.add("alice", &["a"]);
    push_all(&sandbox, "alice");
    sandbox.write("alice", "a", noise(2, 50_000));
    let paths = vec![crate::ops::testing::path("a")];
    run(|job| crate::ops::add(&sandbox.project("alice"), &crate::ops::AddOptions { paths, force: false }, job))
        .unwrap();
    let options = GcOptions { grace: Some(Duration::ZERO), ..GcOptions::default() };
    collect(&sandbox, &options).unwrap();
    let raw = noise(2, 50_000);
    let first = Id::of(&raw[..crate::chunk::cuts(&raw, &crate::chunk::V1)[0]]);
    assert!(sandbox.project("alice").cache().unwrap().read(&first).is_ok());
}

/// Adds old content once more, beside something new, when a collection has looked.
struct Adder<'a> {
    sandbox: &'a Sandbox,
    is_done: std::sync::atomic::AtomicBool,
}

impl Events for Adder<'_> {
    fn on(&self, event: Event) {
        if event == (Event::Done { step: Step::Compare }) && !self.is_done.swap(true, Ordering::Relaxed) {
            self.sandbox.write("alice", "again/old", noise(0, 200_000));
            self.sandbox.write("alice", "again/new", "new");
            let paths = vec![crate::ops::testing::path("again")];
            run(|job| crate::ops::add(&self.sandbox.project("alice"), &AddOptions { paths, force: false }, job))
                .unwrap();
        }
    }
}

#[test]
fn what_is_added_under_new_pages_while_the_cache_is_collected_stays() {
    let sandbox = three_versions();
    let adder = Adder { sandbox: &sandbox, is_done: AtomicBool::new(false) };
    let job = Job { events: &adder, cancel: &Cancel::default(), threads: 2 };
    let options = GcOptions { grace: Some(Duration::ZERO), ..GcOptions::default() };
    let report = gc(&sandbox.project("alice"), &options, &job).unwrap();
    assert!(adder.is_done.into_inner() && report.swept.removed_packs > 0, "{report:?}");
    let raw = noise(0, 200_000);
    let alice = sandbox.project("alice");
    let first = Id::of(&raw[..crate::chunk::cuts(&raw, &crate::chunk::V1)[0]]);
    assert_eq!(alice.cache().unwrap().read(&first).map(|raw| Id::of(&raw)).ok(), Some(first));
}
