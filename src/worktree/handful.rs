//! Names of one folder, packed: a huge folder is handed from thread to thread in such parcels.

use super::sys::Kind;

/// Some names and what the listing said of their kinds.
#[derive(Debug, Default)]
pub(super) struct Handful {
    /// For each name its kind, its length, its bytes.
    packed: Vec<u8>,
    count: usize,
}

const UNKNOWN: u8 = 0;
const FOLDER: u8 = 1;

impl Handful {
    /// Adds a name. Returns whether it could: no more than 255 bytes fit.
    #[must_use]
    pub fn push(&mut self, name: &[u8], kind: Option<Kind>) -> bool {
        let Ok(len) = u8::try_from(name.len()) else { return false };
        // Only folders are told apart: all else is looked at anyway.
        self.packed.push(if kind == Some(Kind::Folder) { FOLDER } else { UNKNOWN });
        self.packed.push(len);
        self.packed.extend_from_slice(name);
        self.count += 1;
        true
    }

    /// How many names it holds.
    pub fn len(&self) -> usize {
        self.count
    }

    /// The names, and whether the listing said that each is a folder.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], bool)> {
        let mut rest = self.packed.as_slice();
        std::iter::from_fn(move || {
            let (&[kind, len], after) = rest.split_first_chunk()?;
            let (name, after) = after.split_at_checked(usize::from(len))?;
            rest = after;
            Some((name, kind == FOLDER))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_out_as_they_went_in() {
        let mut handful = Handful::default();
        assert!(handful.push(b"a", Some(Kind::Folder)) && handful.push(&[7; 255], None));
        assert!(!handful.push(&[7; 256], None));
        assert_eq!(handful.len(), 2);
        assert_eq!(handful.iter().collect::<Vec<_>>(), vec![(b"a".as_slice(), true), (&[7; 255], false)]);
    }
}
