//! The files that a folder store has open, so that many small reads of one pack open it once.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Key;

/// How many files stay open.
const LIMIT: usize = 64;

/// An object, open for reading.
pub(super) struct Handle {
    file: File,
    /// Size of the object when it was opened; objects never change.
    pub bytes: u64,
}

impl Handle {
    pub(super) fn new(file: File) -> io::Result<Handle> {
        let bytes = file.metadata()?.len();
        Ok(Handle { file, bytes })
    }

    /// The file itself.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Reads the bytes `range`, or as many of them as there are, into `room` in place of what that held.
    pub(super) fn read(&self, range: Range<u64>, room: &mut Vec<u8>) -> io::Result<()> {
        let end = range.end.min(self.bytes);
        // What it held is overwritten: only what it grows by is filled with zeros first.
        room.resize(end.saturating_sub(range.start) as usize, 0);
        let mut done = 0;
        while done < room.len() {
            match self.file.read_at(&mut room[done..], range.start + done as u64) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        room.truncate(done);
        Ok(())
    }
}

/// Open handles by key, the least recently used ones closed first.
#[derive(Default)]
pub(super) struct Handles {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    open: HashMap<Key, (Arc<Handle>, u64)>,
    uses: u64,
    deletions: u64,
}

impl Handles {
    /// The handle of `key`: an open one, else what `open` gives.
    pub(super) fn get<E>(&self, key: &Key, open: impl FnOnce() -> Result<Handle, E>) -> Result<Arc<Handle>, E> {
        let deletions = {
            let mut state = self.lock();
            if let Some(handle) = state.used(key) {
                return Ok(handle);
            }
            state.deletions
        };
        let handle = Arc::new(open()?);
        let mut state = self.lock();
        // What was opened while something was deleted may be the deleted file: it is not kept.
        if state.deletions == deletions {
            state.keep(key, &handle);
        }
        Ok(handle)
    }

    /// Closes the handle of an object that was just deleted.
    pub(super) fn forget(&self, key: &Key) {
        let mut state = self.lock();
        state.deletions += 1;
        state.open.remove(key);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn used(&mut self, key: &Key) -> Option<Arc<Handle>> {
        self.uses += 1;
        let (handle, last_use) = self.open.get_mut(key)?;
        *last_use = self.uses;
        Some(handle.clone())
    }

    fn keep(&mut self, key: &Key, handle: &Arc<Handle>) {
        if self.open.len() >= LIMIT {
            let oldest = self.open.iter().min_by_key(|(_, (_, last_use))| *last_use).map(|(key, _)| key.clone());
            oldest.and_then(|key| self.open.remove(&key));
        }
        self.open.insert(key.clone(), (handle.clone(), self.uses));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_so_many_files_stay_open() {
        let handles = Handles::default();
        let file = || File::open("/dev/null").and_then(Handle::new);
        for number in 0..2 * LIMIT {
            handles.get(&Key::new(format!("packs/{number}")).unwrap(), file).unwrap();
        }
        assert_eq!(handles.lock().open.len(), LIMIT);
        assert!(handles.lock().open.contains_key(&Key::new(format!("packs/{}", 2 * LIMIT - 1)).unwrap()));
    }

    #[test]
    fn a_file_opened_during_a_deletion_is_not_kept() {
        let handles = Handles::default();
        let key = Key::new("packs/a").unwrap();
        let opened = || {
            let handle = File::open("/dev/null").and_then(Handle::new);
            handles.forget(&key);
            handle
        };
        handles.get(&key, opened).unwrap();
        assert!(handles.lock().open.is_empty());
    }
}
