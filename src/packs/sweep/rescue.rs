//! What is alive in packs that are about to go, copied into fresh ones.

use std::collections::HashSet;

use crate::base::{Id, Job, Step};
use crate::format::compression::Noticer;
use crate::store::StoreError;

use super::super::catalog::Place;
use super::super::error::PackError;
use super::super::open::PackStore;
use super::super::read::{Span, spans};
use super::super::writer::{Writer, Written};
use super::id_set::IdSet;

/// So many ids are copied in one go: some 30 MB.
const AT_ONCE: usize = 1 << 18;

/// Why a rescue is not done.
pub enum Stopped {
    /// Somebody removed this pack meanwhile: whoever did so copied what was alive in it. It is to be looked again.
    Gone(Id),
    Failed(PackError),
}

impl From<PackError> for Stopped {
    fn from(error: PackError) -> Stopped {
        Stopped::Failed(error)
    }
}

impl Stopped {
    /// Why nothing could be read from a pack.
    fn at(pack: Id, error: PackError) -> Stopped {
        match error {
            PackError::Store(StoreError::Missing { .. }) => Stopped::Gone(pack),
            error => Stopped::Failed(error),
        }
    }
}

/// Copies each of `live` that `packs` has in no pack that counts, and `all` has in some pack, or one of `going` has.
///
/// `going` are packs that will be removed, with their sizes. A listing of the index in pages, while others write it anew,
/// may name a pack nowhere: so they are asked themselves what they hold if something is found nowhere else.
///
/// # Errors
/// `Damaged` if the bytes of a chunk are wrong, `Object` if it is not known what is in a pack: then it must stay.
pub fn rescue(
    packs: &PackStore,
    all: &PackStore,
    live: &IdSet,
    going: &[(Id, u64)],
    job: &Job<'_>,
) -> Result<Written, Stopped> {
    let counting = packs.catalog();
    let mut outside = live.outside(&counting);
    let mut written = Written::default();
    loop {
        let mut ids: Vec<Id> = outside.by_ref().take(AT_ONCE).collect();
        if ids.is_empty() {
            return Ok(written);
        }
        ids.sort_unstable();
        ids.dedup();
        let found = places(all, &ids, going)?;
        if !found.is_empty() {
            written.add(&copy_all(packs, all, counting.avoided(), found, job)?);
        }
    }
}

/// Where these ids lie, as far as they do, ascending by place.
fn places(all: &PackStore, ids: &[Id], going: &[(Id, u64)]) -> Result<Vec<(Id, Place)>, Stopped> {
    let known = all.catalog();
    let (mut found, mut nowhere) = (Vec::<(Id, Place)>::new(), HashSet::new());
    for id in ids {
        match known.find(id) {
            Some(place) => found.push((*id, place)),
            None => drop(nowhere.insert(*id)),
        }
    }
    for (pack, bytes) in going {
        if nowhere.is_empty() {
            break;
        }
        let (pack, entries) = all.read_footer(pack, *bytes).map_err(|error| Stopped::at(*pack, error))?;
        let held = entries.iter().filter(|entry| nowhere.remove(&entry.id));
        found.extend(held.map(|entry| (entry.id, Place::in_pack(&pack, entry))));
    }
    found.sort_by_key(|(id, place)| (place.pack, place.offset, *id));
    Ok(found)
}

/// Copies chunks into fresh packs, and sees that each has its place there.
fn copy_all(
    packs: &PackStore,
    all: &PackStore,
    uncounted: &HashSet<Id>,
    found: Vec<(Id, Place)>,
    job: &Job<'_>,
) -> Result<Written, Stopped> {
    let writer = packs.writer_without(uncounted)?;
    let rescued: Vec<Id> = found.iter().map(|(id, _)| *id).collect();
    for span in spans(found, all.tuning().gap, all.tuning().longest_span) {
        if let Err(error) = copy(all, &writer, &span, job) {
            // What is whole is of use to the next try; the error that led here is the one to tell.
            let (kept, stopped) = (writer.keep_stored(), Stopped::at(span.pack, error));
            return Err(match (kept, stopped) {
                (Err(kept), Stopped::Gone(_)) => Stopped::Failed(kept),
                (_, stopped) => stopped,
            });
        }
    }
    let written = writer.finish()?;
    // Nothing goes before each has a place that counts, whatever else is wrong.
    match rescued.into_iter().find(|id| packs.find(id).is_none()) {
        Some(id) => Err(PackError::Absent { store: packs.name().to_owned(), id }.into()),
        None => Ok(written),
    }
}

fn copy(all: &PackStore, writer: &Writer<'_>, span: &Span, job: &Job<'_>) -> Result<(), PackError> {
    let (mut bytes, mut room) = (Vec::new(), Vec::new());
    all.read_span(span, &mut bytes)?;
    let mut noticer = Noticer::new(writer.compression());
    for (id, place) in &span.chunks {
        job.check()?;
        let stored = span.stored(place, &bytes);
        let raw = all.unpack(id, place, stored, &mut room)?;
        writer.add_stored(place.kind, *id, (place.codec, stored), raw, &mut noticer)?;
        job.moved(Step::Sweep, 1, 0);
    }
    Ok(())
}
