//! Taking over from DVC and Git LFS: repositories that the real tools made, kept in `fixtures/dvc`, and the tools themselves
//! where they are installed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use esker::store::{Key, S3Store, Store};

use crate::support::data::bytes;
use crate::support::remote::Remote;
use crate::support::s3_server::S3Server;
use crate::support::world::World;

const TABLE_ONE: &str = "id,name\r\n1,one\r\n2,two\r\n";
const TABLE_TWO: &str = "id,name\r\n1,one\r\n2,two\r\n3,three\r\n";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/dvc").join(name)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The repository of `fixtures/dvc`: tag `one`, then tag `two` with `esker init` after it. The cache has what `two` names,
/// the remote all.
fn of_dvc(version: &str) -> World {
    let mut world = World::git_only();
    let repo = world.root().join("alice");
    for revision in ["one", "two"] {
        for name in ["data.dvc", "dvc.lock"] {
            let _ = fs::remove_file(repo.join(name));
        }
        copy(&fixture(version).join(revision), &repo);
        world = world.git("add -A").commit(revision).git(["tag", revision]);
    }
    copy(&fixture(version).join("cache"), &repo.join(".dvc/cache"));
    copy(&fixture(version).join("remote"), &world.root().join("remote"));
    world.esker("init --no-hooks").ok().commit("init")
}

/// What DVC noted is what esker says afterwards, in the worktree and at both revisions.
fn check_all(world: World) -> World {
    let world = world.esker("cat one:data/table.csv").ok();
    assert_eq!(String::from_utf8_lossy(world.stdout()), TABLE_ONE);
    let world = world.esker("cat two:data/table.csv").ok();
    assert_eq!(String::from_utf8_lossy(world.stdout()), TABLE_TWO);
    let world = world.esker("cat data/table.csv").ok();
    assert_eq!(String::from_utf8_lossy(world.stdout()), TABLE_TWO);
    let world = world.esker("cat one:made/copy.csv").ok();
    assert_eq!(String::from_utf8_lossy(world.stdout()), TABLE_ONE);
    let world = world.esker("ls -r one:data").ok();
    assert_eq!(world.shown(), "data/empty\ndata/same.txt\ndata/sub/raw.bin\ndata/sub/same.txt\ndata/table.csv\n");
    let world = world.esker("ls one:").ok();
    assert_eq!(world.shown(), "data/\nmade/copy.csv\nnested/tool.sh\n");
    let world = world.esker("ls -l --json nested").ok();
    assert_eq!(world.json()["entries"][0]["bytes"], 19);
    world
}

#[test]
fn all_of_dvc_2_and_3_is_taken_over_and_old_revisions_resolve() {
    for version in ["v2", "v3"] {
        let world = of_dvc(version).esker("migrate dvc --all-commits --json").ok();
        let report = world.json();
        assert_eq!(report["datasets"].as_array().unwrap().len(), 3, "{version}");
        assert_eq!(report["versions"], 5, "{version}");
        assert!(report["troubles"].as_array().unwrap().is_empty());
        let staged = world.git_output("diff --cached --name-only");
        let expected = ".esker/migrated/.gitattributes\n.esker/migrated/dvc\ndata.esker\nmade/copy.csv.esker\nnested/tool.sh.esker";
        assert_eq!(staged, expected, "{version}: every ignore line was DVC's already");
        let world = check_all(world.commit("from DVC"));
        let world = world.esker("checkout one -- data").ok().esker("diff --name-only one HEAD -- data").ok();
        let world = world.prints("data/new.txt").prints("data/sub/raw.bin").prints("data/table.csv");
        let world = world.esker("log data").ok();
        let log = String::from_utf8_lossy(world.stdout()).into_owned();
        assert!(log.contains("two") && log.contains("one") && !log.contains("from DVC"), "{log}");
        assert!(world.path("data.dvc").exists(), "nothing of DVC is removed");
    }
}

#[test]
fn what_the_cache_lacks_comes_from_the_remote_and_is_named_when_that_lacks_it_too() {
    let world = of_dvc("v3");
    let object = world.root().join("remote/files/md5/df/281e8806b30fb9fc2f8983f582b9aa");
    let good = fs::read(&object).unwrap();
    fs::remove_file(&object).unwrap();
    let world = world.esker("migrate dvc").ok().git("reset -q --hard").git("clean -qfd");
    let world = world.esker("migrate dvc --all-commits").exits(5).says("df281e8806b30fb9fc2f8983f582b9aa");
    let world = world.says("not in").says("alice/.dvc/cache").says("remote").says("--allow-missing");
    assert_eq!(world.git_output("status --porcelain"), "", "nothing was changed");
    fs::write(&object, "damaged").unwrap();
    let world = world.esker("migrate dvc --all-commits").exits(5).says("damaged: ");
    assert_eq!(world.git_output("status --porcelain"), "");
    let world = world.esker("migrate dvc --all-commits --allow-missing --json").ok();
    assert_eq!(world.json()["troubles"][0]["is_damaged"], true);
    let left = world.json()["left"].clone();
    assert_eq!((&left[0]["path"], &left[1]["path"]), (&"data".into(), &"made/copy.csv".into()));
    let world = world.commit("in part").esker("ls one:").ok();
    assert_eq!(world.shown(), "nested/tool.sh\n", "a version that lacks a file is not taken over");
    fs::write(&object, good).unwrap();
    let world = world.esker("migrate dvc --all-commits --json").ok();
    assert_eq!(world.json()["objects_read"], 1, "the rest was known");
    check_all(world.commit("all"));
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let world = of_dvc("v2").esker("migrate dvc -n --all-commits").ok().prints("data/").prints("5 versions");
    assert_eq!(world.git_output("status --porcelain"), "");
    assert!(!world.root().join("alice/.git/esker/cache/packs").exists());
    let object = world.root().join("remote/61/f1645fdd98a2413b4f8554a20c2816");
    let _ = fs::remove_file(object);
    fs::remove_dir_all(world.root().join("alice/.dvc/cache")).unwrap();
    world.esker("migrate dvc -n").ok().prints("missing or damaged").prints("61f1645fdd98a2413b4f8554a20c2816");
}

#[test]
fn data_of_old_revisions_reaches_the_remote_and_another_clone() {
    for remote in Remote::all() {
        let world = of_dvc("v3");
        let place = remote.open(world.root());
        let world = world.with_remote("origin", place).commit("remote").esker("migrate dvc --all-commits").ok();
        let world = world.commit("from DVC").esker("push --all-commits").ok();
        let bob = world.clone_as("bob");
        fs::remove_dir_all(bob.root().join("remote/files")).unwrap();
        let bob = bob.esker("cat one:data/table.csv").ok();
        assert_eq!(String::from_utf8_lossy(bob.stdout()), TABLE_ONE);
        // A branch that never saw the map collects, too.
        let bob =
            bob.esker("fetch --all-commits").ok().git("checkout -q -b side HEAD~1").esker("gc --grace 0 --yes").ok();
        let bob = bob.esker("gc --remote --keep-last 1 -n --json").ok();
        assert!(bob.json()["files"].as_array().unwrap().is_empty(), "tags of before keep their data");
        let bob = bob.esker("gc --remote --keep-last 1 --grace 0 --yes").ok().git("checkout -q main");
        bob.esker("verify --remote --all-commits --read-data").ok().esker("cat one:data/sub/raw.bin").ok();
    }
}

#[test]
fn a_bucket_of_dvc_is_read_by_its_own_settings() {
    let server = S3Server::start();
    let bucket = S3Store::open(&server.options("dvc")).unwrap();
    let remote = fixture("v3").join("remote");
    let folders = fs::read_dir(remote.join("files/md5")).unwrap().map(|folder| folder.unwrap().path());
    for file in folders.flat_map(|folder| fs::read_dir(folder).unwrap()).map(|file| file.unwrap().path()) {
        let key = Key::new(file.strip_prefix(&remote).unwrap().to_str().unwrap()).unwrap();
        bucket.put(&key, &fs::read(&file).unwrap()).unwrap();
    }
    let mut world = of_dvc("v3");
    for (name, value) in server.environment() {
        world = world.variable(name, value);
    }
    let (url, endpoint) = (server.url("dvc"), server.endpoint());
    let settings =
        format!("['remote \"store\"']\n    url = {url}\n    endpointurl = {endpoint}\n    region = us-east-1\n");
    let world = world.file(".dvc/config.local", settings);
    fs::remove_dir_all(world.path(".dvc/cache")).unwrap();
    fs::remove_dir_all(world.root().join("remote")).unwrap();
    server.forget();
    let world = world.esker("migrate dvc --all-commits").ok().commit("from DVC");
    assert_eq!(server.count("PUT") + server.count("DELETE"), 0, "what is DVC's is only read");
    check_all(world);
}

#[test]
fn a_migration_that_fails_leaves_everything_as_it_was() {
    let world = of_dvc("v3");
    let world = world.file(".gitignore", "/data\n*.esker\n").git("add .gitignore").commit("ignore");
    let before = world.git_output("status --porcelain --ignored");
    let world = world.esker("migrate dvc").exits(3).says("git check-ignore");
    assert_eq!(world.git_output("status --porcelain --ignored"), before);
    assert!(!world.root().join("alice/data.esker").exists());
}

#[test]
fn what_cannot_be_taken_over_is_told() {
    let world = of_dvc("v3");
    let world =
        world.file("far.dvc", "outs:\n- path: s3://bucket/x\n  md5: d41d8cd98f00b204e9800998ecf8427e\n  hash: md5\n");
    let world = world.file("etag.dvc", "outs:\n- path: y\n  etag: abc\n").git("add -f far.dvc etag.dvc");
    let world = world.esker("migrate dvc").ok().prints("s3://bucket/x (of far.dvc): it lies outside the repository");
    let world = world.prints("no md5").prints("outputs of stages").prints("made/copy.csv");
    let world = world.file("etag.dvc", "outs: [").esker("migrate dvc").exits(5).says("etag.dvc").says("git log");
    let world = world.git("rm -qf etag.dvc").esker("migrate dvc -r nowhere").exits(2).says("it knows store");
    let world = world.file(".esker/migrated/dvc", "# esker migrated 1\nnonsense\n").esker("status").exits(5);
    world.says("line 2").says("git checkout REV -- .esker/migrated/dvc");
}

#[test]
fn a_repository_without_dvc_is_told_so() {
    World::new().esker("migrate dvc").exits(2).says(".dvc").esker("migrate lfs").ok().prints("keeps nothing here");
}

/// The object store of Git LFS, and pointers in Git, as git-lfs makes them: no program of it is needed.
fn of_lfs() -> World {
    let world = World::new();
    let world = world
        .file(".gitattributes", "*.esker -text diff=esker merge=esker\n*.bin filter=lfs diff=lfs merge=lfs -text\n");
    // Without the filter, Git keeps what it is given.
    let mut world = world.git("config filter.lfs.clean cat").git("config filter.lfs.smudge cat");
    for (revision, seed) in [("one", 1), ("two", 2)] {
        for (name, seed) in [("img/a.bin", seed), ("img/b.bin", 7), ("top.bin", seed + 10)] {
            let content = bytes(seed, 70_000);
            let pointer = lfs_store(world.root(), &content);
            world = world.file(name, pointer);
        }
        world = world.git("add -A").commit(revision).git(["tag", revision]);
    }
    for (name, seed) in [("img/a.bin", 2), ("img/b.bin", 7), ("top.bin", 12)] {
        world = world.file(name, bytes(seed, 70_000));
    }
    world
}

/// Puts content into the object store of Git LFS, and gives the pointer.
fn lfs_store(root: &Path, content: &[u8]) -> String {
    let scratch = root.join("tmp/content");
    fs::write(&scratch, content).unwrap();
    let printed = Command::new("sha256sum").arg(&scratch).output().unwrap().stdout;
    let sum = String::from_utf8(printed[..64].to_vec()).unwrap();
    let folder = root.join("alice/.git/lfs/objects").join(&sum[..2]).join(&sum[2..4]);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(&sum), content).unwrap();
    format!("version https://git-lfs.github.com/spec/v1\noid sha256:{sum}\nsize {}\n", content.len())
}

#[test]
fn files_of_git_lfs_become_datasets_and_leave_the_index_and_the_attributes() {
    let world = of_lfs().esker("migrate lfs --all-commits --json").ok();
    assert_eq!(world.json()["versions"], 5);
    let staged = world.git_output("ls-files");
    for name in ["img/a.bin.esker", "img/b.bin.esker", "top.bin.esker", ".esker/migrated/lfs"] {
        assert!(staged.lines().any(|line| line == name), "{name}: {staged}");
    }
    assert!(!staged.lines().any(|line| line.ends_with(".bin")), "{staged}");
    let world = world.commit("from LFS");
    assert_eq!(world.git_output("status --porcelain"), "");
    assert_eq!(world.git_output("show HEAD:.gitattributes"), "*.esker -text diff=esker merge=esker");
    let world = world.esker("status --exit-code").ok().esker("cat one:img/a.bin").ok();
    assert_eq!(world.stdout(), bytes(1, 70_000));
    let world = world.esker("checkout one -- img/a.bin").ok().esker("log top.bin").ok();
    let log = String::from_utf8_lossy(world.stdout()).into_owned();
    assert!(log.contains("two") && !log.contains("from LFS"), "{log}");
}

#[test]
fn a_folder_of_git_lfs_becomes_one_dataset_if_all_of_it_is() {
    let world = of_lfs().esker("migrate lfs --folder img --json").ok();
    let datasets = world.json()["datasets"].clone();
    assert_eq!((&datasets[0]["path"], &datasets[0]["files"]), (&"img".into(), &2.into()));
    let world = world.commit("from LFS").esker("status --exit-code").ok().esker("ls one:img").ok();
    assert_eq!(world.shown(), "img/b.bin\n", "in old revisions each file stays a dataset");
    let world = world.esker("diff --exit-code HEAD -- img").ok();
    drop(world);
    let world = of_lfs().file("img/readme", "x").git("add img/readme").esker("migrate lfs --folder img").exits(2);
    world.says("img/readme").esker("migrate lfs --folder nothing").exits(2).says("git lfs ls-files");
}

#[test]
fn objects_of_git_lfs_come_from_a_remote_that_is_a_folder() {
    let world = of_lfs().publish_nothing();
    let (here, there) = (world.root().join("alice/.git/lfs"), world.root().join("shared.git/lfs"));
    fs::rename(&here, &there).unwrap();
    let world = world.esker("migrate lfs").ok().esker("cat top.bin").ok();
    assert_eq!(world.stdout(), bytes(12, 70_000));
}

/// The program `name`: named by the variable, or on the PATH; else the test says so and passes.
fn tool(variable: &str, name: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file());
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found =
        named.or_else(|| std::env::split_paths(&paths).map(|folder| folder.join(name)).find(|path| path.is_file()));
    if found.is_none() {
        eprintln!("skipped: no `{name}` on the PATH, and {variable} names none");
    }
    found
}

#[test]
fn a_repository_of_todays_dvc_is_taken_over() {
    let Some(dvc) = tool("ESKER_DVC", "dvc") else { return };
    let dvc = dvc.to_str().unwrap();
    let world = World::git_only().variable("DVC_NO_ANALYTICS", "1").run_program(dvc, "init -q").ok();
    let store = world.root().join("store");
    let world = world.run_program(dvc, ["remote", "add", "-d", "store", store.to_str().unwrap()]).ok();
    let mut world = world.file("data/large.bin", bytes(9, 12_000_000)).file("one.csv", "a,b\r\n1,2\r\n");
    for revision in 0..3 {
        let name = format!("data/n{revision}");
        world = world.file(&name, bytes(revision, 5_000)).run_program(dvc, "add -q data one.csv").ok();
        world =
            world.git("add -A").commit("data").git(["tag", &format!("r{revision}")]).run_program(dvc, "push -q").ok();
    }
    let world = world.run_program(dvc, "gc -q -w -f").ok().esker("init --no-hooks").ok().commit("init");
    let world = world.esker("migrate dvc --all-commits").ok().commit("from DVC");
    assert_eq!(world.git_output("status --porcelain"), "");
    for revision in 0..3 {
        let world_list = world.command().args(["ls", "-r", &format!("r{revision}:data")]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&world_list.stdout).lines().count(), 2 + revision as usize);
    }
    let world = world.esker("status --exit-code").ok().esker("cat r0:data/large.bin").ok();
    assert!(world.stdout() == bytes(9, 12_000_000));
    // DVC itself finds everything as it was.
    world.run_program(dvc, "status").ok().prints("up to date");
}

#[test]
fn a_repository_of_todays_git_lfs_is_taken_over() {
    if tool("ESKER_GIT_LFS", "git-lfs").is_none() {
        return;
    }
    let world = World::new().publish_nothing().git("lfs install").git("lfs track *.bin");
    let mut world = world.file("small.bin", "x");
    for revision in 0..2 {
        world = world.file("d/large.bin", bytes(revision, 9_000_000)).git("add -A").commit("data");
        world = world.git(["tag", &format!("r{revision}")]);
    }
    let world = world.git("push -q -u origin main --tags");
    // A clone has what it checked out, and no more.
    let world = world.clone_as("bob").esker("migrate lfs --all-commits").ok();
    let world = world.commit("from LFS");
    assert_eq!(world.git_output("status --porcelain"), "");
    assert_eq!(world.git_output("lfs ls-files"), "");
    let world = world.esker("status --exit-code").ok().esker("cat r0:d/large.bin").ok();
    assert!(world.stdout() == bytes(0, 9_000_000));
}
