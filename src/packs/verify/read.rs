//! Reading whole packs and hashing all that is in them, some at once and each in memory once.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::error::PackError;
use super::super::layout;
use super::super::open::PackStore;
use super::super::writer::lock;
use crate::base::{Id, Job, Step};
use crate::store::StoreError;

use super::look::{Look, data_error};
use super::pack::Reading;

/// No pack of ours is longer: they are stored when they have 32 MiB.
const LARGEST_PACK: u64 = 256 << 20;
/// So many packs are in memory at once, at most.
const MOST_AT_ONCE: usize = 8;

/// What was read.
#[derive(Debug, Default)]
pub struct DataRead {
    /// The packs that were read and are good.
    pub good: Vec<Id>,
    /// How many packs were read.
    pub packs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many good chunks and pages were hashed.
    pub objects: u64,
}

impl PackStore {
    /// Reads `packs` in this order and hashes all that is in them; what is wrong goes into `look`.
    ///
    /// `step` moves by bytes of packs. When it is stopped, or the store fails, what was read until then is in `read`.
    pub fn read_packs(
        &self,
        look: &mut Look,
        packs: &[(Id, u64)],
        read: &mut DataRead,
        job: &Job<'_>,
    ) -> Result<(), PackError> {
        let next = AtomicUsize::new(0);
        let failure: Mutex<Option<PackError>> = Mutex::default();
        let found = Mutex::new((look, read));
        let threads = self.tuning().readers.max(job.threads).min(MOST_AT_ONCE).min(packs.len());
        let work = || {
            while let Some((id, bytes)) = packs.get(next.fetch_add(1, Ordering::Relaxed)) {
                let done = job.check().map_err(PackError::from).and_then(|()| self.read_pack(id, *bytes));
                match done {
                    Ok(reading) => {
                        let (look, read) = &mut *lock(&found);
                        read.note(id, *bytes, &reading);
                        if let Some(reason) = &reading.flaw {
                            look.flaw(id, reason.clone()).good = Some(reading.offsets());
                        }
                        job.moved(Step::Verify, *bytes, 0);
                    }
                    Err(error) => {
                        next.store(packs.len(), Ordering::Relaxed);
                        lock(&failure).get_or_insert(error);
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(work);
            }
        });
        let failure = lock(&failure).take();
        failure.map_or(Ok(()), Err)
    }

    fn read_pack(&self, id: &Id, bytes: u64) -> Result<Reading, PackError> {
        match self.pack_bytes(id, bytes) {
            Ok(bytes) => Ok(Reading::of(id, &bytes)),
            Err(PackError::Store(error)) => {
                let flaw = Some(data_error(error)?);
                Ok(Reading { flaw, ..Reading::default() })
            }
            Err(error) => Err(error),
        }
    }

    /// All bytes of a pack that is listed with so many.
    pub(super) fn pack_bytes(&self, id: &Id, bytes: u64) -> Result<Vec<u8>, PackError> {
        let key = layout::pack(id);
        if bytes > LARGEST_PACK {
            let (store, limit_bytes) = (self.name().to_owned(), LARGEST_PACK);
            return Err(StoreError::TooLarge { store, key, limit_bytes }.into());
        }
        Ok(self.store().get(&key, LARGEST_PACK)?)
    }
}

impl DataRead {
    fn note(&mut self, id: &Id, bytes: u64, reading: &Reading) {
        self.packs += 1;
        self.bytes += bytes;
        self.objects += reading.good.len() as u64;
        if reading.flaw.is_none() {
            self.good.push(*id);
        }
    }
}
