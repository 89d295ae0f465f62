//! What is lost or damaged of all that is named, and which files need it.

use std::collections::{HashMap, HashSet};

use crate::base::{Id, Job, RepoPath, Step, Unit};
use crate::format::pack::PackKind;
use crate::packs::{Look, layout, transfer_good};

use super::super::error::Error;
use super::super::project::Project;
use super::ground::{Ground, Lists};
use super::in_files;
use super::names::{Named, Names};
use super::report::{Checked, Suffering, VerifyOptions};
use super::walk::{Naming, Unread, Walk};

/// What was found out.
#[derive(Debug, Default)]
pub struct Examined {
    /// Chunks and pages that are lost or damaged.
    pub missing: HashMap<Id, PackKind>,
    /// Those that lie in condemned packs only.
    pub condemned: Vec<Id>,
    /// The files that suffer.
    pub files: Vec<Suffering>,
    /// The ids of the datasets that suffer.
    pub datasets: HashSet<Id>,
    /// Datasets of which no push brought a version to the remote yet.
    pub unpushed: Vec<RepoPath>,
    /// Datasets of which a version is there that no root keeps.
    pub unkept: Vec<RepoPath>,
    /// Roots that are gone, and that this clone relies on.
    pub lost_roots: Vec<Id>,
    /// How much was looked at.
    pub checked: Checked,
}

/// Walks over all that this clone, and the roots of a remote, name. Packs that turn out to be damaged are noted in `look`.
pub fn examine(
    project: &Project,
    ground: &Ground<'_>,
    look: &mut Look,
    options: &VerifyOptions,
    job: &Job<'_>,
) -> Result<Examined, Error> {
    let names = Names::of_clone(project, options, job)?;
    let mut found = Examined::default();
    found.checked.refs = names.refs;
    let (named, beside) = match ground.as_remote() {
        None => (names.all, Vec::new()),
        Some(remote) => {
            let default = project.remote_settings(None).map(|settings| settings.name).unwrap_or_default();
            let rooted = Names::of_roots(&look.roots, &options.paths);
            let beside = names.beside(&rooted, &remote.name, &default);
            (rooted.all, beside)
        }
    };
    bring_lists(project, ground, look, &[&named[..], &beside[..]].concat(), job)?;
    job.began(Step::Compare, None, Unit::Items);
    let lists = Lists::new(ground, look, job);
    let mut walk = Walk::new(ground, look, &lists);
    for named in &named {
        walk.visit(named)?;
        job.moved(Step::Compare, 1, 0);
    }
    let lost = sort_out_unpushed(project, ground, &lists, &beside, &mut found)?;
    found.checked.versions = (named.len() + beside.len()) as u64;
    found.checked.count(&walk);
    (found.missing, found.condemned) = (walk.missing, walk.condemned);
    if ground.as_remote().is_none() {
        found.checked.in_files = in_files::take_out(project, &mut found.missing, job)?;
    }
    found.missing.extend(lost);
    let mut naming = Naming::new(&lists, &found.missing);
    for named in named.iter().chain(&beside) {
        naming.name(named)?;
    }
    (found.files, found.datasets) = naming.files();
    job.done(Step::Compare);
    note_damage(ground, look, lists.damaged());
    note_lost_roots(ground, look, &beside, &mut found)?;
    found.checked.look(look);
    Ok(found)
}

/// What this clone names and no root does: not pushed yet, or lost if it is not here either. Returns what is lost.
fn sort_out_unpushed(
    project: &Project,
    ground: &Ground<'_>,
    lists: &Lists<'_>,
    beside: &[Named],
    found: &mut Examined,
) -> Result<HashMap<Id, PackKind>, Error> {
    let mut lost = HashMap::new();
    for named in beside {
        let mut walk = Walk::new(ground, lists.look(), lists);
        walk.visit(named)?;
        if walk.missing.is_empty() {
            add(&mut found.unkept, &named.path);
            continue;
        }
        // A place that the index names and that is not right is damage, whoever else has the bytes.
        let is_lost = |id: &Id| ground.own().find(id).is_none() || ground.packs().find(id).is_some();
        let mut gone: HashMap<Id, PackKind> = walk.missing.into_iter().filter(|(id, _)| is_lost(id)).collect();
        if !gone.keys().any(|id| ground.packs().find(id).is_some()) {
            in_files::take_out(project, &mut gone, lists.job())?;
        }
        if gone.is_empty() {
            add(&mut found.unpushed, &named.path);
        }
        lost.extend(gone);
    }
    Ok(lost)
}

fn add(paths: &mut Vec<RepoPath>, path: &RepoPath) {
    if let Err(at) = paths.binary_search(path) {
        paths.insert(at, path.clone());
    }
}

/// A remote's pages come into the cache: a round of requests for each level.
fn bring_lists(
    project: &Project,
    ground: &Ground<'_>,
    look: &Look,
    named: &[Named],
    job: &Job<'_>,
) -> Result<(), Error> {
    let Some(remote) = ground.as_remote() else { return Ok(()) };
    let versions: Vec<_> = named.iter().map(|named| &named.version).collect();
    let mut tried = HashSet::new();
    loop {
        job.check()?;
        let lists = Lists::new(ground, look, job);
        let unread = Unread::of(ground, &lists, &versions)?;
        let there: Vec<Id> =
            unread.into_iter().filter(|id| tried.insert(*id) && remote.packs.find(id).is_some()).collect();
        if there.is_empty() {
            return Ok(());
        }
        let writer = project.cache()?.writer()?;
        match transfer_good(&remote.packs, &writer, &there, Step::Fetch, job) {
            Ok(()) => drop(writer.finish()?),
            Err(error) => {
                let _ = writer.keep_stored();
                return Err(error.into());
            }
        }
    }
}

fn note_damage(ground: &Ground<'_>, look: &mut Look, damaged: Vec<(Id, String)>) {
    for (id, reason) in damaged {
        if let Some(place) = ground.packs().find(&id) {
            look.flaw(&place.pack, reason).bad.insert(id);
        }
    }
}

/// A root that this clone saw acknowledged and that is gone is a fault if nothing else keeps what it kept.
fn note_lost_roots(ground: &Ground<'_>, look: &mut Look, beside: &[Named], found: &mut Examined) -> Result<(), Error> {
    let Some(remote) = ground.as_remote() else { return Ok(()) };
    let listed: HashSet<Id> = look.roots.iter().map(|(id, _)| *id).collect();
    let faulty: HashSet<String> = look.faults.iter().map(|fault| fault.key.clone()).collect();
    let unkept: HashSet<Id> = beside.iter().map(|named| named.id).collect();
    for (id, root) in remote.packs.acknowledged_once()? {
        let key = layout::root(&id);
        let is_needed = root.datasets.iter().any(|dataset| unkept.contains(&dataset.id));
        if listed.contains(&id) || !is_needed {
            continue;
        }
        found.lost_roots.push(id);
        if !faulty.contains(key.as_str()) {
            look.lost_root(&id);
        }
    }
    Ok(())
}

impl Checked {
    fn count(&mut self, walk: &Walk<'_>) {
        (self.pages, self.chunks) = (walk.pages, walk.chunks);
        (self.elsewhere, self.in_condemned) = (walk.elsewhere, walk.condemned.len() as u64);
    }

    fn look(&mut self, look: &Look) {
        self.packs = look.packs.len() as u64;
        self.unindexed_packs = look.unindexed.len() as u64;
        self.condemned_packs = look.packs.keys().filter(|id| look.condemned.contains(id)).count() as u64;
        self.segments = look.segments;
        self.roots = look.roots.len() as u64;
    }
}
