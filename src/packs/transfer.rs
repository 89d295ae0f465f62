//! Chunks from one pack store to another: push and pull are this, in two directions.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::base::{Id, Job, Step};
use crate::format::compression::{Compression, Noticer};
use crate::store::StoreError;

use super::error::PackError;
use super::open::PackStore;
use super::read::{Span, spans};
use super::writer::Writer;

/// Sees a chunk or a page: its id and its raw bytes.
pub type Each<'e> = dyn Fn(&Id, &[u8]) + Sync + 'e;

/// Copies `wanted` from `from` to where `to` writes. What is there already is skipped; an id may be named twice.
///
/// Every chunk is checked on its way. A chunk goes as it is stored where that is compressed already. `step` moves by
/// raw bytes.
///
/// # Errors
/// `Absent` before anything is copied if no index of `from` names a chunk; `Damaged` if one is wrong. After any
/// error, what was copied may be kept by [`Writer::keep_stored`], and a second run goes on from there.
pub fn transfer(from: &PackStore, to: &Writer<'_>, wanted: &[Id], step: Step, job: &Job<'_>) -> Result<(), PackError> {
    transfer_through(from, to, wanted, &|_, _| (), step, job)
}

/// The same, and `each` sees the raw bytes of all that is copied, checked, on whatever thread it comes to.
pub fn transfer_through(
    from: &PackStore,
    to: &Writer<'_>,
    wanted: &[Id],
    each: &Each<'_>,
    step: Step,
    job: &Job<'_>,
) -> Result<(), PackError> {
    pass(from, Some(to), wanted, each, step, job)
}

/// Gives `each` all of `wanted`, checked, on whatever thread it comes to, and stores nothing.
///
/// # Errors
/// As [`transfer`].
pub fn read_through(
    from: &PackStore,
    wanted: &[Id],
    each: &Each<'_>,
    step: Step,
    job: &Job<'_>,
) -> Result<(), PackError> {
    pass(from, None, wanted, each, step, job)
}

fn pass(
    from: &PackStore,
    to: Option<&Writer<'_>>,
    wanted: &[Id],
    each: &Each<'_>,
    step: Step,
    job: &Job<'_>,
) -> Result<(), PackError> {
    let catalog = from.catalog();
    let absent = |id: &Id| PackError::Absent { store: from.name().to_owned(), id: *id };
    let places = wanted
        .iter()
        .filter(|id| to.is_none_or(|to| !to.has(id)))
        .map(|id| catalog.find(id).map(|place| (*id, place)).ok_or_else(|| absent(id)))
        .collect::<Result<Vec<_>, _>>()?;
    let spans = spans(places, from.tuning().gap, from.tuning().longest_span);
    let next = AtomicUsize::new(0);
    let failure: Mutex<Option<PackError>> = Mutex::default();
    let threads = from.tuning().readers.max(job.threads).min(spans.len());
    let work = || {
        let noticer = Noticer::new(to.map_or(Compression::None, Writer::compression));
        let mut mover = Mover { from, to, each, noticer, stored: Vec::new(), room: Vec::new() };
        while let Some(span) = spans.get(next.fetch_add(1, Ordering::Relaxed)) {
            let copied = job.check().map_err(PackError::from);
            if let Err(error) = copied.and_then(|()| mover.copy_span(span, step, job)) {
                next.store(spans.len(), Ordering::Relaxed);
                failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
        }
    };
    if threads <= 1 {
        work();
    } else {
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(work);
            }
        });
    }
    failure.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// One thread of a transfer. What it reads and unpacks goes into the same memory again and again: fresh memory costs.
struct Mover<'m> {
    from: &'m PackStore,
    to: Option<&'m Writer<'m>>,
    each: &'m Each<'m>,
    noticer: Noticer,
    stored: Vec<u8>,
    room: Vec<u8>,
}

impl Mover<'_> {
    fn copy_span(&mut self, span: &Span, step: Step, job: &Job<'_>) -> Result<(), PackError> {
        match self.from.read_span(span, &mut self.stored) {
            // A collector may have removed the pack since the index was read. Each pack goes once, so this ends.
            Err(gone @ StoreError::Missing { .. }) => {
                let elsewhere = self.from.spans_elsewhere(span, gone)?;
                return elsewhere.iter().try_for_each(|span| self.copy_span(span, step, job));
            }
            other => other?,
        }
        for (id, place) in &span.chunks {
            job.check()?;
            let stored = span.stored(place, &self.stored);
            let raw = self.from.unpack(id, place, stored, &mut self.room)?;
            if let Some(to) = self.to {
                to.add_stored(place.kind, *id, (place.codec, stored), raw, &mut self.noticer)?;
            }
            (self.each)(id, raw);
            job.moved(step, raw.len() as u64, 0);
        }
        Ok(())
    }
}
