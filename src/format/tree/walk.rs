//! Goes through the entries of a tree: all of them, those below a folder, or one.

use crate::base::{Id, RepoPath};

use super::super::FormatError;
use super::super::pages::{Descent, List, Next, Pages};
use super::order::Order;
use super::{Entry, Tree};

/// Entries in order of path.
pub struct Walk<'p, P: ?Sized> {
    pages: &'p P,
    descent: Descent<'p, P, Tree>,
    order: Order,
    /// An entry that comes first of all.
    first: Option<Entry>,
    /// How the paths of all others begin.
    prefix: Vec<u8>,
}

/// All entries of the tree `root`.
pub fn walk<'p, P: Pages + ?Sized>(pages: &'p P, root: &Id) -> Result<Walk<'p, P>, P::Error> {
    walk_below(pages, root, &RepoPath::default())
}

/// The entry at `folder`, if there is one, and all below it; reads the pages that lead to them, and one of a level more
/// at most.
pub fn walk_below<'p, P: Pages + ?Sized>(pages: &'p P, root: &Id, folder: &RepoPath) -> Result<Walk<'p, P>, P::Error> {
    let descent = Descent::new(pages, root)?;
    let mut walk = Walk { pages, descent, order: Order::default(), first: None, prefix: Vec::new() };
    if !folder.is_empty() {
        walk.prefix = [folder.as_bytes(), b"/"].concat();
        seek(&mut walk.descent, folder.as_bytes())?;
        walk.first = take_if(&mut walk.descent, folder).transpose()?;
        if walk.first.is_some() {
            walk.order.pass(folder.as_bytes()).expect("it is the first path");
        }
        seek(&mut walk.descent, &walk.prefix)?;
    }
    Ok(walk)
}

/// The entry at `path`, if there is one; reads one page of each level.
pub fn get<P: Pages + ?Sized>(pages: &P, root: &Id, path: &RepoPath) -> Result<Option<Entry>, P::Error> {
    let mut descent = Descent::new(pages, root)?;
    seek(&mut descent, path.as_bytes())?;
    take_if(&mut descent, path).transpose()
}

/// Goes on to the first entry that is not before `target`.
fn seek<P: Pages + ?Sized>(descent: &mut Descent<'_, P, Tree>, target: &[u8]) -> Result<(), P::Error> {
    while let Some(next) = descent.peek() {
        match next {
            Next::Page(link, _) if link.span.last.as_bytes() < target => descent.skip(),
            Next::Page(..) => descent.enter()?,
            Next::Item(entry) if entry.path() < target => descent.skip(),
            Next::Item(_) => break,
        }
    }
    Ok(())
}

fn take_if<P: Pages + ?Sized>(descent: &mut Descent<'_, P, Tree>, path: &RepoPath) -> Option<Result<Entry, P::Error>> {
    match descent.peek()? {
        Next::Item(entry) if entry.path() == path.as_bytes() => descent.take(),
        _ => None,
    }
}

impl<P: Pages + ?Sized> Iterator for Walk<'_, P> {
    type Item = Result<Entry, P::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        while let Some(Next::Page(..)) = self.descent.peek() {
            if let Err(error) = self.descent.enter() {
                return Some(Err(error));
            }
        }
        let Some(Next::Item(entry)) = self.descent.peek() else { return None };
        if !entry.path().starts_with(&self.prefix) {
            return None;
        }
        // A writer that made `a` a link and then wrote `a/b` would write where the link points.
        if let Err(reason) = self.order.pass(entry.path()) {
            let cause = FormatError::damaged(Tree::WHAT, format!("`{}`: {reason}", entry.path().escape_ascii()));
            let error = self.descent.page().map(|page| self.pages.damaged(page, cause))?;
            self.descent.stop();
            return Some(Err(error));
        }
        self.descent.take()
    }
}
