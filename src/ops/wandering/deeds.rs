//! What a wanderer does.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::base::{Cancel, Event, Events, Job, RepoPath, Silent, Step};
use crate::ops::testing::path;
use crate::ops::{
    AddOptions, CacheClearOptions, CheckoutOptions, DiffOptions, Error, GcOptions, MvOptions, PullOptions, PushOptions,
    RmOptions, SelectionOptions, SparseChange, StatusOptions, VerifyOptions, add, cache_clear, checkout, diff, gc, mv,
    pull, push, rm, sparse, status, verify,
};

use super::super::simulation::dice::Dice;
use super::at_once;
use super::ground::{DATASETS, FILES, Ground, WORKTREES, below};
use super::merges;

/// One of the things that people do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Edit,
    Delete,
    Rename,
    Add,
    AddPart,
    Commit,
    Branch,
    Switch,
    Reset,
    Stash,
    Elsewhere,
    Sparse,
    Checkout,
    CheckoutRevision,
    CheckoutPart,
    CheckoutForced,
    Push,
    PushAll,
    Pull,
    Collect,
    CollectWhileAdding,
    CollectInRemote,
    ClearCache,
    Verify,
    Look,
    LosePointer,
    RemovePart,
    Remove,
    Move,
    TwoAtOnce,
    LosePack,
    Merge,
}

/// How often each is done, of the sum of all.
const WEIGHTS: [(Deed, usize); 32] = [
    (Deed::Edit, 24),
    (Deed::Delete, 6),
    (Deed::Rename, 3),
    (Deed::Add, 18),
    (Deed::AddPart, 3),
    (Deed::Commit, 10),
    (Deed::Branch, 3),
    (Deed::Switch, 6),
    (Deed::Reset, 4),
    (Deed::Stash, 2),
    (Deed::Elsewhere, 4),
    (Deed::Sparse, 2),
    (Deed::Checkout, 9),
    (Deed::CheckoutRevision, 3),
    (Deed::CheckoutPart, 2),
    (Deed::CheckoutForced, 4),
    (Deed::Push, 3),
    (Deed::PushAll, 3),
    (Deed::Pull, 2),
    (Deed::Collect, 7),
    (Deed::CollectWhileAdding, 4),
    (Deed::CollectInRemote, 1),
    (Deed::ClearCache, 2),
    (Deed::Verify, 2),
    (Deed::Look, 3),
    (Deed::LosePointer, 2),
    (Deed::RemovePart, 2),
    (Deed::Remove, 1),
    (Deed::Move, 3),
    (Deed::TwoAtOnce, 8),
    (Deed::LosePack, 2),
    (Deed::Merge, 5),
];

/// What may name a commit.
const NAMES: [&str; 5] = ["heads", "heads", "tags", "backup", "bisect"];

impl Deed {
    pub fn choose(dice: &mut Dice) -> Deed {
        let mut rest = dice.below(WEIGHTS.iter().map(|(_, weight)| weight).sum());
        for (deed, weight) in WEIGHTS {
            match rest.checked_sub(weight) {
                Some(left) => rest = left,
                None => return deed,
            }
        }
        unreachable!("the rest is below the sum")
    }

    /// Whether it may take away what was never added.
    pub fn is_careless(self) -> bool {
        matches!(self, Deed::Edit | Deed::Delete | Deed::Rename | Deed::CheckoutForced | Deed::LosePack)
    }

    /// Does it. What verbs answer must make sense: an error that tells of damage or loss does not.
    pub fn carry_out(self, ground: &mut Ground, dice: &mut Dice) -> Result<(), Error> {
        match self {
            Deed::Edit => ground.write(FILES[dice.below(FILES.len())], dice.next()),
            Deed::Delete => drop(fs::remove_file(ground.root().join(FILES[dice.below(FILES.len())]))),
            Deed::Rename => {
                let [from, to] = [FILES[dice.below(5)], FILES[dice.below(5)]];
                let has_room = ground.has_room_for(to);
                let [from, to] = [from, to].map(|file| ground.root().join(file));
                if has_room && from.exists() {
                    fs::create_dir_all(to.parent().expect("it is in a folder")).unwrap();
                    fs::rename(from, to).unwrap();
                }
            }
            Deed::Add => return add_all(ground, dice.percent(30)),
            Deed::AddPart if !has_pointer(ground, "data") => {}
            Deed::AddPart => {
                let options = AddOptions { paths: vec![path("data/sub")], force: false };
                run(ground, |ground, job| add(&ground.project(), &options, job))?;
                ground.note_version("data");
            }
            Deed::Commit => drop(ground.git("commit --quiet --allow-empty --message more")),
            Deed::Branch => {
                let kind = NAMES[dice.below(NAMES.len())];
                ground.git(&format!("update-ref refs/{kind}/b{} HEAD", dice.below(3)));
            }
            Deed::Merge => return merges::merge(ground, dice),
            Deed::Switch => {
                let branches = ground.git("branch --format %(refname)");
                let branches: Vec<&str> = branches.lines().filter(|name| name.starts_with("refs/heads/")).collect();
                ground.git(&format!("checkout --quiet --force --detach {}", branches[dice.below(branches.len())]));
            }
            Deed::Reset => {
                let commits = ground.commits();
                let commit = &commits[dice.below(commits.len())];
                ground.git(&format!("reset --quiet --hard {commit}"));
            }
            Deed::Stash => drop(ground.git("stash --quiet")),
            Deed::Elsewhere => ground.at = WORKTREES[dice.below(2)],
            Deed::Sparse => return keep_part(ground, dice),
            Deed::Checkout => return check_out(ground, false, dice.percent(30)),
            Deed::CheckoutForced => return check_out(ground, true, false),
            Deed::CheckoutRevision => {
                let commits = ground.commits();
                let revision = Some(commits[dice.below(commits.len())].clone());
                let options = CheckoutOptions { revision, ..CheckoutOptions::default() };
                run(ground, |ground, job| checkout(&ground.project(), &options, job))?;
                // Pointers are those of that revision from now on.
            }
            Deed::CheckoutPart => {
                let paths = vec![path(FILES[dice.below(FILES.len())])];
                ground.parts.insert(ground.at);
                let options = CheckoutOptions { paths, ..CheckoutOptions::default() };
                run(ground, |ground, job| checkout(&ground.project(), &options, job))?;
            }
            Deed::Push => {
                run(ground, |ground, job| push(&ground.project(), &PushOptions::default(), job).map(drop))?;
            }
            Deed::PushAll => {
                let selection = SelectionOptions { all_commits: true, ..SelectionOptions::default() };
                let options = PushOptions { selection, ..PushOptions::default() };
                run(ground, |ground, job| push(&ground.project(), &options, job).map(drop))?;
            }
            Deed::Pull => run(ground, |ground, job| pull(&ground.project(), &PullOptions::default(), job).map(drop))?,
            Deed::Collect => return collect(ground, dice, &Silent),
            Deed::CollectWhileAdding => {
                let (here, there) = (ground.at, WORKTREES[dice.below(2)]);
                let adder = Adder { ground, at: there, is_done: AtomicBool::new(false) };
                let (collected, is_done) = (collect(ground, dice, &adder), adder.is_done.load(Ordering::Relaxed));
                ground.at = there;
                if is_done {
                    note_all(ground);
                }
                ground.at = here;
                return collected;
            }
            Deed::CollectInRemote => {
                let grace = Some(Duration::ZERO);
                let options = GcOptions { remote: Some(None), grace, is_confirmed: true, ..GcOptions::default() };
                run(ground, |ground, job| gc(&ground.project(), &options, job).map(drop))?;
            }
            Deed::ClearCache => {
                run(ground, |ground, job| {
                    cache_clear(&ground.project(), &CacheClearOptions::default(), job).map(drop)
                })?;
            }
            Deed::Verify => {
                let options = VerifyOptions { all_commits: true, read_percent: Some(100), ..VerifyOptions::default() };
                let report = run(ground, |ground, job| verify(&ground.project(), &options, job))?;
                assert!(report.faults.is_empty() || !ground.lost().is_empty(), "{report:?}");
            }
            Deed::Look => {
                run(ground, |ground, job| status(&ground.project(), &StatusOptions::default(), job).map(drop))?;
                run(ground, |ground, job| diff(&ground.project(), &DiffOptions::default(), job).map(drop))?;
            }
            Deed::LosePointer => {
                let dataset = DATASETS[dice.below(3)];
                if has_pointer(ground, dataset) {
                    ground.git(&format!("rm --quiet --force {dataset}.esker"));
                }
            }
            Deed::RemovePart => {
                let part = FILES[dice.below(5)];
                let options = RmOptions { paths: vec![path(part)], keep: dice.percent(50), force: false };
                run(ground, |ground, job| rm(&ground.project(), &options, job).map(drop))?;
                if has_pointer(ground, "data") {
                    assert!(!ground.note_version("data").contains_key(part), "{part} is still in it");
                }
            }
            Deed::Move => {
                let [from, to] = [DATASETS[dice.below(3)], DATASETS[dice.below(3)]];
                if ground.root().join(to).is_dir() {
                    // It would go into that folder.
                    return Ok(());
                }
                let options = MvOptions { from: path(from), to: path(to) };
                run(ground, |ground, job| mv(&ground.project(), &options, job))?;
                ground.note_version(to);
            }
            Deed::LosePack => {
                ground.lose_pack(dice.next());
                let options = VerifyOptions { all_commits: true, repair: true, ..VerifyOptions::default() };
                run(ground, |ground, job| verify(&ground.project(), &options, job))?;
            }
            Deed::TwoAtOnce => return at_once::two(ground, dice),
            Deed::Remove => {
                let dataset = DATASETS[dice.below(3)];
                let options = RmOptions { paths: vec![path(dataset)], keep: dice.percent(50), force: false };
                run(ground, |ground, job| rm(&ground.project(), &options, job).map(drop))?;
            }
        }
        Ok(())
    }
}

fn run<T>(ground: &Ground, verb: impl FnOnce(&Ground, &Job<'_>) -> Result<T, Error>) -> Result<T, Error> {
    verb(ground, &Job { events: &Silent, cancel: &Cancel::default(), threads: 1 })
}

pub fn has_pointer(ground: &Ground, dataset: &str) -> bool {
    ground.root().join(format!("{dataset}.esker")).exists()
}

pub fn there(ground: &Ground, worktree: &str) -> Vec<RepoPath> {
    let files = ground.files_in(worktree);
    DATASETS.into_iter().filter(|dataset| !below(&files, dataset).is_empty()).map(path).collect()
}

/// Adds each dataset that has files, one after the other: what is refused of one does not keep the other out.
fn add_all(ground: &mut Ground, force: bool) -> Result<(), Error> {
    let mut first = Ok(());
    for dataset in there(ground, ground.at) {
        let options = AddOptions { paths: vec![dataset.clone()], force };
        match run(ground, |ground, job| add(&ground.project(), &options, job)) {
            Ok(_) => ground.note(&dataset.to_string()),
            Err(error) => first = first.and(Err(error)),
        }
    }
    first
}

pub fn note_all(ground: &mut Ground) {
    for dataset in there(ground, ground.at) {
        ground.note(&dataset.to_string());
    }
}

fn check_out(ground: &Ground, force: bool, no_fetch: bool) -> Result<(), Error> {
    let options = CheckoutOptions { force, no_fetch, ..CheckoutOptions::default() };
    run(ground, |ground, job| checkout(&ground.project(), &options, job))?;
    if force {
        let files = ground.files();
        for dataset in DATASETS.iter().filter(|dataset| has_pointer(ground, dataset)) {
            let version = ground.version(dataset).expect("there is a pointer");
            let here = below(&files, dataset);
            let is_here = version.iter().all(|(path, number)| !ground.keeps(path) || here.get(path) == Some(number));
            assert!(is_here, "the worktree has {here:?}, the pointer names {version:?}");
        }
    }
    Ok(())
}

/// Keeps a part of the datasets in this worktree, or all again.
fn keep_part(ground: &mut Ground, dice: &mut Dice) -> Result<(), Error> {
    let change = match dice.percent(50) {
        true => SparseChange::Set(vec!["data/sub/".to_owned()]),
        false => SparseChange::Disable,
    };
    run(ground, |ground, job| sparse(&ground.project(), &change, false, job))?;
    match change {
        SparseChange::Disable => ground.sparse.remove(ground.at),
        _ => ground.sparse.insert(ground.at),
    };
    Ok(())
}

pub fn collect(ground: &Ground, dice: &mut Dice, events: &dyn Events) -> Result<(), Error> {
    if dice.percent(70) {
        ground.age();
    }
    let options = GcOptions { grace: Some(Duration::ZERO), ..GcOptions::default() };
    let job = Job { events, cancel: &Cancel::default(), threads: 1 };
    gc(&ground.project(), &options, &job).map(drop)
}

/// Adds all when a collection has looked who needs what.
struct Adder<'g> {
    ground: &'g Ground,
    at: &'static str,
    is_done: AtomicBool,
}

impl Events for Adder<'_> {
    fn on(&self, event: Event) {
        if event != (Event::Done { step: Step::Compare }) || self.is_done.load(Ordering::Relaxed) {
            return;
        }
        let options = AddOptions { paths: there(self.ground, self.at), force: true };
        if !options.paths.is_empty() {
            run(self.ground, |ground, job| add(&ground.sandbox.project(self.at), &options, job)).unwrap();
            self.is_done.store(true, Ordering::Relaxed);
        }
    }
}
