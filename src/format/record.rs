//! The records of a pack, read without its footer: what is left of a pack whose end, or whose beginning, is lost.

use super::codec::Codec;
use super::cursor::Reader;
use super::error::FormatError;
use super::pack::{PackEntry, RECORD_LEN, check_lens};

const WHAT: &str = "record";
/// What each record begins with.
pub(super) const LETTERS: &[u8; 4] = b"ESKC";

/// Decodes the header of the record that begins at `at` in `pack`; its stored bytes lie in `pack`, too.
pub fn decode(pack: &[u8], at: usize) -> Result<PackEntry, FormatError> {
    let short = || FormatError::damaged(WHAT, "it reaches past the end of the pack");
    let header = pack.get(at..at.saturating_add(RECORD_LEN)).ok_or_else(short)?;
    let mut reader = Reader::new(WHAT, header);
    if reader.take(LETTERS.len())? != LETTERS {
        return Err(reader.damaged("it does not begin with `ESKC`"));
    }
    let codec = Codec::from_byte(reader.u8()?)?;
    reader.zeros(3)?;
    let (stored_len, raw_len, id) = (reader.u32()?, reader.u32()?, reader.id()?);
    check_lens(&reader, stored_len, raw_len, codec)?;
    let offset = at + RECORD_LEN;
    if pack.len() - offset < stored_len as usize {
        return Err(short());
    }
    let offset = u32::try_from(offset).map_err(|_| short())?;
    Ok(PackEntry { id, offset, stored_len, raw_len, codec })
}

/// Where the next record may begin, from `at` on: nothing but its letters was looked at.
pub fn find(pack: &[u8], at: usize) -> Option<usize> {
    let rest = pack.get(at..)?;
    rest.windows(LETTERS.len()).position(|letters| letters == LETTERS).map(|found| at + found)
}

#[cfg(test)]
mod tests {
    use super::super::pack::{HEADER_LEN, PackBuilder, PackKind};
    use super::*;
    use crate::base::Id;

    #[test]
    fn records_say_what_the_footer_says() {
        let mut builder = PackBuilder::new(PackKind::Chunks, [7; 16], Vec::new());
        for text in ["one", "ESKC", "three"] {
            builder.push(Id::of(text.as_bytes()), Codec::Raw, text.len() as u32, text.as_bytes());
        }
        let sealed = builder.seal();
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(next) = find(sealed.bytes(), at) {
            at = match decode(sealed.bytes(), next) {
                Ok(entry) => {
                    found.push(entry);
                    (entry.offset + entry.stored_len) as usize
                }
                Err(_) => next + 1,
            };
        }
        found.sort_by_key(|entry| entry.id);
        assert_eq!(found, sealed.entries);
        assert_eq!(find(sealed.bytes(), 0), Some(HEADER_LEN));
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let mut bytes = vec![0; 300];
        for seed in 0..2000_u32 {
            blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
            let at = seed as usize % 300;
            bytes[at..].iter_mut().zip(LETTERS).for_each(|(byte, letter)| *byte = *letter);
            let _ = decode(&bytes, at);
        }
        assert!(decode(&[], usize::MAX).is_err() && find(&[], 7).is_none());
    }
}
