//! Reading chunks: neighbours in a pack are fetched together, and every chunk is hashed before anybody sees it.

use std::fs::File;
use std::ops::Range;

use crate::base::Id;
use crate::format::codec;
use crate::store::StoreError;

use super::catalog::Place;
use super::error::PackError;
use super::layout;
use super::open::{Index, PackStore};

/// Chunks that lie near each other in one pack, to be fetched in one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The pack.
    pub pack: Id,
    /// From the first stored byte to the end of the last.
    pub range: Range<u64>,
    /// The chunks in it and where each lies, ascending by offset.
    pub chunks: Vec<(Id, Place)>,
}

/// Groups chunks into spans of at most `longest` bytes, joining neighbours with at most `gap` bytes between them.
///
/// Spans come pack by pack in the order in which packs are first named; within a pack by offset.
pub fn spans(mut chunks: Vec<(Id, Place)>, gap: u64, longest: u64) -> Vec<Span> {
    let mut order = std::collections::HashMap::new();
    for (_, place) in &chunks {
        let next = order.len();
        order.entry(place.pack).or_insert(next);
    }
    chunks.sort_by_cached_key(|(_, place)| (order[&place.pack], place.offset));
    chunks.dedup_by_key(|(id, _)| *id);
    let mut spans: Vec<Span> = Vec::new();
    for (id, place) in chunks {
        let start = u64::from(place.offset);
        let end = start + u64::from(place.stored_len);
        match spans.last_mut() {
            Some(span)
                if span.pack == place.pack && start <= span.range.end + gap && end <= span.range.start + longest =>
            {
                span.range.end = span.range.end.max(end);
                span.chunks.push((id, place));
            }
            _ => spans.push(Span { pack: place.pack, range: start..end, chunks: vec![(id, place)] }),
        }
    }
    spans
}

impl PackStore {
    /// The raw bytes of one chunk or page, checked against its id.
    pub fn read(&self, id: &Id) -> Result<Vec<u8>, PackError> {
        let mut place = self.place(id)?;
        loop {
            match self.read_at(id, &place) {
                // Each time one pack more does not count, so this ends.
                Err(PackError::Store(gone @ StoreError::Missing { .. })) => {
                    place = self.place_elsewhere(id, &place.pack, gone)?;
                }
                other => return other,
            }
        }
    }

    /// The same of a chunk that is known to lie there.
    pub fn read_at(&self, id: &Id, place: &Place) -> Result<Vec<u8>, PackError> {
        let start = u64::from(place.offset);
        let stored = self.store().read(&layout::pack(&place.pack), start..start + u64::from(place.stored_len))?;
        let mut room = Vec::new();
        Ok(self.unpack(id, place, &stored, &mut room)?.to_vec())
    }

    /// Where a chunk lies now that `pack`, in which it was said to lie, is not there: a collector removed it and wrote
    /// the index anew. From now on that pack does not count.
    ///
    /// # Errors
    /// `gone`, as it was told, if it lies nowhere else.
    pub(super) fn place_elsewhere(&self, id: &Id, pack: &Id, gone: StoreError) -> Result<Place, PackError> {
        if !self.catalog().avoided().contains(pack) {
            if let Index::Copies(copies) = self.index() {
                self.fetch_index(copies)?;
            }
            let mut uncounted = self.catalog().avoided().clone();
            uncounted.insert(*pack);
            self.avoid(uncounted)?;
        }
        self.find(id).ok_or(PackError::Store(gone))
    }

    /// Where a chunk lies; an error if it lies nowhere.
    pub fn place(&self, id: &Id) -> Result<Place, PackError> {
        self.find(id).ok_or_else(|| PackError::Absent { store: self.name().to_owned(), id: *id })
    }

    /// Gives `each` the raw bytes of every chunk of `ids`, checked, in the order in which they lie in packs.
    ///
    /// An id that is named twice is given once.
    pub fn read_many<E: From<PackError>>(
        &self,
        ids: &[Id],
        mut each: impl FnMut(&Id, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let places = ids.iter().map(|id| Ok((*id, self.place(id)?))).collect::<Result<Vec<_>, PackError>>()?;
        let (mut bytes, mut room) = (Vec::new(), Vec::new());
        let mut waiting = spans(places, self.tuning().gap, self.tuning().longest_span);
        waiting.reverse();
        while let Some(span) = waiting.pop() {
            match self.read_span(&span, &mut bytes) {
                Err(gone @ StoreError::Missing { .. }) => {
                    waiting.extend(self.spans_elsewhere(&span, gone)?);
                    continue;
                }
                other => other.map_err(PackError::from)?,
            }
            for (id, place) in &span.chunks {
                each(id, self.unpack(id, place, span.stored(place, &bytes), &mut room)?)?;
            }
        }
        Ok(())
    }

    /// Where the chunks of a span lie now that its pack is not there.
    ///
    /// # Errors
    /// `gone` if one of them lies nowhere else.
    pub(super) fn spans_elsewhere(&self, span: &Span, gone: StoreError) -> Result<Vec<Span>, PackError> {
        let mut gone = Some(gone);
        let mut places = Vec::new();
        for (id, place) in &span.chunks {
            let again = || StoreError::Missing { store: self.name().to_owned(), key: layout::pack(&place.pack) };
            let elsewhere = self.place_elsewhere(id, &place.pack, gone.take().unwrap_or_else(again))?;
            places.push((*id, elsewhere));
        }
        Ok(spans(places, self.tuning().gap, self.tuning().longest_span))
    }

    /// Reads the bytes of a span, as they are stored, into `room` in place of what that held.
    pub(super) fn read_span(&self, span: &Span, room: &mut Vec<u8>) -> Result<(), StoreError> {
        self.store().read_into(&layout::pack(&span.pack), span.range.clone(), room)
    }

    /// The raw bytes of a chunk, once their hash is that of the id: `stored` itself if that is raw, else in `room`.
    pub(super) fn unpack<'b>(
        &self,
        id: &Id,
        place: &Place,
        stored: &'b [u8],
        room: &'b mut Vec<u8>,
    ) -> Result<&'b [u8], PackError> {
        let damaged = |reason: String| PackError::Damaged {
            store: self.name().to_owned(),
            pack: layout::pack(&place.pack),
            id: *id,
            reason,
        };
        let raw = codec::raw(place.codec, stored, place.raw_len as usize, room);
        let raw = raw.map_err(|cause| damaged(cause.to_string()))?;
        let found = Id::of(raw);
        if found == *id { Ok(raw) } else { Err(damaged(format!("its bytes hash to {found}"))) }
    }

    /// Writes bytes of a pack at `offset` of `file`, without a copy where the file system shares blocks. They are not
    /// checked. `false`, and whatever was written so far, if that cannot be done.
    pub fn share_out(&self, pack: &Id, range: Range<u64>, file: &File, offset: u64) -> bool {
        let blocks = self.store().blocks();
        blocks.is_some_and(|blocks| blocks.share_out(&layout::pack(pack), range, file, offset).is_ok())
    }
}

impl Span {
    /// The stored bytes of one of its chunks, of all bytes of the span.
    pub(super) fn stored<'a>(&self, place: &Place, bytes: &'a [u8]) -> &'a [u8] {
        let start = (u64::from(place.offset) - self.range.start) as usize;
        &bytes[start..start + place.stored_len as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::codec::Codec;
    use crate::format::pack::PackKind;

    fn chunk(pack: &str, offset: u32, len: u32) -> (Id, Place) {
        let place = Place {
            pack: Id::of(pack.as_bytes()),
            kind: PackKind::Chunks,
            offset,
            stored_len: len,
            raw_len: len,
            codec: Codec::Raw,
        };
        (Id::of(format!("{pack}{offset}").as_bytes()), place)
    }

    #[test]
    fn neighbours_are_joined_and_others_are_not() {
        let chunks = vec![chunk("b", 500, 10), chunk("a", 300, 100), chunk("a", 100, 100), chunk("a", 5000, 10)];
        let spans = spans(chunks, 100, 1000);
        let shape: Vec<_> = spans.iter().map(|span| (span.range.clone(), span.chunks.len())).collect();
        assert_eq!(shape, [(500..510, 1), (100..400, 2), (5000..5010, 1)]);
    }

    #[test]
    fn no_span_is_longer_than_it_may_be() {
        let chunks = (0..10).map(|at| chunk("a", 100 + at * 100, 100)).collect();
        assert!(spans(chunks, 100, 250).iter().all(|span| span.range.end - span.range.start <= 250));
    }

    #[test]
    fn a_chunk_named_twice_is_fetched_once() {
        let spans = spans(vec![chunk("a", 100, 10), chunk("a", 100, 10)], 0, 1000);
        assert_eq!(spans[0].chunks.len(), 1);
    }
}
