//! Where pages come from.

use crate::base::Id;

use super::super::FormatError;

/// Gives the bytes of pages: a cache, a remote, a map in a test.
pub trait Pages {
    /// Why a page cannot be had.
    type Error;

    /// The raw bytes of the page `id`, which hash to `id`: who implements this checks it.
    fn page(&self, id: &Id) -> Result<Vec<u8>, Self::Error>;

    /// The error for a page whose bytes are there and break a rule.
    fn damaged(&self, id: &Id, cause: FormatError) -> Self::Error;
}

impl<P: Pages + ?Sized> Pages for &P {
    type Error = P::Error;

    fn page(&self, id: &Id) -> Result<Vec<u8>, P::Error> {
        (**self).page(id)
    }

    fn damaged(&self, id: &Id, cause: FormatError) -> P::Error {
        (**self).damaged(id, cause)
    }
}
