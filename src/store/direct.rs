//! Writing a large file past the page cache: nobody reads it soon, and copying it costs more than the disk does.
//!
//! Platform code: where a file system, or a system, has no such way, the caller writes as usual.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::base::remove_if_there;

/// A shorter body is not worth it, in bytes.
pub(super) const LARGE: usize = 8 << 20;
/// What disks ask of addresses and lengths, in bytes: a multiple of what any of them asks.
const ALIGNMENT: usize = 4096;
/// How much goes to the disk at once, in bytes.
const PIECE: usize = 512 << 10;

/// Writes `body` to the new file `path`; not synced. `None`, and no file, if that cannot be done here.
pub(super) fn write(path: &Path, body: &[u8]) -> io::Result<Option<File>> {
    let flags = rustix::fs::OFlags::DIRECT.bits() as i32;
    let opened = OpenOptions::new().write(true).create_new(true).custom_flags(flags).open(path);
    let mut file = match opened {
        Ok(file) => file,
        // Some systems make the file before they refuse to open it so: tmpfs before Linux 6.6.
        Err(error) if is_refusal(&error) => {
            return remove_if_there(path).map(|()| None).map_err(|error| error.source);
        }
        Err(error) => return Err(error),
    };
    match write_pieces(&mut file, body) {
        Ok(()) => Ok(Some(file)),
        Err(error) if is_refusal(&error) => {
            std::fs::remove_file(path)?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// What lies as the disk wants it is given to it as it is; the rest is copied to where it lies so.
fn write_pieces(file: &mut File, body: &[u8]) -> io::Result<()> {
    let is_aligned = body.as_ptr().align_offset(ALIGNMENT) == 0;
    let (whole, rest) = body.split_at(if is_aligned { body.len() / ALIGNMENT * ALIGNMENT } else { 0 });
    for part in whole.chunks(8 * PIECE) {
        file.write_all(part)?;
    }
    copy_pieces(file, rest)?;
    // The last piece was written with what it had to be filled up with.
    file.set_len(body.len() as u64)
}

fn copy_pieces(file: &mut File, body: &[u8]) -> io::Result<()> {
    let mut room = vec![0; PIECE + ALIGNMENT];
    let start = room.as_ptr().align_offset(ALIGNMENT);
    let piece = &mut room[start..start + PIECE];
    for part in body.chunks(PIECE) {
        piece[..part.len()].copy_from_slice(part);
        file.write_all(&piece[..part.len().next_multiple_of(ALIGNMENT)])?;
    }
    Ok(())
}

/// What a file system says that cannot do it, or a disk that asks for more than we give.
fn is_refusal(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back_whatever_its_length() {
        let folder = tempfile::tempdir().unwrap();
        for len in [0, 1, ALIGNMENT - 1, ALIGNMENT, PIECE, PIECE + 1, 3 * PIECE + 77] {
            let room: Vec<u8> = (0..len + ALIGNMENT).map(|at| (at % 251) as u8).collect();
            for start in [room.as_ptr().align_offset(ALIGNMENT), 1] {
                let body = &room[start..start + len];
                let path = folder.path().join(format!("{len}-{start}"));
                if write(&path, body).unwrap().is_some() {
                    assert!(std::fs::read(&path).unwrap() == body, "{len} bytes");
                } else {
                    assert!(!path.exists());
                }
            }
        }
    }
}
