//! What a path means in another repository: datasets, a part of one, or a file of Git.

use std::path::Path;

use crate::base::RepoPath;
use crate::format::pointer::{Kind, Pointer};
use crate::format::tree::{Entry, Node};
use crate::git::{BlobId, PlainFile};

use super::super::chosen::choose;
use super::super::draft::{folder_of, manifest};
use super::super::error::Error;
use super::super::lazy_writer::LazyWriter;
use super::super::pages::Pages;
use super::super::pointed::{Dataset, Selected, pointer_path};
use super::super::version::Version;
use super::address::path_there;
use super::there::Elsewhere;

/// What was found.
pub enum Found {
    /// Datasets, or a part of one.
    Data(Vec<Piece>),
    /// A file that Git itself keeps.
    Plain {
        /// Where.
        path: RepoPath,
        /// Its content.
        blob: BlobId,
        /// Whether its owner may execute it.
        executable: bool,
    },
}

/// A dataset of theirs, or a part of one.
pub struct Piece {
    /// Where it is below what was asked for; empty for that itself.
    pub at: RepoPath,
    /// What it is there.
    pub selected: Selected,
}

impl Elsewhere {
    /// The path in that repository which the user means by `text`.
    pub fn path(&self, text: &Path) -> Result<RepoPath, Error> {
        path_there(&self.above, text)
    }

    /// What `path` means there. Whether a dataset has such a part is not looked at yet.
    ///
    /// # Errors
    /// `NotThere`, and `InGitThere` for what no dataset holds and is not one file.
    pub fn find(&self, path: &RepoPath) -> Result<Found, Error> {
        let moment = self.moment();
        let chosen = match choose(&moment.paths(&self.project)?, std::slice::from_ref(path)) {
            Ok(chosen) if !chosen.is_empty() => chosen,
            Ok(_) | Err(Error::NoDataset { .. }) => return self.find_plain(path),
            Err(error) => return Err(error),
        };
        self.bring_pointers(&chosen.iter().map(|chosen| chosen.dataset.clone()).collect::<Vec<_>>())?;
        let mut pieces = Vec::new();
        for chosen in chosen {
            let Some(pointer) = moment.pointer(&self.project, &chosen.dataset)? else { continue };
            let is_named = path.is_in(&chosen.dataset) || pointer_path(&chosen.dataset) == *path;
            let at = if is_named { None } else { chosen.dataset.strip(path) };
            let inside = chosen.common();
            let dataset = Dataset { path: chosen.dataset, pointer };
            pieces.push(Piece { at: at.unwrap_or_default(), selected: Selected { dataset, inside } });
        }
        Ok(Found::Data(pieces))
    }

    fn find_plain(&self, path: &RepoPath) -> Result<Found, Error> {
        let (url, revision) = (self.address.url.clone(), self.revision());
        match self.project.repo().plain_at(&self.commit, path)? {
            Some(PlainFile::File { blob, executable }) => Ok(Found::Plain { path: path.clone(), blob, executable }),
            Some(PlainFile::Folder | PlainFile::Other) => Err(Error::InGitThere { url, path: path.clone() }),
            None => Err(Error::NotThere { url, revision, path: path.clone() }),
        }
    }

    /// The one dataset, or part of one, that `path` means.
    ///
    /// # Errors
    /// `Usage` for a folder of several, and for a file of Git.
    pub fn find_one(&self, path: &RepoPath) -> Result<Piece, Error> {
        let several = |pieces: &[Piece]| {
            let names: Vec<String> = pieces.iter().map(|piece| piece.selected.dataset.path.to_string()).collect();
            let hint = format!("name one of them: {}", names.join(", "));
            let what = if path.is_empty() { self.address.url.clone() } else { path.to_string() };
            Error::usage(format!("{what} has several datasets, and each is imported on its own"), Some(&hint))
        };
        match self.find(path)? {
            Found::Data(mut pieces) => match pieces.pop() {
                Some(piece) if pieces.is_empty() && piece.at.is_empty() => Ok(piece),
                last => Err(several(&pieces.into_iter().chain(last).collect::<Vec<_>>())),
            },
            Found::Plain { path, .. } => {
                let hint = "`esker get` copies it, without a memory of where it is from";
                Err(Error::usage(format!("{path} is a file in Git itself there, and no data"), Some(hint)))
            }
        }
    }

    /// The pointer for a piece on its own. The pages of a part of a folder are made, and stored in our cache.
    ///
    /// # Errors
    /// `NotThere`; `Usage` for a symlink.
    pub fn pointer(&self, piece: &Selected) -> Result<Pointer, Error> {
        let Selected { dataset, inside } = piece;
        if inside.is_empty() {
            return Ok(Pointer { remote: None, source: None, ..dataset.pointer.clone() });
        }
        let pages = Pages::of_verb(&self.project, None, false)?;
        let writer = LazyWriter::new(self.project.cache()?);
        let version = Version::of(&dataset.pointer);
        let pointer = match version.entry(&pages, inside)? {
            Some(Node::File { executable, bytes, id, chunks }) => {
                let kind = Kind::File { manifest: manifest(&chunks, &writer)?, executable };
                Pointer { kind, id, bytes, remote: None, source: None }
            }
            Some(Node::Symlink { target }) => {
                let path = dataset.path.join(inside);
                let what = String::from_utf8_lossy(&target).into_owned();
                let hint = "name what it points at";
                return Err(Error::usage(format!("{path} is a symlink to {what}"), Some(hint)));
            }
            Some(Node::EmptyFolder) => folder_of(std::iter::empty(), &writer)?,
            None => {
                let mut below = version.entries(&pages, inside)?.peekable();
                if below.peek().is_none() {
                    let (url, revision) = (self.address.url.clone(), self.revision());
                    return Err(Error::NotThere { url, revision, path: dataset.path.join(inside) });
                }
                let stripped = |entry: Entry| Entry { path: entry.path.strip(inside).unwrap_or_default(), ..entry };
                folder_of(below.map(|entry| entry.map(stripped)), &writer)?
            }
        };
        writer.finish()?;
        Ok(pointer)
    }
}
