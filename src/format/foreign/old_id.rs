//! The ids of the old tools, and the check that bytes are what such an id says.

use std::fmt;
use std::str::FromStr;

use md5::Md5;
use sha2::{Digest, Sha256};

/// How an old id was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hash {
    /// MD5 of the bytes: DVC 3.
    Md5,
    /// MD5 of the bytes, of a text with LF for CRLF: DVC up to 2.
    Md5Dos2Unix,
    /// SHA-256 of the bytes: Git LFS.
    Sha256,
}

impl Hash {
    const ALL: [Hash; 3] = [Hash::Md5, Hash::Md5Dos2Unix, Hash::Sha256];

    /// Its name, as the map and DVC write it.
    pub fn name(self) -> &'static str {
        match self {
            Hash::Md5 => "md5",
            Hash::Md5Dos2Unix => "md5-dos2unix",
            Hash::Sha256 => "sha256",
        }
    }

    fn digits(self) -> usize {
        match self {
            Hash::Md5 | Hash::Md5Dos2Unix => 32,
            Hash::Sha256 => 64,
        }
    }
}

/// What an old tool knows a file or a folder by: `md5:d41d…`, of a folder `md5:d41d….dir`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OldId {
    /// How it was made.
    pub hash: Hash,
    /// Whether it is that of a list of files. Only DVC has such.
    pub is_folder: bool,
    digits: Box<str>,
}

impl OldId {
    /// Takes lower-case hex digits, and `.dir` after them for a folder; `None` if they are not of that form.
    pub fn new(hash: Hash, text: &str) -> Option<OldId> {
        let (digits, is_folder) = match text.strip_suffix(".dir") {
            Some(digits) if hash != Hash::Sha256 => (digits, true),
            _ => (text, false),
        };
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_good = digits.len() == hash.digits() && digits.bytes().all(is_digit);
        is_good.then(|| OldId { hash, is_folder, digits: digits.into() })
    }

    /// The hex digits alone.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// The digits as the old tool writes them: with `.dir` for a folder.
    pub fn text(&self) -> String {
        format!("{}{}", self.digits, if self.is_folder { ".dir" } else { "" })
    }
}

impl fmt::Display for OldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.hash.name(), self.text())
    }
}

impl FromStr for OldId {
    type Err = ();

    fn from_str(text: &str) -> Result<OldId, ()> {
        let (name, rest) = text.split_once(':').ok_or(())?;
        let hash = Hash::ALL.into_iter().find(|hash| hash.name() == name).ok_or(())?;
        OldId::new(hash, rest).ok_or(())
    }
}

/// Hashes bytes as they go by, to tell at the end whether they are what an old id says.
pub enum Check {
    /// For [`Hash::Md5`].
    Md5(Md5),
    /// For [`Hash::Md5Dos2Unix`].
    Dos2Unix(Box<Dos2Unix>),
    /// For [`Hash::Sha256`].
    Sha256(Sha256),
}

impl Check {
    /// Nothing has gone by.
    pub fn new(hash: Hash) -> Check {
        match hash {
            Hash::Md5 => Check::Md5(Md5::new()),
            Hash::Md5Dos2Unix => Check::Dos2Unix(Box::default()),
            Hash::Sha256 => Check::Sha256(Sha256::new()),
        }
    }

    /// The next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Check::Md5(hasher) => hasher.update(bytes),
            Check::Dos2Unix(hasher) => hasher.update(bytes),
            Check::Sha256(hasher) => hasher.update(bytes),
        }
    }

    /// Whether all that went by is what `old` names.
    pub fn is(self, old: &OldId) -> bool {
        match self {
            Check::Md5(hasher) => hex(&hasher.finalize()) == *old.digits,
            Check::Dos2Unix(hasher) => hasher.finish().contains(&String::from(&*old.digits)),
            Check::Sha256(hasher) => hex(&hasher.finalize()) == *old.digits,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What DVC up to 2 hashes: blocks of 1 MiB, CRLF in each made LF if it is text. Whether a file is text was asked of its
/// first block by some releases and of each block by others, and folders were hashed as they are: all three count.
#[derive(Default)]
pub struct Dos2Unix {
    block: Vec<u8>,
    raw: Md5,
    by_block: Md5,
    by_file: Md5,
    is_text: Option<bool>,
}

impl Dos2Unix {
    const BLOCK: usize = 1 << 20;

    fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(Self::BLOCK - self.block.len()));
            self.block.extend_from_slice(now);
            bytes = later;
            if self.block.len() == Self::BLOCK {
                self.end_block();
            }
        }
    }

    fn end_block(&mut self) {
        let unix = without_cr(&self.block);
        let is_text = is_text(&self.block);
        self.raw.update(&self.block);
        self.by_block.update(if is_text { &unix } else { &self.block });
        self.by_file.update(if *self.is_text.get_or_insert(is_text) { &unix } else { &self.block });
        self.block.clear();
    }

    fn finish(mut self) -> [String; 3] {
        if !self.block.is_empty() {
            self.end_block();
        }
        [self.raw, self.by_block, self.by_file].map(|hasher| hex(&hasher.finalize()))
    }
}

fn without_cr(bytes: &[u8]) -> Vec<u8> {
    let is_kept = |at: &usize| !(bytes[*at] == b'\r' && bytes.get(at + 1) == Some(&b'\n'));
    (0..bytes.len()).filter(is_kept).map(|at| bytes[at]).collect()
}

/// Source: `istextblock` of dvc-data, which looks at 512 bytes.
fn is_text(block: &[u8]) -> bool {
    let first = &block[..block.len().min(512)];
    let is_plain = |byte: &u8| matches!(byte, 32..=126 | b'\n' | b'\r' | b'\t' | 12 | 8);
    let odd = first.iter().filter(|byte| !is_plain(byte)).count();
    !first.contains(&0) && odd * 10 <= first.len() * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(hash: Hash, pieces: &[&[u8]], text: &str) -> bool {
        let mut check = Check::new(hash);
        pieces.iter().for_each(|piece| check.update(piece));
        check.is(&OldId::new(hash, text).unwrap())
    }

    #[test]
    fn ids_are_read_as_they_are_written_and_nothing_else() {
        let digits = "d41d8cd98f00b204e9800998ecf8427e";
        for text in [format!("md5:{digits}"), format!("md5-dos2unix:{digits}.dir"), format!("sha256:{digits}{digits}")]
        {
            assert_eq!(text.parse::<OldId>().unwrap().to_string(), text);
        }
        for bad in ["", "md5", "md5:", "sha1:00", &format!("md5:{}", digits.to_uppercase()), &format!("md5:{digits}0")]
        {
            assert!(bad.parse::<OldId>().is_err(), "{bad}");
        }
        assert!(format!("sha256:{digits}{digits}.dir").parse::<OldId>().is_err());
    }

    #[test]
    fn bytes_are_told_from_others() {
        assert!(is(Hash::Md5, &[b"he", b"llo\r\n"], "af5597c29467a96523a70787c319f4db"));
        let sha = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        assert!(is(Hash::Sha256, &[b"hel", b"lo"], sha));
        assert!(!is(Hash::Sha256, &[b"hel", b"l0"], sha));
    }

    #[test]
    fn a_text_of_dvc_2_is_hashed_with_unix_line_ends_and_other_bytes_as_they_are() {
        // md5sum of "hello\n".
        let unix = "b1946ac92492d2347c6235b4d2611184";
        assert!(is(Hash::Md5Dos2Unix, &[b"hello\r", b"\n"], unix));
        assert!(is(Hash::Md5Dos2Unix, &[b"hello\n"], unix));
        assert!(!is(Hash::Md5Dos2Unix, &[b"hello\r"], unix));
        let binary = [b"\0\r\n".repeat(9), vec![0; 600]].concat();
        let stripped = [b"\0\n".repeat(9), vec![0; 600]].concat();
        let of = |bytes: &[u8]| hex(&Md5::digest(bytes));
        assert!(is(Hash::Md5Dos2Unix, &[&binary], &of(&binary)));
        assert!(!is(Hash::Md5Dos2Unix, &[&binary], &of(&stripped)));
    }

    #[test]
    fn a_line_end_that_two_blocks_share_stays_as_dvc_left_it() {
        let text = [vec![b'a'; Dos2Unix::BLOCK - 1], b"\r\nb\r\n".to_vec()].concat();
        let dvc = [vec![b'a'; Dos2Unix::BLOCK - 1], b"\r\nb\n".to_vec()].concat();
        assert!(is(Hash::Md5Dos2Unix, &[&text[..7], &text[7..]], &hex(&Md5::digest(&dvc))));
    }
}
