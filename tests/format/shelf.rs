//! Pages in memory that count how often they are read.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use esker::base::Id;
use esker::format::FormatError;
use esker::format::pages::Pages;
use esker::format::tree::Refused;

/// Pages by id.
#[derive(Default)]
pub struct Shelf {
    pages: RefCell<BTreeMap<Id, Vec<u8>>>,
    reads: Cell<usize>,
}

/// Why a page cannot be had, or a tree not be made.
#[derive(Debug, PartialEq)]
pub enum ShelfError {
    Missing(Id),
    Damaged(Id, FormatError),
    Refused(Refused),
}

impl From<Refused> for ShelfError {
    fn from(refused: Refused) -> ShelfError {
        ShelfError::Refused(refused)
    }
}

impl Pages for Shelf {
    type Error = ShelfError;

    fn page(&self, id: &Id) -> Result<Vec<u8>, ShelfError> {
        self.reads.set(self.reads.get() + 1);
        self.pages.borrow().get(id).cloned().ok_or(ShelfError::Missing(*id))
    }

    fn damaged(&self, id: &Id, cause: FormatError) -> ShelfError {
        ShelfError::Damaged(*id, cause)
    }
}

impl Shelf {
    pub fn put(&self, id: Id, bytes: Vec<u8>) -> Result<(), ShelfError> {
        assert_eq!(Id::of(&bytes), id);
        self.pages.borrow_mut().insert(id, bytes);
        Ok(())
    }

    /// Puts bytes that may be no page.
    pub fn put_any(&self, bytes: Vec<u8>) -> Id {
        let id = Id::of(&bytes);
        self.pages.borrow_mut().insert(id, bytes);
        id
    }

    pub fn ids(&self) -> BTreeSet<Id> {
        self.pages.borrow().keys().copied().collect()
    }

    pub fn bytes(&self, id: &Id) -> Vec<u8> {
        self.pages.borrow()[id].clone()
    }

    /// What `work` gives, and how many pages it read.
    pub fn reads<T>(&self, work: impl FnOnce() -> T) -> (T, usize) {
        let before = self.reads.get();
        let result = work();
        (result, self.reads.get() - before)
    }
}

/// A page as its encoding goes: for pages that nobody would make.
pub fn forged(letters: &[u8; 7], level: u8, records: &[Vec<u8>]) -> Vec<u8> {
    let header = [&letters[..], &[1, level, 0, 0, 0], &(records.len() as u32).to_le_bytes()].concat();
    [header, records.concat()].concat()
}
