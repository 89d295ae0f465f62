//! How the bytes of a chunk or a page are stored: as they are, or as one zstd frame where that pays.

use std::cell::RefCell;
use std::io::Cursor;

use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe::{find_frame_compressed_size, get_frame_content_size};

use super::FormatError;

/// The most bytes that a chunk or a page may have before compression.
pub const MAX_RAW: usize = 1 << 20;

const WHAT: &str = "stored chunk";

/// How stored bytes became what they are. Its number is what packs and segments hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Stored as they are.
    Raw = 0,
    /// One zstd frame that tells its content size, without dictionary.
    Zstd = 1,
}

impl Codec {
    /// The codec of this number.
    pub fn from_byte(byte: u8) -> Result<Codec, FormatError> {
        match byte {
            0 => Ok(Codec::Raw),
            1 => Ok(Codec::Zstd),
            _ => Err(FormatError::damaged(WHAT, format!("codec {byte} is none that esker knows"))),
        }
    }

    /// Its number.
    pub const fn to_byte(self) -> u8 {
        self as u8
    }
}

thread_local! {
    static COMPRESSOR: RefCell<Option<(i32, Compressor<'static>)>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Appends `raw` to `out`, compressed if that saves at least one byte in 32, else as it is.
pub fn compress(level: i32, raw: &[u8], out: &mut Vec<u8>) -> Codec {
    let start = out.len();
    // A failing zstd costs space, not data.
    if !raw.is_empty() && frame(level, raw, out).is_ok_and(|stored| pays(raw.len(), stored)) {
        return Codec::Zstd;
    }
    out.truncate(start);
    store(raw, out)
}

/// Appends `raw` to `out` as it is.
pub fn store(raw: &[u8], out: &mut Vec<u8>) -> Codec {
    out.extend_from_slice(raw);
    Codec::Raw
}

/// Whether `stored_len` bytes in place of `raw_len` are worth a decompression at every read.
fn pays(raw_len: usize, stored_len: usize) -> bool {
    stored_len <= raw_len - raw_len.div_ceil(32)
}

fn frame(level: i32, raw: &[u8], out: &mut Vec<u8>) -> std::io::Result<usize> {
    out.reserve(zstd::zstd_safe::compress_bound(raw.len()));
    COMPRESSOR.with_borrow_mut(|kept| {
        let (kept_level, compressor) = match kept {
            Some(kept) => kept,
            None => kept.insert((level, Compressor::new(level)?)),
        };
        if *kept_level != level {
            compressor.set_compression_level(level)?;
            *kept_level = level;
        }
        compressor.compress_to_buffer(raw, &mut at_end(out))
    })
}

/// Appends the `raw_len` bytes that `stored` stands for to `out`.
///
/// Reserves `raw_len` bytes at most, whatever `stored` claims; after an error `out` is as it was.
///
/// # Errors
/// `Damaged` if `stored` is not exactly one frame of exactly `raw_len` bytes, or `raw_len` is over [`MAX_RAW`].
pub fn decompress(codec: Codec, stored: &[u8], raw_len: usize, out: &mut Vec<u8>) -> Result<(), FormatError> {
    let damaged = |reason: &str| Err(FormatError::damaged(WHAT, reason));
    if raw_len > MAX_RAW {
        return damaged("it claims more than 1 MiB");
    }
    match codec {
        Codec::Raw if stored.len() != raw_len => damaged("its two lengths differ though it is not compressed"),
        Codec::Raw => {
            out.extend_from_slice(stored);
            Ok(())
        }
        Codec::Zstd if !is_one_frame(stored, raw_len) => damaged("it is not one zstd frame of the claimed length"),
        Codec::Zstd => {
            let start = out.len();
            out.reserve(raw_len);
            if !unframe(stored, out).is_ok_and(|len| len == raw_len) {
                out.truncate(start);
                return damaged("its zstd frame is broken");
            }
            Ok(())
        }
    }
}

/// The bytes that `stored` stands for: itself if it is raw, else in `room`, in place of what that held.
///
/// # Errors
/// As [`decompress`].
pub fn raw<'b>(codec: Codec, stored: &'b [u8], raw_len: usize, room: &'b mut Vec<u8>) -> Result<&'b [u8], FormatError> {
    if codec == Codec::Raw && stored.len() == raw_len && raw_len <= MAX_RAW {
        return Ok(stored);
    }
    room.clear();
    decompress(codec, stored, raw_len, room)?;
    Ok(room)
}

fn is_one_frame(stored: &[u8], raw_len: usize) -> bool {
    raw_len > 0
        && matches!(get_frame_content_size(stored), Ok(Some(len)) if len == raw_len as u64)
        && find_frame_compressed_size(stored) == Ok(stored.len())
}

fn unframe(stored: &[u8], out: &mut Vec<u8>) -> std::io::Result<usize> {
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(kept) => kept,
            None => kept.insert(Decompressor::new()?),
        };
        decompressor.decompress_to_buffer(stored, &mut at_end(out))
    })
}

fn at_end(out: &mut Vec<u8>) -> Cursor<&mut Vec<u8>> {
    let mut cursor = Cursor::new(out);
    cursor.set_position(cursor.get_ref().len() as u64);
    cursor
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(len: usize) -> Vec<u8> {
        (0..).flat_map(|n: u32| format!("{n},{}\n", n % 7).into_bytes()).take(len).collect()
    }

    #[test]
    fn what_was_compressed_comes_back_after_what_was_there() {
        let raw = text(70_000);
        let mut stored = b"before".to_vec();
        assert_eq!(compress(1, &raw, &mut stored), Codec::Zstd);
        assert!(stored.len() < raw.len() / 2);
        let mut out = b"old".to_vec();
        decompress(Codec::Zstd, &stored[6..], raw.len(), &mut out).unwrap();
        assert_eq!((&out[..3], &out[3..]), (&b"old"[..], &raw[..]));
    }

    #[test]
    fn what_does_not_pay_is_stored_as_it_is() {
        let mut out = Vec::new();
        assert_eq!(compress(1, b"short", &mut out), Codec::Raw);
        assert_eq!(compress(1, b"", &mut out), Codec::Raw);
        assert_eq!(out, b"short");
    }

    #[test]
    fn a_bomb_is_refused_without_its_memory() {
        let bomb = zstd::bulk::compress(&vec![0; 64 << 20], 19).unwrap();
        let mut out = Vec::new();
        for claimed in [0, 1, 100, MAX_RAW, 64 << 20] {
            assert!(decompress(Codec::Zstd, &bomb, claimed, &mut out).is_err());
        }
        assert!(out.capacity() <= MAX_RAW, "{}", out.capacity());
    }

    #[test]
    fn a_frame_has_exactly_the_claimed_length_and_nothing_after_it() {
        let raw = text(10_000);
        let frame = zstd::bulk::compress(&raw, 3).unwrap();
        let skippable = [&frame[..], &[0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]].concat();
        let silent = {
            let mut compressor = Compressor::new(3).unwrap();
            compressor.include_contentsize(false).unwrap();
            compressor.compress(&raw).unwrap()
        };
        for (stored, len) in [(&frame, 9_999), (&frame, 10_001), (&skippable, 10_000), (&silent, 10_000)] {
            let mut out = b"old".to_vec();
            assert!(decompress(Codec::Zstd, stored, len, &mut out).is_err());
            assert_eq!(out, b"old");
        }
        assert!(decompress(Codec::Raw, &raw, 9_999, &mut Vec::new()).is_err());
        assert!(decompress(Codec::Zstd, &[], 0, &mut Vec::new()).is_err());
    }
}
