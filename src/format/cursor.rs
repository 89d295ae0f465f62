//! The bounded reader that every binary decoder stands on: it lends what is there and refuses the rest.
//!
//! It allocates nothing, and a claimed count is checked against the bytes that are left before anybody believes it.

use crate::base::Id;

use super::FormatError;

/// The version of every binary kind that this program writes, and the highest that it reads.
pub const VERSION: u8 = 1;

/// Reads little-endian numbers and byte runs from the front of a slice.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    what: &'static str,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Begins at the first of `bytes`; `what` names the kind in errors: "tree page".
    pub fn new(what: &'static str, bytes: &'a [u8]) -> Reader<'a> {
        Reader { what, rest: bytes }
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next `len` bytes.
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], FormatError> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or_else(|| self.short(len))?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes as an array.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or_else(|| self.short(N))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// The next byte.
    pub fn u8(&mut self) -> Result<u8, FormatError> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    /// The next two bytes as a number.
    pub fn u16(&mut self) -> Result<u16, FormatError> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    /// The next four bytes as a number.
    pub fn u32(&mut self) -> Result<u32, FormatError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// The next eight bytes as a number.
    pub fn u64(&mut self) -> Result<u64, FormatError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// The next eight bytes as a signed number (two's complement).
    pub fn i64(&mut self) -> Result<i64, FormatError> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    /// The next 32 bytes as an id.
    pub fn id(&mut self) -> Result<Id, FormatError> {
        Ok(Id::from_bytes(self.array()?))
    }

    /// Passes `len` bytes that must be zero.
    pub fn zeros(&mut self, len: usize) -> Result<(), FormatError> {
        if self.take(len)?.iter().any(|byte| *byte != 0) {
            return Err(self.damaged("a reserved byte is not zero"));
        }
        Ok(())
    }

    /// Passes the 7 letters of a kind and its version byte.
    ///
    /// # Errors
    /// `Newer` if the letters are right and the version is higher than [`VERSION`].
    pub fn magic(&mut self, letters: &[u8; 7]) -> Result<(), FormatError> {
        let found = self.array::<8>()?;
        let version = found[7];
        if found[..7] != *letters {
            return Err(self.damaged(format!("it does not begin with `{}`", letters.escape_ascii())));
        }
        match version {
            VERSION => Ok(()),
            0 => Err(self.damaged("its version is 0")),
            _ => Err(FormatError::Newer { what: self.what, version: version.into() }),
        }
    }

    /// `count` as a capacity, if that many records of at least `shortest` bytes (not 0) fit in what is left.
    pub fn bounded(&self, count: u64, shortest: usize) -> Result<usize, FormatError> {
        let fit = self.rest.len() / shortest.max(1);
        match usize::try_from(count) {
            Ok(count) if count <= fit => Ok(count),
            _ => Err(self.damaged(format!("it claims {count} records where {fit} fit at most"))),
        }
    }

    /// Refuses bytes that nobody read.
    pub fn end(&self) -> Result<(), FormatError> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(self.damaged(format!("{left} bytes too many at its end"))),
        }
    }

    /// The error for a broken rule of this kind.
    pub fn damaged(&self, reason: impl Into<String>) -> FormatError {
        FormatError::damaged(self.what, reason)
    }

    fn short(&self, wanted: usize) -> FormatError {
        self.damaged(format!("it ends too early: {wanted} bytes wanted, {} left", self.rest.len()))
    }
}

/// Ends an object with the BLAKE3 of all that it holds so far, which is its name.
pub fn seal(bytes: &mut Vec<u8>) -> Id {
    let id = Id::of(bytes);
    bytes.extend_from_slice(id.as_bytes());
    id
}

/// Checks magic, version and the hash at the end of a sealed object; what is left to read lies between them.
pub fn unseal<'a>(what: &'static str, letters: &[u8; 7], bytes: &'a [u8]) -> Result<(Reader<'a>, Id), FormatError> {
    // Magic first: a newer version may end otherwise, and should be told as newer, not as damaged.
    Reader::new(what, bytes).magic(letters)?;
    let (reader, id) = sealed(what, bytes)?;
    if Id::of(&bytes[..bytes.len() - Id::LEN]) != id {
        return Err(reader.damaged("its bytes do not match the hash at its end"));
    }
    Ok((reader, id))
}

/// What [`unseal`] gives, of bytes that it took before: neither magic nor hash is looked at.
pub fn sealed<'a>(what: &'static str, bytes: &'a [u8]) -> Result<(Reader<'a>, Id), FormatError> {
    let mut reader = Reader::new(what, bytes);
    let (body, seal) = bytes.split_last_chunk::<{ Id::LEN }>().ok_or_else(|| reader.short(8 + Id::LEN))?;
    reader.rest = body;
    reader.take(8)?;
    Ok((reader, Id::from_bytes(*seal)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_little_endian_and_the_end_is_the_end() {
        let mut reader = Reader::new("test", &[1, 2, 0, 3, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
        assert_eq!(reader.u8(), Ok(1));
        assert_eq!(reader.u16(), Ok(2));
        assert_eq!(reader.u32(), Ok(3));
        assert!(reader.end().is_err());
        assert_eq!(reader.i64(), Ok(-1));
        assert_eq!(reader.end(), Ok(()));
        assert!(reader.u8().is_err());
    }

    #[test]
    fn a_failed_read_moves_nothing() {
        let mut reader = Reader::new("test", &[7, 8]);
        assert!(reader.u64().is_err());
        assert!(reader.take(usize::MAX).is_err());
        assert_eq!(reader.u16(), Ok(0x0807));
    }

    #[test]
    fn a_version_of_tomorrow_is_newer_and_other_letters_are_damage() {
        let magic = |bytes| Reader::new("test", bytes).magic(b"esktest");
        assert_eq!(magic(b"esktest\x01"), Ok(()));
        assert_eq!(magic(b"esktest\x02"), Err(FormatError::Newer { what: "test", version: 2 }));
        assert!(matches!(magic(b"esktest\x00"), Err(FormatError::Damaged { .. })));
        assert!(matches!(magic(b"eskpack\x02"), Err(FormatError::Damaged { .. })));
        assert!(matches!(magic(b"esktest"), Err(FormatError::Damaged { .. })));
    }

    #[test]
    fn a_count_that_cannot_fit_is_refused() {
        let reader = Reader::new("test", &[0; 96]);
        assert_eq!(reader.bounded(2, 48), Ok(2));
        assert!(reader.bounded(3, 48).is_err());
        assert!(reader.bounded(u64::MAX, 1).is_err());
    }

    #[test]
    fn a_sealed_object_opens_only_unchanged() {
        let mut bytes = b"esktest\x01body".to_vec();
        let id = seal(&mut bytes);
        let (mut reader, found) = unseal("test", b"esktest", &bytes).unwrap();
        assert_eq!((found, reader.take(4), reader.end()), (id, Ok(&b"body"[..]), Ok(())));
        bytes[9] ^= 1;
        assert!(unseal("test", b"esktest", &bytes).is_err());
        assert!(unseal("test", b"esktest", b"esktest\x01").is_err());
    }
}
