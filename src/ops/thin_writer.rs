//! A writer into a thin cache: lists are stored, chunks stay where they are, in the files that they were read from.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::Id;
use crate::format::compression::{Compression, Noticer};
use crate::format::pack::PackKind;
use crate::packs::{Catalog, PackError, PackStore, Sink};

/// Takes pages for the cache, and counts the chunks that it lacks.
pub struct ThinWriter<'a> {
    to: &'a dyn Sink,
    known: Arc<Catalog>,
    left: Mutex<Left>,
}

/// What was left in files.
#[derive(Default)]
struct Left {
    chunks: HashSet<Id>,
    bytes: u64,
}

impl<'a> ThinWriter<'a> {
    /// Pages go to `to`, which writes into `cache`.
    pub fn new(cache: &PackStore, to: &'a dyn Sink) -> ThinWriter<'a> {
        ThinWriter { to, known: cache.catalog(), left: Mutex::default() }
    }

    /// The bytes of the chunks that came and that the cache lacks, each counted once.
    pub fn left_bytes(&self) -> u64 {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }
}

impl Sink for ThinWriter<'_> {
    fn compression(&self) -> Compression {
        self.to.compression()
    }

    fn take(&self, kind: PackKind, id: Id, raw: &[u8], noticer: &mut Noticer) -> Result<(), PackError> {
        if kind == PackKind::Pages {
            return self.to.take(kind, id, raw, noticer);
        }
        if self.known.find(&id).is_none() {
            let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
            if left.chunks.insert(id) {
                left.bytes += raw.len() as u64;
            }
        }
        Ok(())
    }
}
