//! A look at all objects of a pack store: which are there, which are lost, which are not what their names say.
//!
//! Nothing here reads the data in packs: listings, the config, segments and roots are all that is asked for.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::sync::Arc;

use serde::Serialize;

use super::super::catalog::{Catalog, Place, segments_in};
use super::super::error::PackError;
use super::super::layout;
use super::super::open::{Index, PackStore};
use crate::base::{AtPath, Id, Job, PathResult, remove_if_there, replace_file};
use crate::format::pack::{HEADER_LEN, TRAILER_LEN};
use crate::format::root::{self, Root};
use crate::format::segment::Segment;
use crate::format::store_config::{self, Access, StoreConfig};
use crate::format::{FormatError, pack};
use crate::store::{Key, StoreError};

/// A kind of object that can be damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectKind {
    /// What the store says of itself.
    Config,
    /// An index segment.
    Segment,
    /// A pack.
    Pack,
    /// A root.
    Root,
}

/// An object that is lost or damaged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// What it is.
    pub kind: ObjectKind,
    /// Its key.
    pub key: String,
    /// What is wrong with it, as half a sentence.
    pub reason: String,
    /// Whether a newer esker wrote it: then it may be as good as any.
    pub is_newer: bool,
}

/// What a look found.
#[derive(Debug, Default)]
pub struct Look {
    /// The packs that are there, and their sizes.
    pub packs: HashMap<Id, u64>,
    /// How many segments are there.
    pub segments: u64,
    /// The roots that can be read, by name.
    pub roots: Vec<(Id, Root)>,
    /// The packs that somebody condemned.
    pub condemned: HashSet<Id>,
    /// Packs that are there, not condemned, and in no segment that can be read.
    pub unindexed: Vec<Id>,
    /// Packs that segments name and that are gone.
    pub lost: HashSet<Id>,
    /// What is lost or damaged.
    pub faults: Vec<Fault>,
    /// Packs that are there and damaged.
    pub flawed: HashMap<Id, Flaw>,
    /// All that segments say, of condemned packs, too.
    everything: Arc<Catalog>,
}

/// What is known of the chunks of a damaged pack.
#[derive(Debug, Default)]
pub struct Flaw {
    /// Where the good ones begin, if all were read.
    pub good: Option<HashMap<Id, u32>>,
    /// Some that are not good.
    pub bad: HashSet<Id>,
}

impl Look {
    /// Whether the chunk is at that place, as far as it is known.
    pub fn is_sound(&self, id: &Id, place: &Place) -> bool {
        let Some(bytes) = self.packs.get(&place.pack) else { return false };
        let end = u64::from(place.offset) + u64::from(place.stored_len);
        let is_good = match self.flawed.get(&place.pack) {
            None => true,
            Some(Flaw { good: Some(good), .. }) => good.get(id) == Some(&place.offset),
            Some(Flaw { bad, .. }) => !bad.contains(id),
        };
        is_good && place.offset as usize >= HEADER_LEN && end + TRAILER_LEN as u64 <= *bytes
    }

    /// Where the chunk is in a condemned pack that is still there.
    pub fn in_condemned(&self, id: &Id) -> Option<Place> {
        self.everything.find(id).filter(|place| self.condemned.contains(&place.pack) && self.is_sound(id, place))
    }

    /// Notes that a pack is damaged.
    pub fn flaw(&mut self, pack: &Id, reason: String) -> &mut Flaw {
        let key = layout::pack(pack);
        if !self.flawed.contains_key(pack) {
            self.faults.push(Fault::new(ObjectKind::Pack, &key, reason));
        }
        self.flawed.entry(*pack).or_default()
    }

    /// Takes over what was found out about packs that are still there and count.
    pub fn carry(&mut self, flawed: HashMap<Id, Flaw>) {
        for (pack, flaw) in flawed {
            if self.packs.contains_key(&pack) && !self.condemned.contains(&pack) {
                *self.flaw(&pack, "what is in it is not what it should be".to_owned()) = flaw;
            }
        }
    }

    /// Notes that a root is gone on which somebody relies.
    pub fn lost_root(&mut self, id: &Id) {
        let reason = "it is gone, and nothing else keeps what a push of this clone relies on".to_owned();
        self.faults.push(Fault::new(ObjectKind::Root, &layout::root(id), reason));
    }

    fn fault(&mut self, kind: ObjectKind, key: &Key, cause: &FormatError) {
        let is_newer = matches!(cause, FormatError::Newer { .. } | FormatError::Feature { .. });
        self.faults.push(Fault { is_newer, ..Fault::new(kind, key, cause.to_string()) });
    }
}

impl Fault {
    fn new(kind: ObjectKind, key: &Key, reason: String) -> Fault {
        Fault { kind, key: key.as_str().to_owned(), reason, is_newer: false }
    }
}

impl PackStore {
    /// Looks at all objects, and knows afterwards what the good segments say.
    pub fn look(&self, job: &Job<'_>) -> Result<Look, PackError> {
        loop {
            let mut look = Look::default();
            let condemned = self.condemned()?;
            let before = self.look_at_segments(&mut look, job)?;
            self.look_at_packs(&mut look, condemned)?;
            // Whoever removes a pack takes it out of the index first: then what seems lost is gone by right.
            if !look.lost.is_empty() && self.ids_below(layout::INDEX)? != before {
                continue;
            }
            self.look_at_config(&mut look)?;
            self.look_at_roots(&mut look, job)?;
            return Ok(look);
        }
    }

    fn look_at_config(&self, look: &mut Look) -> Result<(), PackError> {
        let key = layout::config();
        match self.store().get(&key, store_config::MAX_LEN as u64) {
            Ok(bytes) => {
                let allowed = StoreConfig::parse(&bytes).and_then(|config| {
                    config.allow(Access::Write)?;
                    let canonical = config.to_bytes();
                    let is_changed = bytes.len() == canonical.len() && bytes != canonical;
                    let reason = "it is not what esker writes";
                    if is_changed { Err(FormatError::damaged("store config", reason)) } else { Ok(()) }
                });
                if let Err(cause) = allowed {
                    look.fault(ObjectKind::Config, &key, &cause);
                }
            }
            // A store in which nobody stored anything has none.
            Err(StoreError::Missing { .. }) if look.packs.is_empty() && look.segments == 0 => {}
            Err(error) => {
                let reason = data_error(error)?;
                look.faults.push(Fault::new(ObjectKind::Config, &key, reason));
            }
        }
        Ok(())
    }

    /// Returns the names of all segments that are there.
    fn look_at_segments(&self, look: &mut Look, job: &Job<'_>) -> Result<HashSet<Id>, PackError> {
        let listed = self.ids_with_sizes(layout::INDEX)?;
        let mut damaged = HashSet::new();
        for (id, bytes) in &listed {
            job.check()?;
            let key = layout::segment(id);
            match self.store().get(&key, *bytes) {
                Ok(bytes) => match check_segment(id, &bytes) {
                    Ok(()) => self.keep_copy(id, &bytes)?,
                    Err(cause) => {
                        look.fault(ObjectKind::Segment, &key, &cause);
                        damaged.insert(*id);
                    }
                },
                // Merged into another since it was listed: look() lists once more if that matters.
                Err(StoreError::Missing { .. }) => {}
                Err(error) => {
                    look.faults.push(Fault::new(ObjectKind::Segment, &key, data_error(error)?));
                    damaged.insert(*id);
                }
            }
        }
        look.segments = listed.len() as u64;
        self.drop_copies_but(&listed.iter().map(|(id, _)| *id).collect())?;
        self.pass_over(damaged);
        Ok(listed.into_iter().map(|(id, _)| id).collect())
    }

    fn look_at_packs(&self, look: &mut Look, condemned: HashSet<Id>) -> Result<(), PackError> {
        look.packs = self.ids_with_sizes(layout::PACKS)?.into_iter().collect();
        look.everything = Arc::new(self.load()?);
        self.avoid(condemned.clone())?;
        look.condemned = condemned;
        let mut indexed = HashSet::new();
        for named in look.everything.packs() {
            indexed.insert(named.id);
            let key = layout::pack(&named.id);
            match look.packs.get(&named.id).copied() {
                // A listing may lag behind: what it does not name is asked for by its name.
                None if self.has_pack(&key)? => drop(look.packs.insert(named.id, named.bytes)),
                None => {
                    look.faults.push(Fault::new(ObjectKind::Pack, &key, "it is gone".to_owned()));
                    look.lost.insert(named.id);
                }
                Some(bytes) if bytes != named.bytes => {
                    let reason = format!("it has {bytes} bytes, and the index says {}", named.bytes);
                    look.flaw(&named.id, reason);
                }
                Some(_) => {}
            }
        }
        let open = look.packs.keys().filter(|id| !indexed.contains(id) && !look.condemned.contains(id));
        look.unindexed = open.copied().collect();
        look.unindexed.sort_unstable();
        Ok(())
    }

    fn has_pack(&self, pack: &Key) -> Result<bool, PackError> {
        match self.store().read(pack, 0..HEADER_LEN as u64) {
            Ok(_) | Err(StoreError::Short { .. }) => Ok(true),
            Err(StoreError::Missing { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn look_at_roots(&self, look: &mut Look, job: &Job<'_>) -> Result<(), PackError> {
        for (id, _) in self.ids_with_sizes(layout::ROOTS)? {
            job.check()?;
            let key = layout::root(&id);
            match self.store().get(&key, root::MAX_LEN as u64) {
                Ok(bytes) => match decode_root(&id, &bytes) {
                    Ok(root) => look.roots.push((id, root)),
                    Err(cause) => look.fault(ObjectKind::Root, &key, &cause),
                },
                Err(StoreError::Missing { .. }) => {}
                Err(error) => look.faults.push(Fault::new(ObjectKind::Root, &key, data_error(error)?)),
            }
        }
        Ok(())
    }

    fn ids_with_sizes(&self, prefix: &str) -> Result<Vec<(Id, u64)>, PackError> {
        let mut found = Vec::new();
        self.store().list(prefix, &mut |listed| {
            found.extend(layout::id_of(&listed.key).map(|id| (id, listed.bytes)));
        })?;
        found.sort_unstable();
        Ok(found)
    }

    /// The copy of a remote's segment on this machine becomes what the remote has.
    fn keep_copy(&self, id: &Id, bytes: &[u8]) -> PathResult<()> {
        let Index::Copies(copies) = self.index() else { return Ok(()) };
        let path = copies.join(id.to_string());
        if fs::read(&path).is_ok_and(|copy| copy == bytes) {
            return Ok(());
        }
        fs::create_dir_all(copies).at("create", copies)?;
        replace_file(&path, bytes)
    }

    fn drop_copies_but(&self, listed: &HashSet<Id>) -> PathResult<()> {
        let Index::Copies(copies) = self.index() else { return Ok(()) };
        let stale = segments_in(copies)?.into_iter().filter(|id| !listed.contains(id));
        stale.into_iter().try_for_each(|id| remove_if_there(&copies.join(id.to_string())))
    }
}

/// What a store says of one object, as a reason; an error of the way to it goes on.
pub(super) fn data_error(error: StoreError) -> Result<String, PackError> {
    match error {
        StoreError::Missing { .. } => Ok("it is gone".to_owned()),
        error @ (StoreError::Short { .. } | StoreError::TooLarge { .. }) => Ok(error.to_string()),
        error => Err(error.into()),
    }
}

pub(super) fn check_segment(id: &Id, bytes: &[u8]) -> Result<(), FormatError> {
    let misnamed = || FormatError::damaged("index segment", "it is not what its name says");
    if !hashes_to(id, bytes) {
        return Err(misnamed());
    }
    match Segment::open(bytes)?.check()? {
        found if found == *id => Ok(()),
        _ => Err(misnamed()),
    }
}

fn decode_root(id: &Id, bytes: &[u8]) -> Result<Root, FormatError> {
    let misnamed = || FormatError::damaged("root", "it is not what its name says");
    if !hashes_to(id, bytes) {
        return Err(misnamed());
    }
    let (root, name) = Root::decode(bytes)?;
    if name == *id { Ok(root) } else { Err(misnamed()) }
}

/// Whether all but the last 32 bytes hash to `id`: true of every version, so that a flipped version is damage.
fn hashes_to(id: &Id, bytes: &[u8]) -> bool {
    bytes.len().checked_sub(Id::LEN).is_some_and(|end| Id::of(&bytes[..end]) == *id)
}

/// Whether a pack that claims a newer version is one of this version with a byte flipped.
pub(super) fn is_newer_pack(name: &Id, bytes: &[u8]) -> bool {
    let mut older = bytes.to_vec();
    let Some(version) = older.get_mut(7) else { return false };
    *version = 1;
    matches!(pack::decode(bytes), Err(FormatError::Newer { .. }))
        && pack::decode(&older).map_or(true, |(found, ..)| found != *name)
}
