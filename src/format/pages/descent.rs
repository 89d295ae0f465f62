//! Goes through a list from its root, page by page, and may pass over pages without reading them.

use crate::base::Id;

use super::page::{open, open_root};
use super::{Link, List, Page, Pages, Record};

/// A place in a list: before an item, or before a page that nobody has opened.
///
/// After an error it is at its end.
pub struct Descent<'p, P: ?Sized, L: List> {
    pages: &'p P,
    /// The open pages, each below the one before it. Only the last one has something left for certain.
    open: Vec<Open<L>>,
}

/// What comes next.
pub enum Next<'a, L: List> {
    /// A page that has not been opened, and its level.
    Page(&'a Link<L::Span>, u8),
    /// An item.
    Item(L::Raw<'a>),
}

struct Open<L: List> {
    id: Id,
    page: Page<L>,
    next: usize,
    /// The last path before the page.
    after: Vec<u8>,
}

impl<'p, P: Pages + ?Sized, L: List> Descent<'p, P, L> {
    /// Opens the root page and stands at the beginning.
    pub fn new(pages: &'p P, root: &Id) -> Result<Descent<'p, P, L>, P::Error> {
        Ok(Descent::of(pages, *root, open_root(pages, root)?))
    }

    /// Stands at the beginning of the list whose root page this is.
    pub fn of(pages: &'p P, root: Id, page: Page<L>) -> Descent<'p, P, L> {
        let mut descent = Descent { pages, open: vec![Open { id: root, page, next: 0, after: Vec::new() }] };
        descent.leave_finished();
        descent
    }

    /// What comes next; `None` at the end.
    pub fn peek(&self) -> Option<Next<'_, L>> {
        let open = self.open.last()?;
        match open.page.links().get(open.next) {
            Some(link) => Some(Next::Page(link, open.page.level() - 1)),
            None => open.page.raw(open.next).map(Next::Item),
        }
    }

    /// Whether nothing follows after what comes next.
    pub fn is_last(&self) -> bool {
        let Some((lowest, above)) = self.open.split_last() else { return true };
        lowest.left() <= 1 && above.iter().all(|open| open.left() == 0)
    }

    /// Opens the page that comes next; nothing if that is none.
    pub fn enter(&mut self) -> Result<(), P::Error> {
        let Some(parent) = self.open.last_mut() else { return Ok(()) };
        let Some(link) = parent.page.links().get(parent.next) else { return Ok(()) };
        match open(self.pages, link, parent.page.level() - 1, parent.after()) {
            Ok(page) => {
                let (id, after) = (link.id, parent.after().to_vec());
                parent.next += 1;
                self.open.push(Open { id, page, next: 0, after });
                Ok(())
            }
            Err(error) => {
                self.stop();
                Err(error)
            }
        }
    }

    /// Passes over the page or the item that comes next.
    pub fn skip(&mut self) {
        let Some(open) = self.open.last_mut() else { return };
        open.next += 1;
        self.leave_finished();
    }

    /// Takes the item that comes next, opening the pages that lead to it; `None` at the end.
    pub fn take(&mut self) -> Option<Result<L::Item, P::Error>> {
        loop {
            match self.peek()? {
                Next::Item(raw) => {
                    let item = L::own(raw);
                    self.skip();
                    return Some(Ok(item));
                }
                Next::Page(..) => {
                    if let Err(error) = self.enter() {
                        return Some(Err(error));
                    }
                }
            }
        }
    }

    /// The page that holds what comes next.
    pub fn page(&self) -> Option<&Id> {
        Some(&self.open.last()?.id)
    }

    /// Goes to the end.
    pub fn stop(&mut self) {
        self.open.clear();
    }

    fn leave_finished(&mut self) {
        while self.open.last().is_some_and(|open| open.left() == 0) {
            self.open.pop();
        }
    }
}

impl<L: List> Open<L> {
    fn left(&self) -> usize {
        self.page.len() - self.next
    }

    /// The last path before the page that comes next.
    fn after(&self) -> &[u8] {
        match self.next.checked_sub(1).and_then(|before| self.page.links().get(before)) {
            Some(before) => before.path(),
            None => &self.after,
        }
    }
}
