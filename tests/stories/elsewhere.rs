//! Data of other repositories: scenario B24.

use std::fs;
use std::path::Path;

use crate::support::data::{bytes, rows};
use crate::support::remote::Remote;
use crate::support::world::World;

/// A registry of datasets, in two versions, whose data is pushed; and the folder `bob`, which is in no repository.
fn registry(remote: Remote) -> World {
    let world = World::on(remote).file("data/a.csv", rows(100)).file("data/img/one.png", bytes(1, 600_000));
    let world = world.file("data/img/two.png", "2").file("models/best.bin", bytes(2, 300_000));
    let world = world.file("models/small.bin", "small").file("code/run.sh", "echo").git("add code");
    let world = world.esker("add data models/best.bin models/small.bin").ok().commit("one").git("tag v1");
    let world = world.file("data/img/two.png", "two").file("data/img/three.png", "3").esker("add data").ok();
    let world = world.commit("two").esker("push").ok().publish();
    fs::create_dir(world.root().join("bob")).unwrap();
    world.go_to("bob")
}

/// The same as a program of a far machine sees it: by Git's own protocol (the old one where there are no filters), with
/// nothing of the registry's folder at hand.
fn far(remote: Remote, has_filters: bool) -> World {
    let world = registry(remote);
    let ssh = world.root().join("ssh.sh");
    fs::write(&ssh, "for last; do :; done\nexec sh -c \"$last\"\n").unwrap();
    let world = world
        .variable("GIT_SSH_COMMAND", format!("sh {}", ssh.display()))
        .variable("GIT_SSH_VARIANT", if has_filters { "ssh" } else { "simple" });
    let shared = world.root().join("shared.git");
    let world = match has_filters {
        true => world.git(["-C", shared.to_str().unwrap(), "config", "uploadpack.allowFilter", "true"]),
        false => world,
    };
    let moved = world.root().join("away");
    fs::rename(world.root().join("alice"), moved).unwrap();
    world
}

fn url(world: &World) -> String {
    format!("host:{}", world.root().join("shared.git").display())
}

fn project(world: World) -> World {
    world.git("init -q").esker("init --no-hooks").ok().commit("init")
}

fn holds_nothing_of_ours(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().all(|entry| entry.unwrap().file_name() != ".esker")
}

#[test]
fn get_brings_datasets_parts_and_plain_files_outside_of_any_repository() {
    for remote in Remote::all() {
        let world = registry(remote).esker("get ../alice data").ok();
        assert_eq!(world.read("data/img/one.png"), bytes(1, 600_000), "{remote:?}");
        assert_eq!(world.text("data/img/two.png"), "two");
        let world = world.esker("get ../alice data/img --rev v1 -o old/images").ok().prints("got old/images (2 files");
        assert_eq!(world.text("old/images/two.png"), "2");
        let world = world.esker("get ../alice data/a.csv").ok().prints("got a.csv (1 file, 3.1 KiB)");
        assert_eq!(world.read("a.csv"), rows(100));
        let world = world.esker("get ../alice models -o old").ok().prints("got old/models (2 files");
        assert_eq!(
            (world.read("old/models/best.bin"), world.text("old/models/small.bin")),
            (bytes(2, 300_000), "small".into())
        );
        let world = world.esker("get ../alice code/run.sh").ok();
        assert_eq!(world.text("run.sh"), "echo");
        assert!(holds_nothing_of_ours(&world.path(".")) && holds_nothing_of_ours(&world.path("old")));
        assert_eq!(fs::read_dir(world.root().join("home/.cache/esker/tmp")).unwrap().count(), 0);
    }
}

/// No clone, no history, no file that is not asked for; and of the data only what is not here.
#[test]
fn get_fetches_one_commit_and_only_the_data_that_the_cache_lacks() {
    for has_filters in [true, false] {
        let world = project(far(Remote::S3, has_filters));
        let url = url(&world);
        let world = world.esker(["get", &url, "data", "--rev", "v1"]).ok().prints("fetched 589");
        assert_eq!(world.text("data/img/two.png"), "2");
        let world = world.esker(["get", &url, "data", "-o", "new", "--json"]).ok();
        assert_eq!(world.json()["fetched_bytes"], "two3".len());
        assert_eq!(world.text("new/img/three.png"), "3");
        let kept = fs::read_dir(world.path(".git/esker/elsewhere")).unwrap().next().unwrap().unwrap().path();
        let git = |words: &str| world.git_output(format!("-C {} {words}", kept.join("git").display()).as_str());
        let listed = git("rev-list --objects --all --missing=print");
        assert_eq!(git("rev-list --count --all"), "2", "each commit came without those before it");
        assert_eq!(listed.lines().any(|line| line.starts_with('?')), has_filters, "{listed}");
        let world = world.esker(["ls", "--from", &url, "-l", "v1:data"]).ok();
        let world = world.prints("data/a.csv\n").prints("585.9 KiB  2  data/img/\n");
        let id = world.git_output(format!("-C {} rev-parse v1~1", world.root().join("shared.git").display()).as_str());
        world.esker(["ls", "--from", &url, &format!("{id}:")]).ok().says_nothing();
    }
}

/// This repository is another one, too.
#[test]
fn get_brings_an_old_version_of_this_repository_beside_the_new_one() {
    let world = registry(Remote::Folder).go_to("alice").file("data/img/two.png", "unsaved");
    let world = world.esker("get . data --rev v1 -o sub/old").ok();
    assert_eq!((world.text("sub/old/img/two.png"), world.text("data/img/two.png")), ("2".into(), "unsaved".into()));
    let world = world.go_to("alice/sub").esker("get . ../data/img/two.png --rev HEAD").ok();
    assert_eq!(world.text("two.png"), "two");
    let world = world.go_to("alice").esker("status --json").ok();
    assert_eq!(world.json()["datasets"].as_array().unwrap().len(), 3, "nothing of it is tracked");
}

/// The data of a folder that was never pushed comes out of its own cache, in which nothing is written.
#[test]
fn a_folder_beside_is_read_in_place() {
    let world = registry(Remote::Folder).go_to("alice").file("fresh/x", bytes(7, 50_000)).esker("add fresh").ok();
    let world = world.commit("not pushed");
    let before = world.footprint(".git");
    let world = project(world.go_to("bob")).esker("import ../alice fresh").ok().prints("fetched 48");
    assert_eq!(world.read("fresh/x"), bytes(7, 50_000));
    let world = world.go_to("alice");
    assert_eq!(world.footprint(".git"), before);
}

#[test]
fn an_import_says_where_it_is_from_and_update_moves_it() {
    for remote in Remote::all() {
        let world = project(far(remote, true));
        let url = url(&world);
        let world = world.esker(["import", &url, "data/img", "--rev", "v1", "-o", "sets/images"]).ok();
        let world = world.prints("imported sets/images (2 files, 585.9 KiB): data/img of host:");
        let commit = world.git_output(["ls-remote", &url, "v1"])[..10].to_owned();
        let world = world.prints(&commit).prints("fetched 585.9 KiB");
        let world = world.esker("status").ok().prints("sets/images").git("status --short");
        let world = world.prints("A  sets/.gitignore\nA  sets/images.esker\n").commit("import");
        let pointer = world.text("sets/images.esker");
        assert!(
            pointer.contains("[source]") && pointer.contains("path = \"data/img\"") && pointer.contains("rev = \"v1\"")
        );
        let world = world.esker("update").ok().prints("sets/images is up to date").esker("status --exit-code").ok();
        let world = world.file("sets/images/two.png", "mine").esker("update --rev main").exits(3);
        let world = world.says("unsaved changes would be lost").says("sets/images/two.png");
        assert_eq!((world.text("sets/images/two.png"), world.text("sets/images.esker")), ("mine".into(), pointer));
        let world = world.esker("update --rev main --force").ok().prints("sets/images: 1 added, 1 modified");
        assert_eq!(
            (world.text("sets/images/two.png"), world.text("sets/images/three.png")),
            ("two".into(), "3".into())
        );
        let world = world.git("diff --name-only").prints("").esker("status").ok().commit("moved");
        let world = world.esker("update sets").ok().prints("up to date").esker("add sets/images").ok();
        let world = world.file("sets/images/two.png", "mine").esker("add sets/images").ok().esker("update").exits(3);
        world.says("nothing was imported").esker("update sets/images").exits(2).says("sets/images is no import");
    }
}

/// Who clones the importing project needs no remote of its own for data that its source has.
#[test]
fn a_clone_gets_imported_data_from_its_source() {
    let world = project(far(Remote::S3, true));
    let url = url(&world);
    let world = world.esker(["import", &url, "data/img"]).ok().esker(["import", &url, "models/small.bin"]).ok();
    let world = world.commit("imports").git("clone -q . ../carol").go_to("carol");
    let world = world.esker("pull").ok().prints("for 4 files from host:").prints("img: 3 added");
    assert_eq!((world.read("img/one.png"), world.text("small.bin")), (bytes(1, 600_000), "small".into()));
    // A checkout alone does the same, and so does a part.
    let world = world.git("clone -q . ../dave").go_to("dave").esker("checkout img/two.png").ok();
    assert_eq!(world.text("img/two.png"), "two");
    assert!(!world.path("img/one.png").exists());
    let world = world.esker("checkout").ok().esker("status --exit-code").ok();
    // A pointer that names a commit with other data gets nothing.
    let other = world.git_output(["ls-remote", &url, "v1"])[..40].to_owned();
    let pointer = world.text("img.esker");
    let at = pointer.find("commit = \"").unwrap() + "commit = \"".len();
    let world =
        world.git("clone -q . ../erin").go_to("erin").file("img.esker", pointer.replace(&pointer[at..at + 40], &other));
    world.esker("checkout img").exits(5).says("is not what the pointer of img says it was there");
}

/// A push sends imports as it sends everything: the project does not depend on the other one from then on.
#[test]
fn pushed_imports_outlive_their_source() {
    let world = project(registry(Remote::Folder).go_to("bob")).esker("import ../alice data").ok().commit("import");
    let world = world.esker("remote add mine ../mine").ok().commit("remote").esker("push").ok().prints("data: 589");
    fs::remove_dir_all(world.root().join("alice")).unwrap();
    fs::remove_dir_all(world.root().join("remote")).unwrap();
    let world = world.git("clone -q . ../carol").go_to("carol").esker("pull").ok();
    assert_eq!(world.read("data/img/one.png"), bytes(1, 600_000));
    world.esker("update").exits(4).says("cannot read the repository ../alice");
}

#[test]
fn an_import_that_is_refused_leaves_no_trace() {
    let world =
        project(registry(Remote::Folder)).file("there", "x").file("code", "x").git("add code there").commit("code");
    let world = world.esker("import ../alice models/best.bin -o mine").ok().commit("mine");
    for (words, code, said) in [
        ("import ../alice data -o there", 3, "there exists already"),
        ("import ../alice data -o code", 3, "code exists already"),
        ("import ../alice data -o mine", 3, "mine.esker exists already"),
        ("import ../alice data -o mine/x", 3, "lies in the dataset mine"),
        ("import ../alice data -o ../x", 2, "outside"),
        ("import ../alice models", 2, "name one of them: models/best.bin, models/small.bin"),
        ("import ../alice code/run.sh", 2, "`esker get` copies it"),
        ("import ../alice data/nothing", 2, "../alice has nothing at data/nothing at HEAD"),
        ("import ../alice nothing", 2, "../alice has nothing at nothing"),
        ("import ../alice data --rev v9", 2, "unknown revision `v9`"),
    ] {
        let refused = world.command().args(words.split(' ')).output().unwrap();
        let text = String::from_utf8_lossy(&refused.stderr);
        assert_eq!((refused.status.code(), text.contains(said)), (Some(code), true), "{words}: {text}");
        assert!(text.contains("hint: "), "{words}: {text}");
        assert!(!world.path("data").exists() && !world.path("data.esker").exists(), "{words}");
        assert_eq!(world.git_output("status --short"), "", "{words}");
    }
}

#[test]
fn what_cannot_be_had_is_told_with_what_to_do() {
    let world = far(Remote::Folder, true);
    let url = url(&world);
    let none = format!("{url}-none");
    let plain = world.root().join("plain");
    fs::create_dir(&plain).unwrap();
    let world = world.git(["-C", plain.to_str().unwrap(), "init", "-q"]);
    let world = world.git(["-C", plain.to_str().unwrap(), "commit", "-q", "--allow-empty", "-m", "m"]);
    let cases: [(&[&str], i32, &str); 12] = [
        (&[&url, "data", "--rev", "v9"], 2, "has no branch, tag or commit `v9`"),
        (&[&url, "nothing"], 2, "has nothing at nothing"),
        (&[&url, "code"], 2, "that is in Git itself"),
        (&[&url, "../data"], 2, "it must be a path inside that repository"),
        (&[&url, "/data"], 2, "it must be a path inside that repository"),
        (&[&none, "data"], 4, "cannot read the repository"),
        (&["../nowhere", "data"], 4, "there is no such folder"),
        (&["../home", "data"], 4, "the folder is in no Git repository"),
        (&["../plain", "data"], 3, "../plain is no esker project at HEAD"),
        (&["ext::sh -c evil", "data"], 2, "it names a program to run"),
        (&["https://user:hunter2@host/x", "data"], 2, "holds a password or a token"),
        (&["--", "-u", "data"], 2, "begins with `-`"),
    ];
    for (words, code, said) in cases {
        let refused = world.command().arg("get").args(words).output().unwrap();
        let text = String::from_utf8_lossy(&refused.stderr);
        assert_eq!((refused.status.code(), text.contains(said)), (Some(code), true), "{words:?}: {text}");
        assert!(!text.contains("hunter2") && fs::read_dir(world.path(".")).unwrap().count() == 0, "{words:?}: {text}");
    }
    let world = world.variable("PATH", "/nowhere").esker(["get", &url, "data"]).exits(3);
    world.says("cannot run the program `git`").says("hint: install Git");
}

/// A registry whose remote is a folder beside it says so where that folder is not.
#[test]
fn a_remote_beside_a_far_repository_is_told() {
    let world = World::new().esker("remote add origin ../store").ok().file("data/a", "1").esker("add data").ok();
    let world = world.commit("one").esker("push").ok().publish();
    fs::create_dir(world.root().join("bob")).unwrap();
    let ssh = world.root().join("ssh.sh");
    fs::write(&ssh, "for last; do :; done\nexec sh -c \"$last\"\n").unwrap();
    let world =
        world.variable("GIT_SSH_COMMAND", format!("sh {}", ssh.display())).variable("GIT_SSH_VARIANT", "simple");
    let url = url(&world);
    let world = world.go_to("bob").esker(["get", &url, "data"]).exits(4).says("is the folder ../store beside that");
    // In place, from a folder, it is found.
    world.esker("get ../alice data").ok();
}

/// Whatever the other repository sets for itself, no program of its choice runs here.
#[test]
fn nothing_of_the_other_repository_is_run() {
    let world = registry(Remote::Folder).go_to("alice");
    let trap = "sh -c 'touch ../TRAPPED'";
    let world = world.git(["config", "core.fsmonitor", trap]).git(["config", "core.sshCommand", trap]);
    let world = world.git(["config", "uploadpack.packObjectsHook", trap]);
    fs::create_dir_all(world.path(".git/hooks")).unwrap();
    for hook in ["post-checkout", "post-merge", "reference-transaction", "pre-auto-gc"] {
        fs::write(world.path(".git/hooks").join(hook), "#!/bin/sh\ntouch ../TRAPPED\n").unwrap();
        let path = world.path(".git/hooks").join(hook);
        let mut mode = fs::metadata(&path).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
        fs::set_permissions(&path, mode).unwrap();
    }
    let world = project(world.go_to("bob")).esker("import ../alice data").ok().esker("get ../alice code/run.sh").ok();
    assert!(!world.root().join("TRAPPED").exists());
}

/// A tree that no honest Git makes: a dataset whose place here would be among the hooks of the new repository.
#[test]
fn names_that_lead_into_git_are_never_written() {
    let world = registry(Remote::Folder).go_to("alice");
    let pointer = world.git_output("rev-parse HEAD:models/small.bin.esker");
    let settings = world.git_output("rev-parse HEAD:.esker");
    let folder = |world: World, line: String| {
        let world = world.input(line + "\n").git("mktree");
        let tree = String::from_utf8_lossy(world.stdout()).trim().to_owned();
        (world, tree)
    };
    let (world, hooks) = folder(world, format!("100644 blob {pointer}\tpost-checkout.esker"));
    let (world, git) = folder(world, format!("040000 tree {hooks}\thooks"));
    let (world, evil) = folder(world, format!("040000 tree {git}\t.git"));
    let (world, root) = folder(world, format!("040000 tree {settings}\t.esker\n040000 tree {evil}\tevil"));
    let commit = world.git_output(["commit-tree", "-m", "evil", &root]);
    let world = project(world.go_to("bob"));
    let world = world.esker(["get", "../alice", "evil", "-o", ".", "--rev", &commit]).exits(5);
    let world = world.says("which is never written").esker(["get", "../alice", "evil", "--rev", &commit]).exits(5);
    assert!(!world.path("evil").exists() && !world.path(".git/hooks/post-checkout").exists());
}
