//! What a store must do, whatever it is made of. One suite of tests holds every store to it.

use std::fmt;
use std::fs::File;
use std::ops::Range;
use std::time::SystemTime;

use crate::base::PathError;

/// A place of bytes under keys. It knows nothing of chunks.
///
/// Calls block, and may come from many threads at once. Keys are never reused for other bytes, so
/// a second `put` of a key succeeds and may move nothing.
pub trait Store: Send + Sync {
    /// What people call it: `s3://bucket/prefix`, `/mnt/share/data`.
    fn name(&self) -> &str;

    /// The whole object, which has `limit` bytes at most.
    ///
    /// # Errors
    /// `Missing` if it is not there, `TooLarge` (before the body is read) if it is longer.
    fn get(&self, key: &Key, limit: u64) -> Result<Vec<u8>, StoreError>;

    /// Exactly the bytes `range` of the object.
    ///
    /// # Errors
    /// `Missing` if it is not there, `Short` if it ends before the range does.
    fn read(&self, key: &Key, range: Range<u64>) -> Result<Vec<u8>, StoreError>;

    /// The same, in `room` in place of what that held: for those who read much, since fresh memory costs.
    fn read_into(&self, key: &Key, range: Range<u64>, room: &mut Vec<u8>) -> Result<(), StoreError> {
        *room = self.read(key, range)?;
        Ok(())
    }

    /// Stores `body`: after success it is durable and whole, after an error it is absent or whole.
    fn put(&self, key: &Key, body: &[u8]) -> Result<(), StoreError>;

    /// Tells `each` of every object whose key begins with `prefix`, in any order.
    ///
    /// What is being written by others may be missing; half-written objects are never told.
    fn list(&self, prefix: &str, each: &mut dyn FnMut(Listed)) -> Result<(), StoreError>;

    /// Removes an object; its absence is success.
    fn delete(&self, key: &Key) -> Result<(), StoreError>;

    /// The way to objects that share blocks with files, where there is one.
    fn blocks(&self) -> Option<&dyn Blocks> {
        None
    }
}

/// Objects and files of one file system that can share blocks (reflinks), so that a copy moves no data.
pub trait Blocks {
    /// A copy of `file`, as it is now, that has no name and shares its blocks. `None` if the file system cannot do that.
    fn snapshot(&self, file: &File) -> Result<Option<File>, StoreError>;

    /// As [`Store::put`], of an object that is `head`, then the bytes `range` of `file`, then `tail`.
    ///
    /// Blocks are shared where `range.start` and the length of `head` are multiples of theirs; else bytes are copied.
    fn put_shared(&self, key: &Key, head: &[u8], file: &File, range: Range<u64>, tail: &[u8])
    -> Result<(), StoreError>;

    /// Writes the bytes `range` of the object at `offset` of `file`, sharing blocks as above.
    fn share_out(&self, key: &Key, range: Range<u64>, file: &File, offset: u64) -> Result<(), StoreError>;
}

/// The name of an object in a store: parts of `a-z 0-9 . _ -` joined by `/`, none of them `.` or `..`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// Takes a key; `None` if it is not of that form.
    pub fn new(text: impl Into<String>) -> Option<Key> {
        let text = text.into();
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        let good = |part: &str| !part.is_empty() && part != "." && part != ".." && part.bytes().all(plain);
        (text.len() <= 255 && text.split('/').all(good)).then_some(Key(text))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An object as a listing tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its key, whole.
    pub key: Key,
    /// Its size.
    pub bytes: u64,
    /// When it was written, by the store's clock.
    pub modified: SystemTime,
}

/// Why a store did not do what it was asked: what a caller acts on.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The object is not there.
    #[error("{store} has no {key}")]
    Missing {
        /// The store's name.
        store: String,
        /// The object.
        key: Key,
    },
    /// The object ends early.
    #[error("{key} in {store} is cut short: wanted {wanted_bytes} bytes, got {got_bytes}")]
    Short {
        /// The store's name.
        store: String,
        /// The object.
        key: Key,
        /// How many bytes were asked for.
        wanted_bytes: u64,
        /// How many came.
        got_bytes: u64,
    },
    /// The object is longer than the caller allows.
    #[error("{key} in {store} is too large: more than {limit_bytes} bytes")]
    TooLarge {
        /// The store's name.
        store: String,
        /// The object.
        key: Key,
        /// What the caller allowed.
        limit_bytes: u64,
    },
    /// The store knows us and says no, or does not know our credentials.
    #[error("{store} refused to {doing}: {reason}")]
    Denied {
        /// The store's name.
        store: String,
        /// What was asked: "list packs/", "write index/ab…".
        doing: String,
        /// The store's own words.
        reason: String,
    },
    /// The store does not answer, or answers with an error of its own, after all retries.
    #[error("cannot {doing} at {store}: {reason}")]
    Unreachable {
        /// The store's name.
        store: String,
        /// What was asked.
        doing: String,
        /// The cause.
        reason: String,
    },
    /// The bucket, or the folder, is not there.
    #[error("{store} does not exist: {reason}")]
    NoPlace {
        /// The store's name.
        store: String,
        /// The cause.
        reason: String,
    },
    /// The address or an option of a store makes no sense.
    #[error("`{url}` is not the address of a store: {reason}")]
    Address {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The folder's own file system failed.
    #[error(transparent)]
    Disk(#[from] PathError),
}
