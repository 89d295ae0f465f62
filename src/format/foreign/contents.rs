//! What each object of an old tool is, once it was read: a later run need not read it again. Kept in the clone only.

use std::collections::HashMap;

use crate::base::Id;
use crate::format::FormatError;
use crate::format::manifest::ChunkRef;
use crate::format::tree::Chunks;

use super::lines::{records, refused};
use super::old_id::OldId;

const KIND: &str = "contents";

/// What a file is in esker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its id.
    pub id: Id,
    /// Its size.
    pub bytes: u64,
    /// Its chunks.
    pub chunks: Chunks,
}

/// Reads the file. A last line that was cut off is passed over: a run was killed while it wrote.
///
/// # Errors
/// `Line` and others for a line that nobody wrote so.
pub fn contents(bytes: &[u8]) -> Result<HashMap<OldId, Known>, FormatError> {
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let read = |(at, words): (usize, Vec<&str>)| known(&words).ok_or_else(|| refused(at, "it is no content"));
    records(KIND, &bytes[..whole])?.into_iter().map(read).collect()
}

fn known(words: &[&str]) -> Option<(OldId, Known)> {
    let [old, id, bytes, chunks] = words else { return None };
    let (bytes, id) = (bytes.parse().ok()?, id.parse().ok()?);
    let chunks = match chunks.split_once(':') {
        None => (*chunks == "whole").then_some(Chunks::Whole)?,
        Some(("pages", root)) => Chunks::Paged(root.parse().ok()?),
        Some(("chunks", list)) => {
            let chunk = |text: &str| {
                let (id, bytes) = text.split_once('+')?;
                Some(ChunkRef { id: id.parse().ok()?, bytes: bytes.parse().ok()? })
            };
            Chunks::Inline(list.split(',').map(chunk).collect::<Option<Vec<_>>>()?.into())
        }
        Some(_) => return None,
    };
    Some((old.parse().ok()?, Known { id, bytes, chunks }))
}

/// A line of the file; with `None`, its first one.
pub fn contents_line(content: Option<(&OldId, &Known)>) -> String {
    let Some((old, known)) = content else { return super::lines::head(KIND) };
    let chunks = match &known.chunks {
        Chunks::Whole => "whole".to_owned(),
        Chunks::Paged(root) => format!("pages:{root}"),
        Chunks::Inline(chunks) => {
            let chunks: Vec<String> = chunks.iter().map(|chunk| format!("{}+{}", chunk.id, chunk.bytes)).collect();
            format!("chunks:{}", chunks.join(","))
        }
    };
    format!("{old} {} {} {chunks}\n", known.id, known.bytes)
}

#[cfg(test)]
mod tests {
    use super::super::old_id::Hash;
    use super::*;

    #[test]
    fn what_was_written_is_read_and_a_cut_line_passed_over() {
        let chunk = |text: &str| ChunkRef { id: Id::of(text.as_bytes()), bytes: 7 };
        let all = [Chunks::Whole, Chunks::Paged(Id::of(b"p")), Chunks::Inline([chunk("a"), chunk("b")].into())];
        let mut text = contents_line(None);
        for (at, chunks) in all.iter().enumerate() {
            let old = OldId::new(Hash::Md5, &format!("{at:032}")).unwrap();
            text += &contents_line(Some((&old, &Known { id: Id::of(b"x"), bytes: 14, chunks: chunks.clone() })));
        }
        let read = contents(text.as_bytes()).unwrap();
        assert_eq!(read.len(), 3);
        for (at, chunks) in all.iter().enumerate() {
            assert_eq!(read[&OldId::new(Hash::Md5, &format!("{at:032}")).unwrap()].chunks, *chunks);
        }
        assert_eq!(contents(&text.as_bytes()[..text.len() - 3]).unwrap().len(), 2);
        assert!(contents(b"").is_err() && contents(b"# esker contents 2\n").is_err());
        assert!(contents(format!("{text}md5:0 x y z\n").as_bytes()).is_err());
    }
}
