//! The text file that stands for a file in Git LFS.
//!
//! Source: docs/spec.md of git-lfs, version 1.

use super::old_id::{Hash, OldId};

/// A pointer of Git LFS has fewer bytes.
pub const LFS_LIMIT: usize = 1024;

const VERSIONS: [&str; 2] = ["https://git-lfs.github.com/spec/v1", "https://hawser.github.com/spec/v1"];

/// What such a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LfsPointer {
    /// The SHA-256 of the file.
    pub old: OldId,
    /// Its size.
    pub bytes: u64,
}

/// Reads a pointer of Git LFS; `None` for any other file.
pub fn lfs_pointer(bytes: &[u8]) -> Option<LfsPointer> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() < LFS_LIMIT)?;
    let mut lines = text.lines();
    let version = lines.next()?.strip_prefix("version ")?;
    if !VERSIONS.contains(&version.trim_end()) {
        return None;
    }
    let (mut old, mut size) = (None, None);
    for line in lines.filter(|line| !line.trim().is_empty()) {
        let (key, value) = line.split_once(' ')?;
        match key {
            "oid" => old = Some(OldId::new(Hash::Sha256, value.trim_end().strip_prefix("sha256:")?)?),
            "size" => size = Some(value.trim_end().parse().ok()?),
            // What an extension made of the file is not the file.
            _ => return None,
        }
    }
    Some(LfsPointer { old: old?, bytes: size? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pointers_are_taken_for_pointers() {
        let good = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n", "ab".repeat(32));
        let read = lfs_pointer(good.as_bytes()).unwrap();
        assert_eq!((read.old.digits(), read.bytes), (&*"ab".repeat(32), 12345));
        assert_eq!(lfs_pointer(good.replace('\n', "\r\n").as_bytes()), Some(read));
        let bad = [
            good.replace("sha256", "md5"),
            good.replace("v1", "v9"),
            good.replace("size 12345", "size -1"),
            good.replace("size 12345\n", ""),
            good.replace("oid", "ext-0-foo sha256:00\noid"),
            format!("{good}{}", "\n".repeat(1024)),
            format!(" {good}"),
        ];
        for text in bad {
            assert_eq!(lfs_pointer(text.as_bytes()), None, "{text}");
        }
        assert_eq!(lfs_pointer(b"\xff"), None);
    }
}
