//! The object that a push leaves in a store: which datasets must stay alive, and for whom.

use crate::base::{Id, RepoPath};

use super::FormatError;
use super::cursor::{Reader, VERSION, seal, unseal};

/// The most bytes that a root may have; that is some 300,000 datasets.
pub const MAX_LEN: usize = 64 << 20;

const WHAT: &str = "root";
const LETTERS: &[u8; 7] = b"eskroot";
const FILE: u8 = 1;
const FOLDER: u8 = 2;
/// Kind, id, manifest, bytes, path length, and one byte of path.
const SHORTEST_DATASET: usize = 1 + 2 * Id::LEN + 8 + 2 + 1;

/// What one push asks a store to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// The `project.id` of the repository that was pushed.
    pub repository: [u8; 16],
    /// Random bytes: no two pushes have the same root.
    pub random: [u8; 16],
    /// When it was made, in seconds since 1970, UTC, by the pusher's clock. For people, never for decisions.
    pub created: u64,
    /// The commits whose datasets it keeps: ids of 20 or 32 bytes.
    pub commits: Vec<Box<[u8]>>,
    /// The datasets that it keeps.
    pub datasets: Vec<Dataset>,
}

/// One dataset that must stay alive. Ordered by path, kind, manifest, id, bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dataset {
    /// Where the worktree has it.
    pub path: RepoPath,
    /// A file or a folder.
    pub kind: Kind,
    /// The id of the file's content, or of the folder's root page.
    pub id: Id,
    /// The size of the file, or of all files in the folder.
    pub bytes: u64,
}

/// What a dataset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// One file.
    File {
        /// The root page of its manifest; `None` if it is one chunk or empty.
        manifest: Option<Id>,
    },
    /// A folder.
    Folder,
}

impl Root {
    /// The object and its name. Commits and datasets may come in any order and more than once.
    pub fn encode(&self) -> (Vec<u8>, Id) {
        let mut out = Vec::with_capacity(64 + self.datasets.len() * 128 + self.commits.len() * 33);
        out.extend_from_slice(LETTERS);
        out.push(VERSION);
        out.extend_from_slice(&self.repository);
        out.extend_from_slice(&self.random);
        out.extend_from_slice(&self.created.to_le_bytes());
        let commits = in_order(&self.commits);
        out.extend_from_slice(&count(commits.len()).to_le_bytes());
        for commit in commits {
            out.push(u8::try_from(commit.len()).expect("the id of a commit has 20 or 32 bytes"));
            out.extend_from_slice(commit);
        }
        let datasets = in_order(&self.datasets);
        out.extend_from_slice(&count(datasets.len()).to_le_bytes());
        for dataset in datasets {
            dataset.encode(&mut out);
        }
        let name = seal(&mut out);
        (out, name)
    }

    /// Reads the object; its name must be the id that comes with it.
    pub fn decode(bytes: &[u8]) -> Result<(Root, Id), FormatError> {
        if bytes.len() > MAX_LEN {
            return Err(FormatError::damaged(WHAT, format!("it is longer than {MAX_LEN} bytes")));
        }
        let (mut reader, name) = unseal(WHAT, LETTERS, bytes)?;
        let root = Root {
            repository: reader.array()?,
            random: reader.array()?,
            created: reader.u64()?,
            commits: many(&mut reader, 21, commit)?,
            datasets: many(&mut reader, SHORTEST_DATASET, Dataset::decode)?,
        };
        reader.end()?;
        Ok((root, name))
    }
}

impl Dataset {
    fn encode(&self, out: &mut Vec<u8>) {
        let (kind, manifest) = match self.kind {
            Kind::File { manifest } => (FILE, manifest),
            Kind::Folder => (FOLDER, None),
        };
        let path = self.path.as_bytes();
        out.push(kind);
        out.extend_from_slice(self.id.as_bytes());
        out.extend_from_slice(manifest.unwrap_or(NO_ID).as_bytes());
        out.extend_from_slice(&self.bytes.to_le_bytes());
        out.extend_from_slice(&u16::try_from(path.len()).expect("a path has 4,095 bytes at most").to_le_bytes());
        out.extend_from_slice(path);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Dataset, FormatError> {
        let (kind, id, manifest, bytes) = (reader.u8()?, reader.id()?, reader.id()?, reader.u64()?);
        let path_len = reader.u16()?;
        let path =
            RepoPath::new(reader.take(path_len.into())?).map_err(|refused| reader.damaged(refused.to_string()))?;
        let kind = match (kind, manifest) {
            (FILE, NO_ID) => Kind::File { manifest: None },
            (FILE, manifest) => Kind::File { manifest: Some(manifest) },
            (FOLDER, NO_ID) => Kind::Folder,
            (FOLDER, _) => return Err(reader.damaged("a folder has a manifest")),
            _ => return Err(reader.damaged(format!("there is no kind {kind} of dataset"))),
        };
        if path.is_empty() {
            return Err(reader.damaged("a dataset has no path"));
        }
        Ok(Dataset { path, kind, id, bytes })
    }
}

const NO_ID: Id = Id::from_bytes([0; Id::LEN]);

fn commit(reader: &mut Reader<'_>) -> Result<Box<[u8]>, FormatError> {
    match reader.u8()? {
        len @ (20 | 32) => Ok(reader.take(len.into())?.into()),
        len => Err(reader.damaged(format!("the id of a commit has {len} bytes"))),
    }
}

/// A count and that many things in strictly ascending order.
fn many<'a, T: Ord>(
    reader: &mut Reader<'a>,
    shortest: usize,
    one: impl Fn(&mut Reader<'a>) -> Result<T, FormatError>,
) -> Result<Vec<T>, FormatError> {
    let claimed = reader.u32()?;
    let mut things = Vec::with_capacity(reader.bounded(claimed.into(), shortest)?);
    for _ in 0..claimed {
        let thing = one(reader)?;
        if things.last().is_some_and(|last| *last >= thing) {
            return Err(reader.damaged("it is not in order"));
        }
        things.push(thing);
    }
    Ok(things)
}

fn in_order<T: Ord>(things: &[T]) -> Vec<&T> {
    let mut things: Vec<&T> = things.iter().collect();
    things.sort_unstable();
    things.dedup();
    things
}

fn count(len: usize) -> u32 {
    u32::try_from(len).expect("a push has fewer commits and datasets than 2^32")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset(path: &str, kind: Kind) -> Dataset {
        Dataset { path: RepoPath::new(path.as_bytes()).unwrap(), kind, id: Id::of(path.as_bytes()), bytes: 7 }
    }

    fn root() -> Root {
        Root {
            repository: [1; 16],
            random: [2; 16],
            created: 1_700_000_000,
            commits: vec![[3; 20].into(), [4; 32].into()],
            datasets: vec![
                dataset("a", Kind::File { manifest: None }),
                dataset("b/c", Kind::File { manifest: Some(Id::of(b"page")) }),
                dataset("d", Kind::Folder),
            ],
        }
    }

    /// The object with some bytes changed and its hash made good again.
    fn resealed(at: usize, with: &[u8]) -> Vec<u8> {
        let (mut bytes, _) = root().encode();
        bytes[at..at + with.len()].copy_from_slice(with);
        bytes.truncate(bytes.len() - Id::LEN);
        seal(&mut bytes);
        bytes
    }

    #[test]
    fn a_root_is_read_back_whatever_the_order_it_was_made_in() {
        let (bytes, name) = root().encode();
        assert_eq!(Root::decode(&bytes), Ok((root(), name)));
        let mut shuffled = root();
        shuffled.datasets.rotate_left(1);
        shuffled.commits.reverse();
        shuffled.datasets.push(shuffled.datasets[0].clone());
        assert_eq!(shuffled.encode(), (bytes, name));
    }

    #[test]
    fn what_is_not_canonical_is_refused() {
        let commits = 8 + 16 + 16 + 8;
        let datasets = commits + 4 + 21 + 33;
        for (at, with, wanted) in [
            (0, &b"eskrood"[..], "does not begin"),
            (commits, &[255; 4], "claims 4294967295 records"),
            (commits + 4, &[21], "has 21 bytes"),
            (commits + 5, &[9], "not in order"),
            (datasets + 4, &[3], "no kind 3"),
            (datasets + 4 + 76, &[2], "a folder has a manifest"),
            (datasets + 4 + 75, b"e", "not in order"),
            (datasets + 4 + 1 + 64 + 8 + 2, b"/", "empty name"),
            (datasets + 4 + 1 + 64 + 8, &[0], "no path"),
        ] {
            let refused = Root::decode(&resealed(at, with));
            assert!(refused.as_ref().is_err_and(|error| error.to_string().contains(wanted)), "{wanted}: {refused:?}");
        }
    }

    #[test]
    fn a_changed_bit_is_noticed() {
        let (bytes, _) = root().encode();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            assert!(Root::decode(&changed).is_err(), "{at}");
        }
    }
}
