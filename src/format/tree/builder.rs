//! Makes the pages of a tree while its entries go by.

use crate::base::{Id, RepoPath};

use super::super::pages::{Levels, Link, Record, Span, Top};
use super::order::Order;
use super::{Below, Entry, RawEntry, Refused, Tree};

/// What names a whole tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Root {
    /// The root page: the id of the folder.
    pub id: Id,
    /// The number of entries: files, links and empty folders.
    pub entries: u64,
    /// The sizes of all files, summed up, in bytes.
    pub bytes: u64,
}

/// Takes the entries of a folder in order of path and gives the pages of its tree to `sink`, children before parents.
///
/// The same entries give the same pages, whoever wrote them when. It holds one page of each level.
#[derive(Debug)]
pub struct Builder<S> {
    levels: Levels<Tree>,
    order: Order,
    bytes: u64,
    sink: S,
}

impl<E: From<Refused>, S: FnMut(Id, Vec<u8>) -> Result<(), E>> Builder<S> {
    /// An empty folder.
    pub fn new(sink: S) -> Builder<S> {
        Builder { levels: Levels::new(), order: Order::default(), bytes: 0, sink }
    }

    /// Appends an entry.
    ///
    /// # Errors
    /// [`Refused`] if it does not come after all entries so far, lies below one, or breaks a rule of its own; and what
    /// `sink` answers.
    pub fn push(&mut self, entry: &Entry) -> Result<(), E> {
        entry.check().map_err(|reason| Refused { path: entry.path.clone(), reason })?;
        self.push_checked(entry, entry.node.bytes())
    }

    /// Appends an entry of another tree.
    pub(super) fn copy(&mut self, entry: RawEntry<'_>) -> Result<(), E> {
        self.push_checked(&entry, entry.bytes())
    }

    fn push_checked(&mut self, entry: &impl Record<Span = Below>, bytes: u64) -> Result<(), E> {
        self.order.pass(entry.path()).map_err(|reason| refused(entry.path(), reason))?;
        self.count(entry.path(), bytes)?;
        self.levels.push(entry, &mut self.sink)
    }

    fn count(&mut self, path: &[u8], bytes: u64) -> Result<(), Refused> {
        let sum = self.bytes.checked_add(bytes);
        self.bytes = sum.ok_or_else(|| refused(path, "the sizes of all files add up to more than 64 bits"))?;
        Ok(())
    }

    /// Ends the folder.
    pub fn finish(self) -> Result<Root, E> {
        Ok(Root::from(&self.finish_top()?.link))
    }

    pub(super) fn finish_top(mut self) -> Result<Top<Tree>, E> {
        self.levels.finish(&mut self.sink)
    }

    /// The page `id` is there: it is not given to the sink.
    pub(super) fn know(&mut self, id: Id) {
        self.levels.know(id);
    }

    /// See [`Levels::at_cut`].
    pub(super) fn at_cut(&self, level: u8) -> bool {
        self.levels.at_cut(level)
    }

    /// See [`Levels::take_over`].
    pub(super) fn take_over(&mut self, level: u8, link: Link<Below>) -> Result<(), E> {
        let last = link.span.last();
        self.order.move_to(last).map_err(|reason| refused(last, reason))?;
        self.count(last, link.span.bytes)?;
        self.levels.take_over(level, link, &mut self.sink)
    }
}

fn refused(path: &[u8], reason: &'static str) -> Refused {
    Refused { path: RepoPath::new(path).expect("it was checked"), reason }
}

impl From<&Link<Below>> for Root {
    fn from(top: &Link<Below>) -> Root {
        Root { id: top.id, entries: top.span.entries, bytes: top.span.bytes }
    }
}
