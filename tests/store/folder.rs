//! What a folder must do besides the contract.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use esker::store::{LocalStore, Store, StoreError, StoreOptions, create, open};

use super::contract::{key, keys, noise};

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() { found.extend(files(&entry)) } else { found.push(entry) }
    }
    found
}

#[test]
fn a_missing_folder_is_told_and_made_only_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("a/b");
    let error = LocalStore::open(&place).err().unwrap();
    assert!(matches!(error, StoreError::NoPlace { .. }));
    assert_eq!(error.to_string(), format!("{} does not exist: there is no such folder", place.display()));
    let url = place.to_str().unwrap();
    create(url, &StoreOptions::default()).unwrap();
    assert_eq!(open(url, &StoreOptions::default()).unwrap().name(), url);
}

#[test]
fn a_file_is_no_store() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("file");
    fs::write(&place, "").unwrap();
    assert!(matches!(LocalStore::open(&place), Err(StoreError::NoPlace { .. })));
}

#[test]
fn an_object_is_a_file_of_its_name_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::create(folder.path()).unwrap();
    store.put(&key("packs/ab/x"), b"bytes").unwrap();
    assert_eq!(files(store.folder()), [folder.path().join("packs/ab/x")]);
}

#[test]
fn a_failed_put_leaves_no_debris() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::create(folder.path()).unwrap();
    // A folder that is not empty stands where the object should go.
    fs::create_dir_all(folder.path().join("packs/ab/x/y")).unwrap();
    assert!(matches!(store.put(&key("packs/ab/x"), &noise(1000)), Err(StoreError::Disk(_))));
    assert!(files(folder.path()).is_empty());
}

#[test]
fn an_object_of_another_length_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::create(folder.path()).unwrap();
    fs::create_dir_all(folder.path().join("index")).unwrap();
    fs::write(folder.path().join("index/a"), "torn").unwrap();
    store.put(&key("index/a"), b"whole object").unwrap();
    assert_eq!(store.get(&key("index/a"), 100).unwrap(), b"whole object");
}

#[test]
fn a_known_object_is_not_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::create(folder.path()).unwrap();
    store.put(&key("index/a"), b"bytes").unwrap();
    let before = fs::metadata(folder.path().join("index/a")).unwrap().modified().unwrap();
    LocalStore::open(folder.path()).unwrap().put(&key("index/a"), b"bytes").unwrap();
    assert_eq!(fs::metadata(folder.path().join("index/a")).unwrap().modified().unwrap(), before);
}

#[test]
fn temporaries_are_not_listed_and_old_ones_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let temporaries = folder.path().join("+tmp");
    fs::create_dir(&temporaries).unwrap();
    fs::write(temporaries.join("old"), "x").unwrap();
    fs::write(temporaries.join("fresh"), "x").unwrap();
    let old = SystemTime::now() - Duration::from_secs(25 * 60 * 60);
    fs::File::options().write(true).open(temporaries.join("old")).unwrap().set_modified(old).unwrap();
    let store = LocalStore::open(folder.path()).unwrap();
    assert!(keys(&store, "").is_empty());
    store.put(&key("config"), b"x").unwrap();
    assert_eq!(files(&temporaries), [temporaries.join("fresh")]);
    assert_eq!(keys(&store, "").len(), 1);
}

#[test]
fn links_and_foreign_names_are_no_objects() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::create(&folder.path().join("store")).unwrap();
    fs::write(folder.path().join("outside"), "secret").unwrap();
    symlink(folder.path().join("outside"), store.folder().join("link")).unwrap();
    fs::write(store.folder().join("UPPER case"), "x").unwrap();
    assert!(keys(&store, "").is_empty());
    assert!(matches!(store.get(&key("link"), 100), Err(StoreError::Missing { .. })));
}

#[test]
fn an_object_that_another_process_removed_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::create(folder.path()).unwrap();
    store.put(&key("packs/ab/x"), b"bytes").unwrap();
    fs::remove_dir_all(folder.path().join("packs")).unwrap();
    assert!(matches!(store.read(&key("packs/ab/x"), 0..5), Err(StoreError::Missing { .. })));
    store.put(&key("packs/ab/x"), b"bytes").unwrap();
    assert_eq!(store.read(&key("packs/ab/x"), 0..5).unwrap(), b"bytes");
}

#[test]
fn a_folder_that_went_away_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::create(&folder.path().join("store")).unwrap();
    store.put(&key("config"), b"x").unwrap();
    fs::remove_dir_all(store.folder()).unwrap();
    assert!(matches!(store.put(&key("index/a"), b"x"), Err(StoreError::NoPlace { .. })));
    assert!(matches!(store.get(&key("config"), 9), Err(StoreError::NoPlace { .. })));
    assert!(matches!(store.list("", &mut |_| ()), Err(StoreError::NoPlace { .. })));
    assert!(!store.folder().exists());
}

#[test]
fn a_forbidden_folder_is_told_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::create(folder.path()).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let refused = store.put(&key("config"), b"x");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    match refused {
        Err(error @ StoreError::Denied { .. }) => {
            assert!(error.to_string().contains(folder.path().to_str().unwrap()), "{error}");
        }
        // The superuser is never refused.
        other => assert!(other.is_ok(), "{other:?}"),
    }
}
