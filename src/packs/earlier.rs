//! Where a file was cut before: most cuts of its next version are where they were, and are found without searching.

use std::ops::Range;

use rayon::prelude::*;

use crate::base::Id;
use crate::chunk::V1;
use crate::format::compression::Noticer;
use crate::format::pack::PackKind;
use crate::format::tree::ChunkRef;

use super::content::Sink;
use super::error::PackError;

/// The chunks of an earlier version of a file, in order.
#[derive(Debug, Default)]
pub struct Earlier {
    chunks: Vec<ChunkRef>,
    /// Their numbers, ascending by id.
    by_id: Vec<u32>,
}

impl Earlier {
    /// More chunks than this are not worth their memory: 40 MB, for some 64 GiB.
    const MOST: usize = 1 << 20;

    /// What was cut by the same rules; nothing if it is too much.
    pub fn new(chunks: Vec<ChunkRef>) -> Earlier {
        if chunks.len() > Self::MOST {
            return Earlier::default();
        }
        let mut by_id: Vec<u32> = (0..chunks.len() as u32).collect();
        by_id.sort_unstable_by_key(|at| chunks[*at as usize].id);
        Earlier { chunks, by_id }
    }

    /// The number of the chunk that came after the chunk `id`.
    fn after(&self, id: &Id) -> Option<usize> {
        let at = self.by_id.partition_point(|at| self.chunks[*at as usize].id < *id);
        let found = *self.by_id.get(at)? as usize;
        (self.chunks[found].id == *id).then_some(found + 1)
    }
}

/// Follows an earlier version through a new one.
///
/// Where a chunk ends depends on nothing but its own bytes: if one begins where one begins, and has the bytes of an earlier
/// chunk, then it ends where that ended. The last chunk of a file is no such chunk, since it ends with the file.
pub(super) struct Follower<'e> {
    earlier: &'e Earlier,
    /// The earlier chunk that may come next.
    next: Option<usize>,
}

impl<'e> Follower<'e> {
    pub fn new(earlier: &'e Earlier) -> Follower<'e> {
        Follower { earlier, next: Some(0) }
    }

    /// Stores the chunks at the beginning of `data`, where one begins, that are as they were. Returns them.
    pub fn follow(&mut self, sink: &dyn Sink, data: &[u8]) -> Result<Vec<ChunkRef>, PackError> {
        let expected = self.expected(data.len());
        let is_there = |noticer: &mut Noticer, (range, chunk): &(Range<usize>, ChunkRef)| {
            let raw = &data[range.clone()];
            if Id::of(raw) != chunk.id {
                return Ok(false);
            }
            sink.take(PackKind::Chunks, chunk.id, raw, noticer).map(|()| true)
        };
        let begin = || Noticer::new(sink.compression());
        let there = expected.par_iter().map_init(begin, is_there).collect::<Result<Vec<bool>, PackError>>()?;
        let count = there.iter().take_while(|is_there| **is_there).count();
        self.next = self.next.filter(|_| count == expected.len()).map(|next| next + count);
        Ok(expected[..count].iter().map(|(_, chunk)| *chunk).collect())
    }

    /// The chunks that come next if nothing has changed, and where, as far as they lie in `len` bytes.
    fn expected(&self, len: usize) -> Vec<(Range<usize>, ChunkRef)> {
        let Some(next) = self.next else { return Vec::new() };
        let all_but_the_last = &self.earlier.chunks[..self.earlier.chunks.len().saturating_sub(1)];
        let mut end = 0;
        let ranges = all_but_the_last.iter().skip(next).map(|chunk| {
            let start = end;
            end += chunk.bytes as usize;
            (start..end, *chunk)
        });
        let is_cut = |range: &Range<usize>| (V1.smallest..=V1.largest).contains(&range.len());
        ranges.take_while(|(range, _)| range.end <= len && is_cut(range)).collect()
    }

    /// Tells which chunks were found by searching: what came after the last of them may come again.
    pub fn found(&mut self, chunks: &[ChunkRef]) {
        if let Some(last) = chunks.last() {
            self.next = self.earlier.after(&last.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packs::content::Nowhere;

    fn chunk(raw: &[u8]) -> ChunkRef {
        ChunkRef { id: Id::of(raw), bytes: raw.len() as u32 }
    }

    #[test]
    fn only_what_is_as_it_was_is_followed_and_never_the_last() {
        let pieces: Vec<Vec<u8>> = (0..4).map(|fill| vec![fill; V1.smallest + 1]).collect();
        let chunks: Vec<ChunkRef> = pieces.iter().map(|piece| chunk(piece)).collect();
        let earlier = Earlier::new(chunks.clone());
        let whole = pieces.concat();
        assert_eq!(Follower::new(&earlier).follow(&Nowhere, &whole).unwrap(), chunks[..3]);
        let mut changed = whole.clone();
        changed[V1.smallest + 7] ^= 1;
        let mut follower = Follower::new(&earlier);
        assert_eq!(follower.follow(&Nowhere, &changed).unwrap(), chunks[..1]);
        assert_eq!(follower.follow(&Nowhere, &whole).unwrap(), [], "it has lost the way");
        follower.found(&chunks[1..2]);
        assert_eq!(follower.follow(&Nowhere, &pieces[2]).unwrap(), chunks[2..3], "and found it again");
        assert_eq!(Follower::new(&earlier).follow(&Nowhere, &whole[..V1.smallest]).unwrap(), []);
    }

    #[test]
    fn lengths_that_no_cut_has_are_not_believed() {
        for len in [V1.smallest - 1, V1.largest + 1] {
            let raw = vec![1; len];
            let earlier = Earlier::new(vec![chunk(&raw), chunk(b"last")]);
            assert_eq!(Follower::new(&earlier).follow(&Nowhere, &raw).unwrap(), []);
        }
    }
}
