//! What must hold for fetches, shown on a folder.

use std::fs;

use super::*;
use crate::ops::push::{PushOptions, push};
use crate::ops::testing::{Sandbox, noise, path, run};
use crate::packs::layout;

/// A clone of a project that pushed two folders in one dataset, and a file.
fn pushed() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("alice", "data/a/one", noise(1, 40_000));
    sandbox.write("alice", "data/b/two", noise(2, 40_000));
    sandbox.write("alice", "c", noise(3, 40_000));
    sandbox.add("alice", &["data", "c"]);
    run(|job| push(&sandbox.project("alice"), &PushOptions::default(), job)).unwrap();
    sandbox.git("alice", "clone --quiet . ../bob");
    sandbox
}

fn fetch_in(sandbox: &Sandbox, name: &str, paths: &[&str]) -> Result<FetchReport, Error> {
    let paths = paths.iter().map(|text| path(text)).collect();
    let selection = SelectionOptions { paths, ..SelectionOptions::default() };
    run(|job| fetch(&sandbox.project(name), &FetchOptions { selection, remote: None }, job))
}

#[test]
fn a_fetch_with_nothing_to_fetch_asks_nobody() {
    let sandbox = pushed();
    assert_eq!(fetch_in(&sandbox, "bob", &[]).unwrap().remotes[0].new_bytes, 120_000);
    fs::rename(sandbox.root("store"), sandbox.root("away")).unwrap();
    let again = fetch_in(&sandbox, "bob", &[]).unwrap();
    assert!(again.is_up_to_date && again.remotes[0].new_bytes == 0);
}

#[test]
fn a_part_is_fetched_alone_and_one_that_is_not_there_is_an_error() {
    let sandbox = pushed();
    let fetched = fetch_in(&sandbox, "bob", &["data/b"]).unwrap().remotes.remove(0);
    assert_eq!((fetched.new_files, fetched.new_bytes, &fetched.datasets[0].path), (1, 40_000, &path("data/b")));
    for _ in 0..2 {
        let error = fetch_in(&sandbox, "bob", &["data/nope"]).unwrap_err();
        assert!(matches!(error, Error::NotInDataset { .. }), "{error}");
    }
    let error = fetch_in(&sandbox, "bob", &["nope"]).unwrap_err();
    assert!(matches!(error, Error::NoDataset { .. }), "{error}");
}

#[test]
fn what_is_nowhere_is_named_and_the_rest_is_fetched() {
    let sandbox = Sandbox::new();
    sandbox.write("alice", "a", "one");
    sandbox.add("alice", &["a"]);
    run(|job| push(&sandbox.project("alice"), &PushOptions::default(), job)).unwrap();
    sandbox.write("alice", "data/b", "two");
    sandbox.add("alice", &["data"]);
    sandbox.git("alice", "clone --quiet . ../bob");
    let error = fetch_in(&sandbox, "bob", &[]).unwrap_err();
    let Error::DataMissing { files, .. } = &error else { panic!("{error}") };
    assert_eq!(files[..], [path("data")]);
    assert!(sandbox.project("bob").cache().unwrap().find(&Id::of(b"one")).is_some());
}

#[test]
fn files_of_a_lost_pack_are_named_one_by_one() {
    let sandbox = pushed();
    let remote = sandbox.project("alice").remote(None).unwrap();
    remote.packs.refresh(false).unwrap();
    let page_pack =
        remote.packs.catalog().packs().into_iter().find(|pack| pack.kind == crate::format::pack::PackKind::Pages);
    let chunk = remote.packs.find(&Id::of(&noise(2, 40_000)));
    assert!(page_pack.is_some() && chunk.is_none(), "noise of that length has several chunks");
    // An index that knows the pages only, as after a pack that was lost and swept.
    let (store, keep) = (remote.packs.store(), page_pack.unwrap());
    let mut segments = Vec::new();
    store.list(layout::INDEX, &mut |listed| segments.push(listed.key)).unwrap();
    let entries: Vec<_> = {
        let catalog = remote.packs.catalog();
        let (_, segment) = catalog.segments().next().unwrap();
        let entries = segment.entries().map(Result::unwrap);
        let of_pages = entries.filter(|entry| segment.pack(entry.pack as usize).unwrap().id == keep.id);
        of_pages.map(|entry| crate::format::segment::SegmentEntry { pack: 0, ..entry }).collect()
    };
    let (id, bytes) = crate::format::segment::encode(&[keep], &entries);
    segments.iter().for_each(|key| store.delete(key).unwrap());
    store.put(&layout::segment(&id), &bytes).unwrap();
    let error = fetch_in(&sandbox, "bob", &[]).unwrap_err();
    let Error::DataMissing { files, count, .. } = &error else { panic!("{error}") };
    assert_eq!((&files[..], *count), (&[path("c"), path("data/a/one"), path("data/b/two")][..], 3));
}
