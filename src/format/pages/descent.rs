//! Goes through a list from its root, page by page, and may pass over pages without reading them.

use std::vec::IntoIter;

use crate::base::{Id, RepoPath};

use super::page::{open, open_root};
use super::{Link, List, Page, Pages, Record, Records};

/// A place in a list: before an item, or before a page that nobody has opened.
///
/// After an error it is at its end.
pub struct Descent<'p, P: ?Sized, L: List> {
    pages: &'p P,
    frames: Vec<Frame<L>>,
}

/// What comes next.
pub enum Next<'a, L: List> {
    /// A page that has not been opened, and its level.
    Page(&'a Link<L::Span>, u8),
    /// An item.
    Item(&'a L::Item),
}

/// What is left of an open page.
struct Frame<L: List> {
    id: Id,
    level: u8,
    /// The last path before what is left.
    after: Option<RepoPath>,
    left: Left<L>,
}

enum Left<L: List> {
    Items(IntoIter<L::Item>),
    Links(IntoIter<Link<L::Span>>),
}

impl<'p, P: Pages + ?Sized, L: List> Descent<'p, P, L> {
    /// Opens the root page and stands at the beginning.
    pub fn new(pages: &'p P, root: &Id) -> Result<Descent<'p, P, L>, P::Error> {
        Ok(Descent::of(pages, *root, open_root(pages, root)?))
    }

    /// Stands at the beginning of the list whose root page this is.
    pub fn of(pages: &'p P, root: Id, page: Page<L>) -> Descent<'p, P, L> {
        let mut descent = Descent { pages, frames: Vec::new() };
        descent.stack(root, page, None);
        descent
    }

    /// What comes next; `None` at the end.
    pub fn peek(&self) -> Option<Next<'_, L>> {
        let frame = self.frames.last()?;
        match &frame.left {
            Left::Items(items) => items.as_slice().first().map(Next::Item),
            Left::Links(links) => links.as_slice().first().map(|link| Next::Page(link, frame.level - 1)),
        }
    }

    /// Whether nothing follows after what comes next.
    pub fn is_last(&self) -> bool {
        let Some((top, below)) = self.frames.split_last() else { return true };
        top.len() <= 1 && below.iter().all(|frame| frame.len() == 0)
    }

    /// Opens the page that comes next; nothing if that is none.
    pub fn enter(&mut self) -> Result<(), P::Error> {
        let Some(Frame { level, after, left: Left::Links(links), .. }) = self.frames.last_mut() else { return Ok(()) };
        let Some(link) = links.next() else { return Ok(()) };
        match open(self.pages, &link, *level - 1, after.as_ref()) {
            Ok(page) => {
                let before = std::mem::replace(after, link.path().cloned());
                self.stack(link.id, page, before);
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
        let Some(frame) = self.frames.last_mut() else { return };
        match &mut frame.left {
            Left::Items(items) => drop(items.next()),
            Left::Links(links) => frame.after = links.next().and_then(|link| link.path().cloned()),
        }
        self.settle();
    }

    /// Takes the item that comes next, opening the pages that lead to it; `None` at the end.
    pub fn take(&mut self) -> Option<Result<L::Item, P::Error>> {
        loop {
            match &mut self.frames.last_mut()?.left {
                Left::Items(items) => {
                    let item = items.next();
                    self.settle();
                    return item.map(Ok);
                }
                Left::Links(_) => {
                    if let Err(error) = self.enter() {
                        return Some(Err(error));
                    }
                }
            }
        }
    }

    /// Goes to the end.
    pub fn stop(&mut self) {
        self.frames.clear();
    }

    /// The page that holds what comes next.
    pub fn page(&self) -> Option<&Id> {
        Some(&self.frames.last()?.id)
    }

    fn stack(&mut self, id: Id, page: Page<L>, after: Option<RepoPath>) {
        let level = page.level();
        let left = match page.into_records() {
            Records::Items(items) => Left::Items(items.into_iter()),
            Records::Links(links) => Left::Links(links.into_iter()),
        };
        self.frames.push(Frame { id, level, after, left });
        self.settle();
    }

    fn settle(&mut self) {
        while self.frames.last().is_some_and(|frame| frame.len() == 0) {
            self.frames.pop();
        }
    }
}

impl<L: List> Frame<L> {
    fn len(&self) -> usize {
        match &self.left {
            Left::Items(items) => items.len(),
            Left::Links(links) => links.len(),
        }
    }
}
