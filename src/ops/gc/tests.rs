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
use crate::format::pack::PackKind;
use crate::format::pointer::Kind;
use crate::format::root::Root;
use crate::ops::error::Error;
use crate::ops::push::{PushOptions, push};
use crate::ops::remotes::Remote;
use crate::ops::selection::SelectionOptions;
use crate::ops::testing::{Sandbox, Watched, noise, path, run};
use crate::ops::{AddOptions, CacheClearOptions, CheckoutOptions, VerifyOptions, cache_clear, checkout, verify};
use crate::packs::{PackStore, layout};

fn push_all(sandbox: &Sandbox, name: &str) {
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

fn in_remote(policy: Policy) -> GcOptions {
    let (remote, grace) = (Some(None), Some(Duration::ZERO));
    GcOptions { remote, policy, grace, is_confirmed: true, ..GcOptions::default() }
}

fn newest(count: usize) -> Policy {
    Policy { newest: Some(count), ..Policy::default() }
}

fn collect(sandbox: &Sandbox, options: &GcOptions) -> Result<GcReport, Error> {
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

#[test]
fn what_a_lost_list_may_lead_to_stays_in_the_cache() {
    let sandbox = Sandbox::new();
    sandbox.write("alice", "data/a", noise(1, 200_000));
    sandbox.write("alice", "data/b", "b");
    sandbox.add("alice", &["data"]);
    let alice = sandbox.project("alice");
    let cache = alice.cache().unwrap();
    for pack in cache.catalog().packs() {
        let file = alice.cache_folder().join(layout::pack(&pack.id).as_str());
        match pack.kind {
            PackKind::Pages => std::fs::remove_file(file).unwrap(),
            PackKind::Chunks => {
                let then = std::time::SystemTime::now() - Duration::from_secs(30 * 86_400);
                std::fs::File::open(file).unwrap().set_modified(then).unwrap();
            }
        }
    }
    let options = GcOptions { grace: Some(Duration::ZERO), ..GcOptions::default() };
    let report = collect(&sandbox, &options).unwrap();
    assert_eq!((report.swept.unclear_lists, report.swept.removed_packs), (1, 0));
    assert!(sandbox.project("alice").cache().unwrap().read(&Id::of(b"b")).is_ok());
    let repair = VerifyOptions { repair: true, ..VerifyOptions::default() };
    run(|job| verify(&sandbox.project("alice"), &repair, job)).unwrap();
    let cleared = run(|job| cache_clear(&sandbox.project("alice"), &CacheClearOptions::default(), job));
    assert!(matches!(cleared, Err(Error::OnlyCopy { .. })), "{cleared:?}");
}

#[test]
fn a_file_with_the_bytes_of_a_list_hides_nothing_of_what_that_leads_to() {
    let sandbox = Sandbox::new();
    let big = noise(1, 3 << 20);
    sandbox.write("alice", "big", &big);
    sandbox.add("alice", &["big"]);
    let alice = sandbox.project("alice");
    let pointer = crate::ops::pointed::read(&alice, &path("big")).unwrap().unwrap();
    let Kind::File { manifest: Some(manifest), .. } = pointer.kind else { panic!("{pointer:?}") };
    // It comes before the list in every walk.
    sandbox.write("alice", "a", alice.cache().unwrap().read(&manifest).unwrap());
    sandbox.add("alice", &["a"]);
    let ends = crate::chunk::cuts(&big, &crate::chunk::V1);
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let chunks: Vec<Id> = starts.zip(&ends).map(|(start, end)| Id::of(&big[start..*end])).collect();
    assert!(chunks.len() > 10);
    let cleared = run(|job| cache_clear(&sandbox.project("alice"), &CacheClearOptions::default(), job));
    let Err(Error::OnlyCopy { count }) = cleared else { panic!("{cleared:?}") };
    assert!(count > chunks.len() as u64, "{count}");
    push_all(&sandbox, "alice");
    let has_all = || {
        let remote = sandbox.project("alice").remote(None).unwrap();
        remote.packs.refresh(false).unwrap();
        chunks.iter().all(|id| remote.packs.read(id).is_ok())
    };
    assert!(has_all(), "after the push");
    collect(&sandbox, &in_remote(newest(1))).unwrap();
    assert!(has_all(), "after the collection");
}

/// `alice` with a commit of which only this name tells, and whose data is nowhere but in her cache, in old packs.
fn known_by(name: &str) -> (Sandbox, Id) {
    let sandbox = Sandbox::new();
    sandbox.write("alice", "data/a", "first");
    sandbox.add("alice", &["data"]);
    push_all(&sandbox, "alice");
    sandbox.write("alice", "data/a", noise(1, 50_000));
    sandbox.add("alice", &["data"]);
    let head = sandbox.git("alice", "rev-parse HEAD");
    sandbox.git("alice", "reset --quiet --hard HEAD~1");
    sandbox.write("alice", &format!(".git/{name}"), head);
    run(|job| checkout(&sandbox.project("alice"), &CheckoutOptions::default(), job)).unwrap();
    let alice = sandbox.project("alice");
    for pack in alice.cache().unwrap().catalog().packs() {
        let then = std::time::SystemTime::now() - Duration::from_secs(30 * 86_400);
        let file = alice.cache_folder().join(layout::pack(&pack.id).as_str());
        std::fs::File::open(file).unwrap().set_modified(then).unwrap();
    }
    (sandbox, Id::of(&noise(1, 50_000)))
}

#[test]
fn what_only_a_reference_of_another_kind_or_an_unfinished_merge_names_stays_in_the_cache() {
    for name in ["refs/backup/main", "refs/bisect/bad", "MERGE_HEAD"] {
        let (sandbox, id) = known_by(name);
        let alice = || sandbox.project("alice");
        let cleared = run(|job| cache_clear(&alice(), &CacheClearOptions::default(), job));
        assert!(matches!(cleared, Err(Error::OnlyCopy { .. })), "{name}: {cleared:?}");
        collect(&sandbox, &GcOptions { grace: Some(Duration::ZERO), ..GcOptions::default() }).unwrap();
        assert!(alice().cache().unwrap().read(&id).is_ok(), "{name}");
        // Without the name it goes.
        std::fs::remove_file(sandbox.root("alice/.git").join(name)).unwrap();
        collect(&sandbox, &GcOptions { grace: Some(Duration::ZERO), ..GcOptions::default() }).unwrap();
        assert!(alice().cache().unwrap().read(&id).is_err(), "{name}");
    }
}

#[test]
fn what_a_conflict_names_stays_in_the_cache() {
    let (sandbox, id) = known_by("refs/heads/theirs");
    sandbox.write("alice", "data/a", noise(2, 50_000));
    sandbox.add("alice", &["data"]);
    run(|job| push(&sandbox.project("alice"), &PushOptions::default(), job)).unwrap();
    sandbox.try_git("alice", "merge --quiet theirs").unwrap_err();
    // No name is left but that of the index.
    std::fs::remove_file(sandbox.root("alice/.git/refs/heads/theirs")).unwrap();
    std::fs::remove_file(sandbox.root("alice/.git/MERGE_HEAD")).unwrap();
    std::fs::remove_file(sandbox.root("alice/data.esker")).unwrap();
    let cleared = run(|job| cache_clear(&sandbox.project("alice"), &CacheClearOptions::default(), job));
    assert!(matches!(cleared, Err(Error::OnlyCopy { .. })), "{cleared:?}");
    collect(&sandbox, &GcOptions { grace: Some(Duration::ZERO), ..GcOptions::default() }).unwrap();
    assert!(sandbox.project("alice").cache().unwrap().read(&id).is_ok());
}

#[test]
fn what_nobody_can_read_or_a_shallow_clone_does_not_know_takes_nothing_from_the_cache() {
    let hide: [(&str, fn(&Sandbox)); 2] = [
        ("a pointer of a later version", |sandbox| {
            let pointer = std::fs::read_to_string(sandbox.root("alice/data.esker")).unwrap();
            sandbox.write("alice", "other.esker", pointer.replace("version = 1", "version = 99"));
            sandbox.git("alice", "add --force other.esker");
            sandbox.git("alice", "commit --quiet --message later");
        }),
        ("a shallow clone", |sandbox| {
            let head = sandbox.git("alice", "rev-parse HEAD");
            sandbox.write("alice", ".git/shallow", head);
        }),
    ];
    for (what, hide) in hide {
        let (sandbox, id) = known_by("refs/backup/main");
        std::fs::remove_file(sandbox.root("alice/.git/refs/backup/main")).unwrap();
        hide(&sandbox);
        let alice = || sandbox.project("alice");
        let cleared = run(|job| cache_clear(&alice(), &CacheClearOptions::default(), job));
        assert!(matches!(cleared, Err(Error::OnlyCopy { .. })), "{what}: {cleared:?}");
        let report = collect(&sandbox, &GcOptions { grace: Some(Duration::ZERO), ..GcOptions::default() }).unwrap();
        assert!(report.swept.is_unclear() && alice().cache().unwrap().read(&id).is_ok(), "{what}");
    }
}
