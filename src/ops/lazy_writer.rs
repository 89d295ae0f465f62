//! A writer into the cache that begins with the first new chunk: where nothing is new, nothing is touched.

use std::fs::File;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::base::Id;
use crate::format::compression::{Compression, Noticer};
use crate::format::pack::PackKind;
use crate::format::tree::ChunkRef;
use crate::packs::{PackError, PackStore, Sink, Writer, Written};

/// Takes chunks for a pack store.
pub struct LazyWriter<'a> {
    store: &'a PackStore,
    writer: OnceLock<Writer<'a>>,
    /// Held while the writer begins: of many threads that need it at once, one makes it.
    beginning: Mutex<()>,
}

impl<'a> LazyWriter<'a> {
    /// A writer that has not begun.
    pub fn new(store: &'a PackStore) -> LazyWriter<'a> {
        LazyWriter { store, writer: OnceLock::new(), beginning: Mutex::new(()) }
    }

    fn writer(&self) -> Result<&Writer<'a>, PackError> {
        if let Some(writer) = self.writer.get() {
            return Ok(writer);
        }
        let _beginning = self.beginning.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(writer) = self.writer.get() {
            return Ok(writer);
        }
        let writer = self.store.writer()?;
        Ok(self.writer.get_or_init(|| writer))
    }

    /// Makes what was stored count.
    pub fn finish(self) -> Result<Written, PackError> {
        match self.writer.into_inner() {
            Some(writer) => writer.finish(),
            None => Ok(Written::default()),
        }
    }
}

impl Sink for LazyWriter<'_> {
    fn compression(&self) -> Compression {
        self.store.compression()
    }

    fn take(&self, kind: PackKind, id: Id, raw: &[u8], noticer: &mut Noticer) -> Result<(), PackError> {
        self.writer()?.take(kind, id, raw, noticer)
    }

    fn snapshot(&self, file: &File) -> Result<Option<File>, PackError> {
        self.writer()?.snapshot(file)
    }

    fn take_shared(&self, snapshot: &File, chunks: &[ChunkRef]) -> Result<(), PackError> {
        self.writer()?.take_shared(snapshot, chunks)
    }
}
