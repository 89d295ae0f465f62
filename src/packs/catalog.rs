//! Where a chunk lies: all index segments of one store, mapped and searched in place.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use crate::base::{AtPath, Id, PathResult};
use crate::format::FormatError;
use crate::format::codec::Codec;
use crate::format::pack::{PackEntry, PackKind};
use crate::format::segment::{self, Segment, SegmentEntry, SegmentPack};

use super::error::PackError;
use super::guide::{Guides, Way};
use super::layout;
use super::mapped::Mapped;

/// A segment of fewer bytes is looked up through its mapping, and never kept open.
const SMALL_BYTES: usize = 64 << 10;
/// So many segments are kept open; the others are opened for each look.
const MOST_OPEN: usize = 64;

/// A segment that lies on this machine.
pub(super) type Named = (Id, Segment<Mapped>);

/// Where one chunk lies in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The pack that holds it.
    pub pack: Id,
    /// What that pack holds.
    pub kind: PackKind,
    /// Where the stored bytes begin in the pack.
    pub offset: u32,
    /// How many bytes are stored.
    pub stored_len: u32,
    /// How many bytes the chunk has.
    pub raw_len: u32,
    /// How it is stored.
    pub codec: Codec,
}

impl Place {
    /// Where a pack says of itself that a chunk lies.
    pub(super) fn in_pack(pack: &SegmentPack, entry: &PackEntry) -> Place {
        let PackEntry { offset, stored_len, raw_len, codec, .. } = *entry;
        Place { pack: pack.id, kind: pack.kind, offset, stored_len, raw_len, codec }
    }
}

/// A set of index segments, and the packs in it that do not count.
#[derive(Debug, Default)]
pub struct Catalog {
    segments: Vec<Named>,
    guides: Guides,
    avoided: HashSet<Id>,
}

impl Catalog {
    /// Maps all segments in `folder`. Files of other names are passed over; an absent folder holds none.
    ///
    /// `store` names the store in errors.
    pub fn load(store: &str, folder: &Path) -> Result<Catalog, PackError> {
        Catalog::load_without(store, folder, &HashSet::new())
    }

    /// The same without the segments `passed_over`, which are known to be damaged.
    pub fn load_without(store: &str, folder: &Path, passed_over: &HashSet<Id>) -> Result<Catalog, PackError> {
        let segments = open_segments(store, folder, passed_over)?;
        let guides = Guides::to(&segments, folder);
        Ok(Catalog { segments, guides, avoided: HashSet::new() })
    }

    /// The same, as if `packs` were not in it.
    pub fn avoid(&mut self, packs: HashSet<Id>) {
        self.avoided = packs;
    }

    /// The packs that are not counted though segments name them.
    pub fn avoided(&self) -> &HashSet<Id> {
        &self.avoided
    }

    /// Where `id` lies. A damaged segment knows nothing: what it named is stored again, or told as absent.
    pub fn find(&self, id: &Id) -> Option<Place> {
        self.guides.find(id, |number, way| {
            let segment = &self.segments[number].1;
            let (_, entry) = find_in(segment, id, way)?;
            let SegmentPack { id: pack, kind, .. } = pack_in(segment, entry.pack, way)?;
            let SegmentEntry { offset, stored_len, raw_len, codec, .. } = entry;
            let place = Place { pack, kind, offset, stored_len, raw_len, codec };
            (!self.avoided.contains(&pack)).then_some(place)
        })
    }

    /// What `each` finds at the first entry of `id` at which it finds something: it is told the number of the segment, and
    /// that of the entry in it, whether its pack counts or not.
    pub(super) fn ask<T>(&self, id: &Id, mut each: impl FnMut(usize, usize) -> Option<T>) -> Option<T> {
        self.guides.find(id, |number, way| each(number, find_in(&self.segments[number].1, id, way)?.0))
    }

    /// All packs that segments name, each once, the avoided ones too.
    pub fn packs(&self) -> Vec<SegmentPack> {
        let mut seen = HashSet::new();
        let all = self.segments.iter().flat_map(|(_, segment)| packs_in(segment).into_iter().flatten());
        all.filter(|pack| seen.insert(pack.id)).collect()
    }

    /// Whether a segment names a pack that is not counted.
    pub fn names_avoided(&self) -> bool {
        !self.avoided.is_empty() && self.packs().iter().any(|pack| self.avoided.contains(&pack.id))
    }

    /// Names of the segments, the one with most entries first.
    pub fn segments(&self) -> impl Iterator<Item = &Named> {
        self.segments.iter()
    }

    /// The ids of all entries; one in two segments comes twice.
    pub fn ids(&self) -> impl Iterator<Item = Id> {
        self.segments.iter().flat_map(|(_, segment)| (0..segment.entry_count()).map(|number| segment.id(number)))
    }

    /// Whether a pack is counted.
    pub(super) fn counts(&self, pack: &Id) -> bool {
        !self.avoided.contains(pack)
    }

    /// How many entries all segments have; a chunk in two segments counts twice.
    pub fn entry_count(&self) -> u64 {
        self.segments.iter().map(|(_, segment)| segment.entry_count() as u64).sum()
    }
}

/// Maps all segments in `folder` but those that are passed over; the largest first, since most chunks lie in it.
pub(super) fn open_segments(store: &str, folder: &Path, passed_over: &HashSet<Id>) -> Result<Vec<Named>, PackError> {
    let mut segments: Vec<Named> = Vec::new();
    let mut open = 0;
    for id in segments_in(folder)?.into_iter().filter(|id| !passed_over.contains(id)) {
        let path = folder.join(id.to_string());
        let least_bytes = if open < MOST_OPEN { SMALL_BYTES } else { usize::MAX };
        // Another process may have merged this segment into a larger one since the folder was read.
        let Some(mapped) = Mapped::open(&path, least_bytes)? else { return open_segments(store, folder, passed_over) };
        open += usize::from(mapped.is_open());
        let segment = Segment::open(mapped).map_err(|cause| PackError::Object {
            store: store.to_owned(),
            key: layout::segment(&id),
            cause,
        })?;
        // Its head was read.
        segment.bytes().let_go();
        segments.push((id, segment));
    }
    segments.sort_by_key(|(_, segment)| std::cmp::Reverse(segment.entry_count()));
    Ok(segments)
}

/// The packs that a segment names, by their numbers there.
pub(super) fn packs_in(segment: &Segment<Mapped>) -> Vec<Result<SegmentPack, FormatError>> {
    let packs = (0..segment.pack_count()).map(|number| segment.pack(number)).collect();
    segment.bytes().let_go();
    packs
}

/// The names of the segments that lie in `folder`.
pub fn segments_in(folder: &Path) -> PathResult<Vec<Id>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).at("read", folder),
    };
    let mut ids = Vec::new();
    for entry in entries {
        let name = entry.at("read", folder)?.file_name();
        ids.extend(name.to_str().and_then(|name| name.parse::<Id>().ok()));
    }
    ids.sort_unstable();
    Ok(ids)
}

/// The number of the entry of `id`, and the entry.
fn find_in(segment: &Segment<Mapped>, id: &Id, way: Way) -> Option<(usize, SegmentEntry)> {
    let slot = segment.decode_slot(&tables(segment, way)[segment.bytes_of_slot(id)]).ok()?;
    let (range, mut room) = (segment.bytes_of(&slot), Vec::new());
    let entries = match way == Way::Mapped || segment.byte_count() < SMALL_BYTES {
        true => &segment.bytes().as_ref()[range],
        false => segment.bytes().bytes_at(range, &mut room),
    };
    let (at, entry) = segment::search(entries, id).ok()??;
    Some((slot.start + at, entry))
}

fn pack_in(segment: &Segment<Mapped>, number: u32, way: Way) -> Option<SegmentPack> {
    segment::decode_pack(&tables(segment, way)[segment.bytes_of_pack(number as usize).ok()?]).ok()
}

/// All of a segment that lies before its entries.
fn tables(segment: &Segment<Mapped>, way: Way) -> &[u8] {
    let len = segment.tables_len();
    if way == Way::Past { segment.bytes().head(len) } else { &segment.bytes().as_ref()[..len] }
}
