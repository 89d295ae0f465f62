//! Changes some entries of a tree: the result is what building anew would give, at the cost of the change.
//!
//! Where a page ends depends on its own records alone. So an untouched page can be taken over unread, with all that is
//! below it, wherever the new tree has just ended a page on its level and on all below. The last page of a level ends
//! without a cut; it is untouched only if nothing comes after it.

use std::iter::Peekable;

use crate::base::{Id, RepoPath};

use super::super::pages::{Descent, Next, Pages, Top, open};
use super::{Builder, Entry, Node, Page, Refused, Root, Tree};

/// Makes a new tree of the tree `root`: each change puts a node at a path, or removes what is there (`None`; nothing if
/// nothing is there).
///
/// Only pages that `root` does not have go to `sink`, children before parents. Reads and writes some pages of each level
/// for each run of changes. A file that becomes a folder must be removed, and a folder that becomes a file emptied, by
/// changes of their own; where it sees that this was forgotten, it refuses.
///
/// # Errors
/// [`Refused`] if the changes are not in ascending order of path, or a tree cannot hold one; damage; and what `sink`
/// answers.
pub fn edit<P, C, S>(pages: &P, root: &Id, changes: C, sink: S) -> Result<Root, P::Error>
where
    P: Pages + ?Sized,
    P::Error: From<Refused>,
    C: IntoIterator<Item = (RepoPath, Option<Node>)>,
    S: FnMut(Id, Vec<u8>) -> Result<(), P::Error>,
{
    let mut new = Builder::new(sink);
    new.know(*root);
    let old = Descent::new(pages, root)?;
    let top = Edit { old, new, changes: changes.into_iter().peekable(), changed: None }.run()?;
    without_lone_pages(pages, top)
}

struct Edit<'p, P: ?Sized, C: Iterator, S> {
    old: Descent<'p, P, Tree>,
    new: Builder<S>,
    changes: Peekable<C>,
    /// The path of the change before the next.
    changed: Option<RepoPath>,
}

impl<P, C, S> Edit<'_, P, C, S>
where
    P: Pages + ?Sized,
    P::Error: From<Refused>,
    C: Iterator<Item = (RepoPath, Option<Node>)>,
    S: FnMut(Id, Vec<u8>) -> Result<(), P::Error>,
{
    fn run(mut self) -> Result<Top<Tree>, P::Error> {
        while let Some(next) = self.old.peek() {
            let change = self.changes.peek().map(|(path, _)| path);
            match next {
                Next::Page(link, level) => {
                    let touched = change.is_some_and(|path| *path <= link.span.last || self.old.is_last());
                    if !touched && self.new.at_cut(level) {
                        self.new.take_over(level, link.clone())?;
                        self.old.skip();
                    } else {
                        self.new.know(link.id);
                        self.old.enter()?;
                    }
                }
                Next::Item(entry) => match change {
                    Some(path) if path.as_bytes() < entry.path() => self.change()?,
                    Some(path) if path.as_bytes() == entry.path() => {
                        self.old.skip();
                        self.change()?;
                    }
                    _ => {
                        self.new.copy(entry)?;
                        self.old.skip();
                    }
                },
            }
        }
        while self.changes.peek().is_some() {
            self.change()?;
        }
        self.new.finish_top()
    }

    fn change(&mut self) -> Result<(), P::Error> {
        let Some((path, node)) = self.changes.next() else { return Ok(()) };
        if self.changed.as_ref().is_some_and(|before| path <= *before) {
            return Err(Refused { path, reason: "it does not come after the change before it" }.into());
        }
        self.changed = Some(path.clone());
        node.map_or(Ok(()), |node| self.new.push(&Entry { path, node }))
    }
}

/// The last page of a level may hold one record. If it was taken over and all before it is gone, the root is below it.
fn without_lone_pages<P: Pages + ?Sized>(pages: &P, top: Top<Tree>) -> Result<Root, P::Error> {
    let Top { mut link, mut level, taken_over } = top;
    while taken_over && level > 0 {
        let page: Page = open(pages, &link, level, &[])?;
        let [lone] = page.links() else { break };
        (link, level) = (lone.clone(), level - 1);
    }
    Ok(Root::from(&link))
}
