//! Where objects of an old tool may lie, and reading one of them into the cache: never one that is not what its name says.

use std::io::{self, Read};
use std::sync::Arc;

use crate::base::{Job, Step};
use crate::format::compression::Noticer;
use crate::format::foreign::{Check, Known, OldId};
use crate::packs::{Content, ContentError, Earlier, Sink, store_bytes, store_stream};
use crate::store::{self, Key, Store, StoreError, StoreOptions};

use super::super::error::Error;

/// A longer object is read in windows; in bytes.
const LARGE: u64 = 8 << 20;
/// A list of files is not longer, in bytes.
const LIST_LIMIT: u64 = 1 << 30;

/// Stores in which an old tool keeps its objects, in the order in which they are asked.
pub struct Shelf {
    stores: Vec<Arc<dyn Store>>,
    /// Folders that are not there.
    absent: Vec<String>,
    keys: fn(&OldId) -> Vec<Key>,
    has_bucket: bool,
}

/// What came of looking for an object.
#[derive(Debug)]
pub enum Answer<T> {
    /// It is there and right.
    Good(T),
    /// It is nowhere.
    Missing,
    /// It is in these places, and is not what its name says.
    Damaged(Vec<String>),
}

impl Shelf {
    /// Nothing is on it yet. `keys` tells where an object may lie in a store.
    pub fn new(keys: fn(&OldId) -> Vec<Key>) -> Shelf {
        Shelf { stores: Vec::new(), absent: Vec::new(), keys, has_bucket: false }
    }

    /// Adds a store. A folder that is not there holds nothing.
    pub fn add_if_there(&mut self, url: &str, options: &StoreOptions) -> Result<(), Error> {
        match store::open(url, options) {
            Ok(store) => self.stores.push(store),
            Err(StoreError::NoPlace { .. }) => self.absent.push(url.to_owned()),
            Err(error) => return Err(error.into()),
        }
        self.has_bucket |= url.starts_with("s3://");
        Ok(())
    }

    /// What the stores are called; where none is there, what they would be called.
    pub fn names(&self) -> Vec<String> {
        if self.stores.is_empty() {
            return self.absent.clone();
        }
        self.stores.iter().map(|store| store.name().to_owned()).collect()
    }

    /// Whether answers take their time, so that many should be asked for at once.
    pub fn is_far(&self) -> bool {
        self.has_bucket
    }

    /// The whole of a small object, such as a list of files.
    pub fn read(&self, old: &OldId) -> Result<Answer<Vec<u8>>, Error> {
        self.first(old, |store, key| {
            let bytes = store.get(key, LIST_LIMIT)?;
            Ok(is(old, &bytes).then_some(bytes))
        })
    }

    /// Whether the object is somewhere, and its size. It is not read.
    pub fn size(&self, old: &OldId) -> Result<Answer<u64>, Error> {
        self.first(old, |store, key| {
            let mut bytes = None;
            store.list(key.as_str(), &mut |listed| {
                if listed.key == *key {
                    bytes = Some(listed.bytes);
                }
            })?;
            match bytes {
                Some(bytes) => Ok(Some(bytes)),
                None => Err(StoreError::Missing { store: store.name().to_owned(), key: key.clone() }.into()),
            }
        })
    }

    /// Reads an object into `sink`. `step` moves by bytes.
    pub fn take(
        &self,
        old: &OldId,
        sink: &dyn Sink,
        noticer: &mut Noticer,
        step: Step,
        job: &Job<'_>,
    ) -> Result<Answer<Known>, Error> {
        self.first(old, |store, key| match store.get(key, LARGE) {
            Ok(bytes) if is(old, &bytes) => {
                let content = store_bytes(sink, &bytes, noticer)?;
                job.moved(step, content.bytes, 1);
                Ok(Some(known(content)))
            }
            Ok(_) => Ok(None),
            Err(StoreError::TooLarge { .. }) => {
                let content = stream(store, key, old, sink, step, job)?;
                job.moved(step, 0, 1);
                Ok(content.map(known))
            }
            Err(error) => Err(error.into()),
        })
    }

    /// The first good answer of all places; `look` answers `None` for bytes that are not what the id says.
    fn first<T>(
        &self,
        old: &OldId,
        mut look: impl FnMut(&dyn Store, &Key) -> Result<Option<T>, Error>,
    ) -> Result<Answer<T>, Error> {
        let mut damaged = Vec::new();
        for store in &self.stores {
            for key in (self.keys)(old) {
                match look(store.as_ref(), &key) {
                    Ok(Some(found)) => return Ok(Answer::Good(found)),
                    Ok(None) => damaged.push(format!("{}/{key}", store.name())),
                    Err(Error::Store(StoreError::Missing { .. } | StoreError::Short { .. })) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(if damaged.is_empty() { Answer::Missing } else { Answer::Damaged(damaged) })
    }
}

fn is(old: &OldId, bytes: &[u8]) -> bool {
    let mut check = Check::new(old.hash);
    check.update(bytes);
    check.is(old)
}

fn known(content: Content) -> Known {
    Known { id: content.id, bytes: content.bytes, chunks: content.chunks }
}

/// Chunks of a damaged object stay in the cache, where nothing names them and gc finds them.
fn stream(
    store: &dyn Store,
    key: &Key,
    old: &OldId,
    sink: &dyn Sink,
    step: Step,
    job: &Job<'_>,
) -> Result<Option<Content>, Error> {
    let mut check = Check::new(old.hash);
    let mut problem = None;
    let source =
        Source { store, key, at: 0, window: io::Cursor::new(Vec::new()), check: &mut check, problem: &mut problem };
    let content = store_stream(sink, source, &Earlier::default(), step, job);
    match (content, problem) {
        (_, Some(error)) => Err(error.into()),
        (Ok(content), None) => Ok(check.is(old).then_some(content)),
        (Err(ContentError::Pack(error)), None) => Err(error.into()),
        (Err(ContentError::Read(_)), None) => Ok(None),
    }
}

/// An object as something that is read from front to back, in windows, and checked on the way.
struct Source<'s> {
    store: &'s dyn Store,
    key: &'s Key,
    at: u64,
    window: io::Cursor<Vec<u8>>,
    check: &'s mut Check,
    problem: &'s mut Option<StoreError>,
}

impl Source<'_> {
    fn next_window(&mut self) -> Result<Vec<u8>, StoreError> {
        match self.store.read(self.key, self.at..self.at + LARGE) {
            Err(StoreError::Short { got_bytes: 0, .. }) => Ok(Vec::new()),
            Err(StoreError::Short { got_bytes, .. }) => self.store.read(self.key, self.at..self.at + got_bytes),
            other => other,
        }
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.window.position() == self.window.get_ref().len() as u64 {
            let window = self.next_window().map_err(|error| {
                *self.problem = Some(error);
                io::Error::other("the store failed")
            })?;
            self.at += window.len() as u64;
            self.check.update(&window);
            self.window = io::Cursor::new(window);
        }
        self.window.read(buffer)
    }
}
