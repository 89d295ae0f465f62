//! Mending a store, as a list of steps. Whatever is replaced is kept: damaged packs until `gc` takes them, the rest aside.

use std::collections::{HashMap, HashSet};

use crate::base::{Id, Job};
use crate::format::root::Root;
use crate::packs::{Flaw, Look, ObjectKind, PackStore, layout};
use crate::store::Key;

use super::super::error::Error;
use super::super::project::Project;
use super::super::root::random;
use super::examine::{Examined, examine};
use super::ground::Ground;
use super::report::{Repaired, VerifyOptions};
use super::sources::store_good;

/// Each round may find lists again that name what else is lost. Trees of more levels than this do not occur.
const MOST_ROUNDS: usize = 6;

/// What was done, and what is found afterwards.
pub struct Mended {
    /// What was done.
    pub done: Repaired,
    /// The store as it is now.
    pub look: Look,
    /// What is still missing.
    pub found: Examined,
}

/// Mends what can be mended of what was found.
pub fn repair(
    project: &Project,
    ground: &Ground<'_>,
    look: Look,
    found: Examined,
    options: &VerifyOptions,
    job: &Job<'_>,
) -> Result<Mended, Error> {
    refuse_newer(project, ground, &look)?;
    let mut mended = Mended { done: Repaired::default(), look, found };
    mend_objects(ground, &mut mended, job)?;
    let mut left_alone = HashSet::new();
    for _ in 0..MOST_ROUNDS {
        look_again(project, ground, &mut mended, options, job)?;
        if !mended.has_work(&left_alone) {
            break;
        }
        let (written, newer) = store_good(project, ground, &mended.look, &mended.found, job)?;
        left_alone.extend(newer);
        let retired = retire(ground.packs(), &mut mended, &left_alone)?;
        mended.done.chunks += written.chunks;
        mended.done.bytes += written.stored_bytes;
        if written.packs == 0 && retired == 0 {
            break;
        }
    }
    if ground.as_remote().is_some() && renew_roots(ground.packs(), &mut mended)? > 0 {
        look_again(project, ground, &mut mended, options, job)?;
    }
    Ok(mended)
}

impl Mended {
    fn has_work(&self, left_alone: &HashSet<Id>) -> bool {
        let Look { flawed, lost, .. } = &self.look;
        let is_damaged = flawed.keys().any(|pack| !left_alone.contains(pack));
        is_damaged || !lost.is_empty() || !self.found.missing.is_empty() || !self.found.condemned.is_empty()
    }
}

/// A store of a newer esker is not to be written, so neither to be mended.
fn refuse_newer(project: &Project, ground: &Ground<'_>, look: &Look) -> Result<(), Error> {
    if look.faults.iter().any(|fault| fault.kind == ObjectKind::Config && fault.is_newer) {
        match ground.as_remote() {
            Some(remote) => remote.packs.refresh(true)?,
            None => drop(PackStore::cache(&project.cache_folder(), project.config().compression())?),
        }
    }
    Ok(())
}

/// The config, the index and unreadable roots: first what replaces a thing, then the thing goes aside.
fn mend_objects(ground: &Ground<'_>, mended: &mut Mended, job: &Job<'_>) -> Result<(), Error> {
    let packs = ground.packs();
    let faults = std::mem::take(&mut mended.look.faults);
    if faults.iter().any(|fault| fault.kind == ObjectKind::Config) {
        packs.renew_config()?;
        mended.done.set_aside.push("config".to_owned());
    }
    let indexed = packs.index_packs(&mended.look, &mended.look.unindexed, job)?;
    mended.done.indexed_packs = indexed.indexed;
    for pack in indexed.unreadable {
        mended.look.flawed.entry(pack).or_default();
    }
    for fault in faults.iter().filter(|fault| !fault.is_newer) {
        if let (ObjectKind::Segment | ObjectKind::Root, Some(key)) = (fault.kind, Key::new(fault.key.clone())) {
            // What is gone cannot be moved.
            if packs.set_aside(&key)? {
                mended.done.set_aside.push(fault.key.clone());
            }
        }
    }
    Ok(())
}

/// Looks at all anew, knowing what was found out about packs that are still there.
fn look_again(
    project: &Project,
    ground: &Ground<'_>,
    mended: &mut Mended,
    options: &VerifyOptions,
    job: &Job<'_>,
) -> Result<(), Error> {
    let flawed: HashMap<Id, Flaw> = std::mem::take(&mut mended.look.flawed);
    mended.look = ground.packs().look(job)?;
    mended.look.carry(flawed);
    mended.found = examine(project, ground, &mut mended.look, options, job)?;
    Ok(())
}

/// Damaged packs are condemned, and no index names them, nor those that are lost. Returns how many packs that were.
fn retire(packs: &PackStore, mended: &mut Mended, left_alone: &HashSet<Id>) -> Result<usize, Error> {
    let damaged: HashSet<Id> = mended.look.flawed.keys().filter(|pack| !left_alone.contains(pack)).copied().collect();
    let lost = &mended.look.lost;
    packs.condemn(damaged.iter().copied())?;
    let gone: HashSet<Id> = damaged.union(lost).copied().collect();
    if !gone.is_empty() {
        packs.unindex(&gone)?;
    }
    mended.done.condemned_packs += damaged.len() as u64;
    mended.done.forgotten_packs += lost.len() as u64;
    Ok(gone.len())
}

/// Roots that lead to what nobody has here are put anew under other names: so no clone that relied on them does any
/// longer, and a push of one that has the bytes brings them. Roots that are gone are put anew as well.
fn renew_roots(packs: &PackStore, mended: &mut Mended) -> Result<u64, Error> {
    let Mended { done, look, found } = mended;
    let fresh = |root: &Root| Root { random: random(), ..root.clone() };
    let suffers = |root: &Root| root.datasets.iter().any(|dataset| found.datasets.contains(&dataset.id));
    let before = done.renewed_roots;
    for (id, root) in look.roots.iter().filter(|(_, root)| suffers(root)) {
        packs.put_root(&fresh(root))?;
        packs.store().delete(&layout::root(id))?;
        done.renewed_roots += 1;
    }
    for (id, root) in packs.acknowledged_once()? {
        if found.lost_roots.contains(&id) && !suffers(&root) {
            packs.put_root(&fresh(&root))?;
            done.renewed_roots += 1;
        }
    }
    Ok(done.renewed_roots - before)
}
