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

/// What became of a rescue.
pub enum Rescued {
    /// All that is alive has a place that counts, or none at all.
    All(Written),
    /// Somebody removed this pack meanwhile: whoever did so copied what was alive in it. It is to be looked again.
    Gone(Id),
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
    live: &HashSet<Id>,
    going: &[(Id, u64)],
    job: &Job<'_>,
) -> Result<Rescued, PackError> {
    let (counting, known) = (packs.catalog(), all.catalog());
    let (mut found, mut nowhere) = (Vec::<(Id, Place)>::new(), HashSet::new());
    for id in live.iter().filter(|id| counting.find(id).is_none()) {
        match known.find(id) {
            Some(place) => found.push((*id, place)),
            None => drop(nowhere.insert(*id)),
        }
    }
    for (pack, bytes) in going {
        if nowhere.is_empty() {
            break;
        }
        match all.read_footer(pack, *bytes) {
            Ok((_, entries)) if entries.is_empty() => {}
            Ok((pack, entries)) => {
                let held = entries.iter().filter(|entry| nowhere.remove(&entry.id));
                found.extend(held.map(|entry| (entry.id, Place::in_pack(&pack, entry))));
            }
            Err(PackError::Store(StoreError::Missing { .. })) => return Ok(Rescued::Gone(*pack)),
            Err(error) => return Err(error),
        }
    }
    if found.is_empty() {
        return Ok(Rescued::All(Written::default()));
    }
    found.sort_by_key(|(id, place)| (place.pack, place.offset, *id));
    let writer = packs.writer_without(counting.avoided())?;
    let rescued: Vec<Id> = found.iter().map(|(id, _)| *id).collect();
    for span in spans(found, all.tuning().gap, all.tuning().longest_span) {
        match copy(all, &writer, &span, job) {
            Ok(()) => {}
            Err(PackError::Store(StoreError::Missing { .. })) => {
                writer.keep_stored()?;
                return Ok(Rescued::Gone(span.pack));
            }
            Err(error) => {
                // What is whole is of use to the next try; the error that led here is the one to tell.
                let _ = writer.keep_stored();
                return Err(error);
            }
        }
    }
    let written = writer.finish()?;
    // Nothing goes before each has a place that counts, whatever else is wrong.
    match rescued.into_iter().find(|id| packs.find(id).is_none()) {
        Some(id) => Err(PackError::Absent { store: packs.name().to_owned(), id }),
        None => Ok(Rescued::All(written)),
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
