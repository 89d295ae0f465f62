//! What changed, in words: the same in `status`, `diff` and `log`.

use super::ink::Ink;
use super::near::Near;
use crate::base::{bytes_text, count_text, files_text};
use crate::ops::{Changes, Counts, FileChange, FileType, FolderMove, Shape, What};

/// One change as a line.
pub struct Told {
    /// Its colour.
    pub ink: Ink,
    /// How it changed, with a colon.
    pub label: &'static str,
    /// What changed.
    pub path: String,
    /// By how much, or into what; often empty.
    pub detail: String,
}

/// The lines of all changes: renamed folders stand for what they took along.
pub fn told<'a>(changes: &'a Changes, near: &'a Near) -> impl Iterator<Item = Told> + 'a {
    let folders = changes.renamed_folders.iter().map(|folder| of_folder(folder, near));
    let files = changes.files.iter().filter(|file| !file.in_renamed_folder);
    folders.chain(files.map(|file| of_file(file, near)))
}

/// How many lines that are.
pub fn told_count(changes: &Changes) -> usize {
    let in_folders: u64 = changes.renamed_folders.iter().map(|folder| folder.files).sum();
    changes.renamed_folders.len() + changes.files.len() - in_folders as usize
}

fn of_folder(folder: &FolderMove, near: &Near) -> Told {
    let path = format!("{} -> {}", near.folder(&folder.from), near.folder(&folder.to));
    Told { ink: Ink::Changed, label: "renamed:", path, detail: files_text(folder.files) }
}

fn of_file(file: &FileChange, near: &Near) -> Told {
    let path = near.path(&file.path);
    let size = |shape: Option<Shape>| shape.and_then(|shape| shape.bytes).map(bytes_text).unwrap_or_default();
    let (ink, label, path, detail) = match file.change {
        What::Added => (Ink::Added, "new:", path, size(file.new)),
        What::Deleted => (Ink::Deleted, "deleted:", path, size(file.old)),
        What::Modified => (Ink::Changed, "modified:", path, modified(file)),
        What::Mode => (Ink::Changed, "mode:", path, bit_text(file.new).to_owned()),
        What::Type => (Ink::Changed, "type:", path, type_text(file.new).to_owned()),
        What::Renamed => {
            let from = file.from.as_ref().map(|from| near.path(from)).unwrap_or_default();
            let bit = if type_of(file.old) == type_of(file.new) { "" } else { bit_text(file.new) };
            (Ink::Changed, "renamed:", format!("{from} -> {path}"), bit.to_owned())
        }
    };
    Told { ink, label, path, detail }
}

fn modified(file: &FileChange) -> String {
    let size = file.new.and_then(|shape| shape.bytes);
    match (file.changed_bytes, size) {
        (Some(changed), Some(size)) => format!("{} new of {}", bytes_text(changed), bytes_text(size)),
        _ if type_of(file.new) == Some(FileType::Symlink) => "points elsewhere".to_owned(),
        _ => String::new(),
    }
}

fn type_of(shape: Option<Shape>) -> Option<FileType> {
    shape.map(|shape| shape.file_type)
}

fn bit_text(shape: Option<Shape>) -> &'static str {
    if type_of(shape) == Some(FileType::Executable) { "now executable" } else { "no longer executable" }
}

fn type_text(shape: Option<Shape>) -> &'static str {
    match type_of(shape) {
        Some(FileType::Symlink) => "now a symlink",
        Some(FileType::EmptyFolder) => "now an empty folder",
        Some(FileType::File | FileType::Executable) | None => "now a file",
    }
}

/// `2 new, 1 deleted`; empty if nothing changed.
pub fn counts_text(counts: &Counts) -> String {
    let all = [
        (counts.added, "new"),
        (counts.deleted, "deleted"),
        (counts.modified, "modified"),
        (counts.renamed, "renamed"),
        (counts.mode, "with another mode"),
        (counts.file_type, "of another type"),
    ];
    let some = all.iter().filter(|(count, _)| *count > 0);
    some.map(|(count, word)| format!("{} {word}", count_text(*count))).collect::<Vec<_>>().join(", ")
}
