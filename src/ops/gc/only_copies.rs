//! What stays in the cache, since it may be the only copy of something that anybody names.

use std::time::{Duration, SystemTime};

use super::tests::{collect, in_remote, newest, push_all};
use super::*;
use crate::base::Id;
use crate::format::pack::PackKind;
use crate::format::pointer::Kind;
use crate::ops::error::Error;
use crate::ops::pointed;
use crate::ops::push::{PushOptions, push};
use crate::ops::testing::{Sandbox, noise, path, run};
use crate::ops::{CacheClearOptions, CheckoutOptions, VerifyOptions, cache_clear, checkout, verify};
use crate::packs::layout;

/// Makes the packs of `alice`'s cache look old.
fn age(sandbox: &Sandbox) {
    let alice = sandbox.project("alice");
    for pack in alice.cache().unwrap().catalog().packs() {
        let then = SystemTime::now() - Duration::from_secs(30 * 86_400);
        let file = alice.cache_folder().join(layout::pack(&pack.id).as_str());
        std::fs::File::open(file).unwrap().set_modified(then).unwrap();
    }
}

fn at_once() -> GcOptions {
    GcOptions { grace: Some(Duration::ZERO), ..GcOptions::default() }
}

#[test]
fn what_a_lost_list_may_lead_to_stays_in_the_cache() {
    let sandbox = Sandbox::new();
    sandbox.write("alice", "data/a", noise(1, 200_000));
    sandbox.write("alice", "data/b", "b");
    sandbox.add("alice", &["data"]);
    age(&sandbox);
    let alice = sandbox.project("alice");
    for pack in alice.cache().unwrap().catalog().packs().iter().filter(|pack| pack.kind == PackKind::Pages) {
        std::fs::remove_file(alice.cache_folder().join(layout::pack(&pack.id).as_str())).unwrap();
    }
    let report = collect(&sandbox, &at_once()).unwrap();
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
    let pointer = pointed::read(&alice, &path("big")).unwrap().unwrap();
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
    age(&sandbox);
    (sandbox, Id::of(&noise(1, 50_000)))
}

#[test]
fn what_only_a_reference_of_another_kind_or_an_unfinished_merge_names_stays_in_the_cache() {
    for name in ["refs/backup/main", "refs/bisect/bad", "MERGE_HEAD"] {
        let (sandbox, id) = known_by(name);
        let alice = || sandbox.project("alice");
        let cleared = run(|job| cache_clear(&alice(), &CacheClearOptions::default(), job));
        assert!(matches!(cleared, Err(Error::OnlyCopy { .. })), "{name}: {cleared:?}");
        collect(&sandbox, &at_once()).unwrap();
        assert!(alice().cache().unwrap().read(&id).is_ok(), "{name}");
        // Without the name it goes.
        std::fs::remove_file(sandbox.root("alice/.git").join(name)).unwrap();
        collect(&sandbox, &at_once()).unwrap();
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
    collect(&sandbox, &at_once()).unwrap();
    assert!(sandbox.project("alice").cache().unwrap().read(&id).is_ok());
}

#[test]
fn what_nobody_can_read_or_a_shallow_clone_does_not_know_takes_nothing_from_the_cache() {
    type Hide = fn(&Sandbox);
    let hide: [(&str, Hide); 2] = [
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
        let report = collect(&sandbox, &at_once()).unwrap();
        assert!(report.swept.is_unclear() && alice().cache().unwrap().read(&id).is_ok(), "{what}");
    }
}
