//! The three sides of a pointer, and what comes of them.

use crate::base::{Id, RepoPath};
use crate::format::FormatError;
use crate::format::conflict;
use crate::format::pointer::{Kind, Pointer};
use crate::format::tree::{self, Choice, Chunks, Merge, Node, Root};
use crate::git::merge_texts;

use super::super::error::Error;
use super::super::pages::Pages;
use super::super::pointed;
use super::super::version::Version;

/// One side: a pointer and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// What they say.
    pub pointer: Pointer,
}

/// All sides; `None` for one that has no pointer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Three {
    /// What both started from.
    pub base: Option<Side>,
    /// Ours.
    pub ours: Option<Side>,
    /// Theirs.
    pub theirs: Option<Side>,
}

/// What comes of the data of three sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joined {
    /// Ours as it is.
    Ours,
    /// Theirs as it is.
    Theirs,
    /// A file: its content of one side, its executable bit of the other.
    File(Node),
    /// A folder: our tree with changes, and what clashes.
    Tree(Merge),
    /// The dataset clashes as a whole: it is a file, of two kinds, or gone on one side.
    Clash,
}

impl Side {
    /// Reads one side; nothing if the file is empty. `path` is that of the pointer.
    pub fn parse(path: &RepoPath, bytes: Vec<u8>) -> Result<Option<Side>, Error> {
        if bytes.trim_ascii().is_empty() {
            return Ok(None);
        }
        let pointer = pointed::parse(path, &bytes)?;
        Ok(Some(Side { bytes, pointer }))
    }

    /// The same for the base, which may be one that a merge of several bases left in conflict.
    pub fn parse_base(path: &RepoPath, bytes: Vec<u8>) -> Result<Option<Side>, Error> {
        match (Pointer::parse(&bytes), conflict::sides(&bytes)) {
            (Err(FormatError::Conflict { .. }), Some(sides)) => {
                Side::parse(path, sides.base.unwrap_or_default()).or(Ok(None))
            }
            _ => Side::parse(path, bytes),
        }
    }

    fn version(side: Option<&Side>) -> Version {
        side.map_or(Version::Nothing, |side| Version::of(&side.pointer))
    }
}

impl Three {
    /// Merges the data. Pages that all sides share are not read.
    pub fn join(&self, pages: &Pages<'_>) -> Result<Joined, Error> {
        let [base, ours, theirs] = [&self.base, &self.ours, &self.theirs].map(|side| Side::version(side.as_ref()));
        if ours == theirs || base == theirs {
            return Ok(Joined::Ours);
        }
        if base == ours {
            return Ok(Joined::Theirs);
        }
        match (&base, &ours, &theirs) {
            (base, Version::Folder(ours), Version::Folder(theirs)) => {
                let base = if let Version::Folder(root) = base { Some(root) } else { None };
                let ours = tree::diff(pages, base, pages, Some(ours))?;
                let theirs = tree::diff(pages, base, pages, Some(theirs))?;
                Ok(Joined::Tree(tree::merge(ours, theirs)?))
            }
            (Version::File(base), Version::File(ours), Version::File(theirs)) => {
                let merged = tree::merge_node(Some(base), Some(ours), Some(theirs));
                Ok(merged.flatten().map_or(Joined::Clash, Joined::File))
            }
            _ => Ok(Joined::Clash),
        }
    }

    /// One side.
    pub fn side(&self, choice: Choice) -> Option<&Side> {
        match choice {
            Choice::Ours | Choice::Both => self.ours.as_ref(),
            Choice::Theirs => self.theirs.as_ref(),
            Choice::Base => self.base.as_ref(),
        }
    }

    /// The pointer file that says `what`, with all else that the sides wrote into theirs, merged line by line.
    ///
    /// Where these lines clash, `choice` decides; `None` if nobody chose.
    pub fn write(&self, what: What, choice: Option<Choice>) -> Option<Vec<u8>> {
        let remote = self.remote(choice)?;
        let is_of = |side: &&Side| side.pointer.id == what.id;
        let source = [&self.ours, &self.theirs].into_iter().flatten().find(is_of);
        let source = source.and_then(|side| side.pointer.source.clone());
        let pointer = Pointer { kind: what.kind, id: what.id, bytes: what.bytes, remote, source };
        let text = |side: Option<&Side>| side.map_or(Vec::new(), |side| pointer.rewrite(&side.bytes));
        let (base, ours, theirs) = (text(self.base.as_ref()), text(self.ours.as_ref()), text(self.theirs.as_ref()));
        // Two edits that are clean apart may be no pointer together.
        let merged = merge_texts(&base, &ours, &theirs)
            .filter(|text| Pointer::parse(text).is_ok_and(|read| (read.kind, read.id) == (what.kind, what.id)));
        merged.or_else(|| choice.map(|choice| text(self.side(choice).or(self.ours.as_ref()))))
    }

    /// The remote that the merged pointer names.
    fn remote(&self, choice: Option<Choice>) -> Option<Option<String>> {
        let of = |side: Option<&Side>| side.and_then(|side| side.pointer.remote.clone());
        let (base, ours, theirs) = (of(self.base.as_ref()), of(self.ours.as_ref()), of(self.theirs.as_ref()));
        match () {
            () if ours == theirs || theirs == base => Some(ours),
            () if ours == base => Some(theirs),
            () => choice.map(|choice| of(self.side(choice))),
        }
    }
}

/// What a merged pointer stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct What {
    /// A file or a folder.
    pub kind: Kind,
    /// Its id.
    pub id: Id,
    /// Its size.
    pub bytes: u64,
}

impl What {
    /// What a side stands for.
    pub fn of(side: &Side) -> What {
        What { kind: side.pointer.kind, id: side.pointer.id, bytes: side.pointer.bytes }
    }

    /// A folder.
    pub fn folder(root: &Root) -> What {
        What { kind: Kind::Folder { files: root.entries }, id: root.id, bytes: root.bytes }
    }

    /// A file, which came out of two pointers, so that its chunks are listed as theirs are.
    pub fn file(node: &Node) -> Option<What> {
        let Node::File { executable, bytes, id, chunks } = node else { return None };
        let manifest = if let Chunks::Paged(root) = chunks { Some(*root) } else { None };
        Some(What { kind: Kind::File { manifest, executable: *executable }, id: *id, bytes: *bytes })
    }
}
