//! What a path is, on one side of a change or in a list: its kind, its id, its size.

use serde::Serialize;

use crate::base::{Id, RepoPath};
use crate::format::pointer::Pointer;
use crate::format::seen::Kind;
use crate::format::tree::Node;

use super::renames::Item;
use super::seen;
use super::version::Version;

/// What is at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileType {
    /// A file.
    File,
    /// A file that its owner may execute.
    Executable,
    /// A symbolic link.
    Symlink,
    /// A folder with nothing in it.
    EmptyFolder,
}

/// One side of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// What it is.
    #[serde(rename = "type")]
    pub file_type: FileType,
    /// Its id: of a symlink the hash of its target, of an empty folder that of nothing.
    pub id: Id,
    /// Its size, in bytes, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

impl Shape {
    /// What was seen of a path.
    pub fn of_seen((kind, id): (Kind, Id)) -> Shape {
        let file_type = match kind {
            Kind::File => FileType::File,
            Kind::Executable => FileType::Executable,
            Kind::Symlink => FileType::Symlink,
            Kind::EmptyFolder => FileType::EmptyFolder,
        };
        Shape { file_type, id, bytes: None }
    }

    /// What a tree has at a path.
    pub fn of_node(node: &Node) -> Shape {
        let bytes = matches!(node, Node::File { .. }).then(|| node.bytes());
        Shape { bytes, ..Shape::of_seen(seen::of_node(node)) }
    }

    /// What a pointer stands for; `None` for a folder.
    pub fn of_pointer(pointer: &Pointer) -> Option<Shape> {
        match Version::of(pointer) {
            Version::File(node) => Some(Shape::of_node(&node)),
            Version::Folder(_) | Version::Nothing => None,
        }
    }

    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        matches!(self.file_type, FileType::File | FileType::Executable)
    }

    /// What the search for renames is given.
    pub fn item<'a>(&self, path: &'a RepoPath) -> Item<'a> {
        let kind = match self.file_type {
            FileType::File => Kind::File,
            FileType::Executable => Kind::Executable,
            FileType::Symlink => Kind::Symlink,
            FileType::EmptyFolder => Kind::EmptyFolder,
        };
        Item { path, kind, id: self.id }
    }
}
