//! Two clones and a remote, a dataset that goes from version to version, and what must hold whatever befell a verb.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::data::{Random, insert_in_the_middle};
use crate::support::ran::Ran;
use crate::support::remote::Remote;
use crate::support::words::Words;
use crate::support::world::World;

/// What a dataset holds: bytes by path below it.
pub type Version = BTreeMap<String, Vec<u8>>;

/// How much data there is.
#[derive(Clone, Copy)]
pub struct Amount {
    /// Files of up to 16 KiB.
    pub small: usize,
    /// The sizes of larger ones, in bytes.
    pub large: &'static [usize],
}

/// `alice` adds and pushes, `bob` pulls, `probe` looks at what others' caches hold.
pub struct Stage {
    pub world: World,
    pub random: Random,
    /// What the dataset was before the verb that is tried.
    pub old: Version,
    /// What it is after that.
    pub new: Version,
}

impl Stage {
    /// A first version is added, committed and pushed, and `bob` has pulled it.
    pub fn new(remote: Remote, seed: u64, amount: Amount) -> Stage {
        let mut random = Random::new(seed);
        let version = first(&mut random, amount);
        let world = World::on(remote);
        write(&world.path("data"), &Version::new(), &version);
        let world = world.esker("add data").ok().commit("first").esker("push").ok();
        let world = world.clone_as("probe").clone_as("bob").esker("pull").ok().go_to("alice");
        Stage { world, random, old: version.clone(), new: version }
    }

    /// A clone's folder, or any other of this world.
    pub fn at(&self, path: &str) -> PathBuf {
        self.world.root().join(path)
    }

    /// The program in a clone, ready to run.
    pub fn esker(&self, clone: &str, words: &str) -> Command {
        let mut command = self.world.command();
        command.current_dir(self.at(clone)).args(words.words());
        command
    }

    /// Runs the program in a clone to its end.
    pub fn run(&self, clone: &str, words: &str) -> Ran {
        let ran = Ran::run(format!("esker {words}"), &mut self.esker(clone, words), b"");
        ran.look();
        ran
    }

    /// The same; it must succeed.
    #[track_caller]
    pub fn succeed(&self, clone: &str, words: &str) -> Ran {
        let ran = self.run(clone, words);
        ran.expect_code(0);
        ran
    }

    /// Runs Git in a clone; it must succeed. Returns what it printed.
    #[track_caller]
    pub fn git(&self, clone: &str, words: &str) -> String {
        let mut command = self.world.program("git");
        let ran = Ran::run(format!("git {words}"), command.current_dir(self.at(clone)).args(words.words()), b"");
        ran.expect_code(0);
        String::from_utf8_lossy(&ran.stdout).trim_end().to_owned()
    }

    /// Edits the dataset of `alice`: some files change, some go, some come. Nothing is added yet.
    pub fn edit(&mut self) {
        let next = edited(&self.new, &mut self.random);
        write(&self.at("alice/data"), &self.new, &next);
        self.old = std::mem::replace(&mut self.new, next);
    }

    /// Adds what was edited, and commits.
    pub fn add_and_commit(&self) {
        self.succeed("alice", "add data");
        self.git("alice", "commit -q --allow-empty -m next");
    }

    /// Whose version a clone's pointer names: its data is read whole from that clone's cache alone.
    ///
    /// Panics if the pointer has data that is not there, or is neither that of the old version nor that of the new.
    #[track_caller]
    pub fn pointer_names_new(&self, clone: &str) -> bool {
        let found = self.probed(clone, &fs::read(self.at(clone).join("data.esker")).unwrap());
        assert!(found == self.old || found == self.new, "the pointer names what never was");
        found == self.new
    }

    /// What a pointer stands for, read whole from a clone's cache alone.
    #[track_caller]
    pub fn probed(&self, clone: &str, pointer: &[u8]) -> Version {
        fs::write(self.at("probe/data.esker"), pointer).unwrap();
        // The probe has seen nothing yet.
        for folder in ["probe/data", "probe/.git/esker"] {
            if self.at(folder).exists() {
                fs::remove_dir_all(self.at(folder)).unwrap();
            }
        }
        let mut command = self.esker("probe", "checkout --no-fetch");
        command.env("ESKER_CACHE_DIR", self.at(clone).join(".git/esker/cache"));
        Ran::run("esker checkout --no-fetch".to_owned(), &mut command, b"").expect_code(0);
        read(&self.at("probe/data"))
    }

    /// Every file of a clone's dataset is old, new or absent; if `status` finds no difference, none is there.
    #[track_caller]
    pub fn files_are_old_new_or_absent(&self, clone: &str) {
        let found = read(&self.at(clone).join("data"));
        for (path, bytes) in &found {
            let known = [self.old.get(path), self.new.get(path)].contains(&Some(bytes));
            assert!(known, "{path} is half: {} bytes", bytes.len());
        }
        let is_clean = self.run(clone, "status --exit-code").code == 0;
        assert!(!is_clean || found == self.new || found == self.old, "status calls a wrong file clean");
    }

    /// A clone's dataset is the new version, `status` agrees, and no debris lies about.
    #[track_caller]
    pub fn is_settled(&self, clone: &str) {
        assert!(read(&self.at(clone).join("data")) == self.new, "the data is not the new version");
        let pointers = self.git(clone, "status --porcelain");
        assert!(!pointers.contains("??") && !pointers.contains(" M"), "{pointers}");
        assert_eq!(debris(&self.at(clone)), Vec::<PathBuf>::new());
    }

    /// What `bob` gets who has nothing yet is the new version.
    #[track_caller]
    pub fn a_fresh_clone_gets_it(&self) {
        for folder in ["bob/data", "bob/.git/esker"] {
            if self.at(folder).exists() {
                fs::remove_dir_all(self.at(folder)).unwrap();
            }
        }
        self.git("alice", "push -q origin HEAD");
        self.git("bob", "pull -q");
        self.succeed("bob", "pull");
        assert!(read(&self.at("bob/data")) == self.new, "a fresh clone got other bytes");
    }
}

/// Temporary files that only a verb that runs may have. Those of stores are left out: they go after a day.
fn debris(clone: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["", ".esker", ".esker/tmp", ".git"] {
        for entry in fs::read_dir(clone.join(folder)).into_iter().flatten() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let is_own = folder == ".esker/tmp" && name != ".gitignore";
            if is_own || name.ends_with(".tmp") || name.starts_with("index.") {
                found.push(path);
            }
        }
    }
    found
}

fn first(random: &mut Random, amount: Amount) -> Version {
    let mut version = Version::new();
    for number in 0..amount.small {
        let len = random.below(16 << 10) as usize;
        version.insert(format!("{}/{number}", number % 5), random.bytes(len));
    }
    for (number, len) in amount.large.iter().enumerate() {
        version.insert(format!("large-{number}"), random.bytes(*len));
    }
    version
}

fn edited(version: &Version, random: &mut Random) -> Version {
    let mut next = Version::new();
    for (path, bytes) in version {
        let bytes = match random.below(8) {
            0 if !path.starts_with("large") => continue,
            1 | 2 if bytes.len() > 1 << 20 => insert_in_the_middle(&bytes[100_000..], &random.bytes(100_000)),
            1..=3 => random.bytes(bytes.len()),
            _ => bytes.clone(),
        };
        next.insert(path.clone(), bytes);
    }
    for _ in 0..2 + version.len() / 8 {
        let len = random.below(16 << 10) as usize;
        next.insert(format!("{}/{}", random.below(5), random.below(1 << 20)), random.bytes(len));
    }
    next
}

/// Makes `folder`, which holds `old`, hold `new`.
pub fn write(folder: &Path, old: &Version, new: &Version) {
    for path in old.keys().filter(|path| !new.contains_key(*path)) {
        fs::remove_file(folder.join(path)).unwrap();
    }
    for (path, bytes) in new.iter().filter(|(path, bytes)| old.get(*path) != Some(bytes)) {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, bytes).unwrap();
    }
}

/// All files below `folder`; none if it is not there.
pub fn read(folder: &Path) -> Version {
    fn collect(root: &Path, folder: &Path, version: &mut Version) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(root, &path, version);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                version.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut version = Version::new();
    collect(folder, folder, &mut version);
    version
}

#[test]
fn a_half_file_would_be_noticed() {
    let mut stage = Stage::new(Remote::Folder, 1, Amount { small: 3, large: &[] });
    stage.edit();
    stage.files_are_old_new_or_absent("alice");
    let (path, bytes) = stage.new.iter().find(|(_, bytes)| bytes.len() > 10).unwrap();
    fs::write(stage.at("alice/data").join(path), &bytes[..bytes.len() / 2]).unwrap();
    let check = std::panic::AssertUnwindSafe(|| stage.files_are_old_new_or_absent("alice"));
    assert!(std::panic::catch_unwind(check).is_err());
}
