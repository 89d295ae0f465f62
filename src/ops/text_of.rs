//! A pointer as text for `git diff`: a line for each file, so that a comparison of two texts names those that changed.

use std::collections::BTreeMap;

use crate::base::{Id, RepoPath, bytes_text};
use crate::format::pointer::{Kind, Pointer};
use crate::format::tree::{self, Entry, Node};

use super::error::Error;
use super::pages::Pages;
use super::project::Project;

/// With more files than this, folders stand for what is in them.
const MOST_LINES: u64 = 20_000;

/// The text of a pointer. No remote is asked; without the list of files it is told that it is not here.
///
/// # Errors
/// The cache cannot be read.
pub fn text_of(project: &Project, pointer: &Pointer) -> Result<String, Error> {
    let size = bytes_text(pointer.bytes);
    let Kind::Folder { files } = pointer.kind else {
        let bit = if let Kind::File { executable: true, .. } = pointer.kind { ", executable" } else { "" };
        return Ok(format!("file of {size}{bit}, {}\n", short(&pointer.id)));
    };
    let head = format!("folder with {files} files, {size}\n");
    let pages = Pages::of_verb(project, None, false)?;
    let list = if files <= MOST_LINES { all(&pages, &pointer.id) } else { folders(&pages, &pointer.id) };
    match list {
        Ok(list) => Ok(head + &list),
        Err(Error::Packs(error)) if error.is_about_data() => {
            let hint = "(the list of its files is not here: `esker fetch --all-commits` brings it)";
            Ok(format!("{head}{}\n{hint}\n", short(&pointer.id)))
        }
        Err(error) => Err(error),
    }
}

fn all(pages: &Pages<'_>, root: &Id) -> Result<String, Error> {
    let mut text = String::new();
    for entry in tree::walk(pages, root)? {
        let Entry { path, node } = entry?;
        text.push_str(&format!("{path}  {}\n", what(&node)));
    }
    Ok(text)
}

/// Folders stand for what is in them: two names deep, or one if that is still too many.
fn folders(pages: &Pages<'_>, root: &Id) -> Result<String, Error> {
    let lines = sums(pages, root, 2)?;
    let lines = if lines.len() as u64 > MOST_LINES { sums(pages, root, 1)? } else { lines };
    let line = |(path, sum): (RepoPath, Sum)| {
        let id = &sum.content.finalize().to_hex()[..10];
        format!("{path}/  {} files, {}, {id}\n", sum.files, bytes_text(sum.bytes))
    };
    Ok(lines.into_iter().map(line).collect())
}

/// What is in a folder.
#[derive(Default)]
struct Sum {
    files: u64,
    bytes: u64,
    content: blake3::Hasher,
}

fn sums(pages: &Pages<'_>, root: &Id, depth: usize) -> Result<BTreeMap<RepoPath, Sum>, Error> {
    let mut sums: BTreeMap<RepoPath, Sum> = BTreeMap::new();
    for entry in tree::walk(pages, root)? {
        let Entry { path, node } = entry?;
        let sum = sums.entry(upper(&path, depth)).or_default();
        sum.files += 1;
        sum.bytes += node.bytes();
        sum.content.update(path.as_bytes()).update(what(&node).as_bytes());
    }
    Ok(sums)
}

/// The first names of the folder that a path lies in.
fn upper(path: &RepoPath, depth: usize) -> RepoPath {
    let folder = path.parent().unwrap_or_default();
    let names: Vec<&[u8]> = folder.as_bytes().split(|byte| *byte == b'/').take(depth).collect();
    RepoPath::new(&names.join(&b'/')).unwrap_or_default()
}

fn what(node: &Node) -> String {
    match node {
        Node::File { executable, bytes, id, .. } => {
            let bit = if *executable { ", executable" } else { "" };
            format!("{}{bit}, {}", bytes_text(*bytes), short(id))
        }
        Node::Symlink { target } => format!("-> {}", String::from_utf8_lossy(target).escape_debug()),
        Node::EmptyFolder => "empty folder".to_owned(),
    }
}

fn short(id: &Id) -> String {
    id.to_string()[..10].to_owned()
}
