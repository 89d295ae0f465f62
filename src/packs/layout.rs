//! Where each kind of object lies in a pack store: `config`, `packs/<2 hex>/<id>`, `index/<id>`, `roots/<id>`,
//! `condemned/<pack id>`, `clock/<16 hex>`, `quarantine/<last name of the key>`.

use crate::base::Id;
use crate::store::Key;

/// The prefix of all packs.
pub const PACKS: &str = "packs/";
/// The prefix of all index segments.
pub const INDEX: &str = "index/";
/// The prefix of all roots.
pub const ROOTS: &str = "roots/";
/// The prefix of all records that a pack is condemned: each is named as its pack.
pub const CONDEMNED: &str = "condemned/";
/// The prefix of what is put to learn what time it is by the store's clock, and removed at once.
pub const CLOCK: &str = "clock/";

/// Where a store says what it is.
pub fn config() -> Key {
    key("config".to_owned())
}

/// Where that pack lies.
pub fn pack(id: &Id) -> Key {
    let name = id.to_string();
    key(format!("{PACKS}{}/{name}", &name[..2]))
}

/// Where that index segment lies.
pub fn segment(id: &Id) -> Key {
    key(format!("{INDEX}{id}"))
}

/// Where that root lies.
pub fn root(id: &Id) -> Key {
    key(format!("{ROOTS}{id}"))
}

/// Where the record lies that condemns that pack.
pub fn condemned(pack: &Id) -> Key {
    key(format!("{CONDEMNED}{pack}"))
}

/// Where the bytes of a damaged object are kept: under the last name of its key, and the hash of the bytes if others
/// are there.
pub fn quarantine(damaged: &Key, bytes: Option<&Id>) -> Key {
    let name = damaged.as_str().rsplit('/').next().unwrap_or_default();
    let hash = bytes.map_or(String::new(), |id| format!(".{id}"));
    key(format!("quarantine/{name}{hash}"))
}

/// Where an object lies for a moment, to learn the time.
pub fn clock(random: u64) -> Key {
    key(format!("{CLOCK}{random:016x}"))
}

/// The id at the end of a key; `None` if there is none, as after a stray file.
pub fn id_of(key: &Key) -> Option<Id> {
    key.as_str().rsplit('/').next().and_then(|name| name.parse().ok())
}

fn key(text: String) -> Key {
    Key::new(text).expect("prefixes and hex digits make a key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_in_its_key() {
        let id = Id::of(b"x");
        for key in [pack(&id), segment(&id), root(&id), condemned(&id)] {
            assert_eq!(id_of(&key), Some(id));
        }
        assert_eq!(id_of(&config()), None);
        assert_eq!(quarantine(&segment(&id), None).as_str(), format!("quarantine/{id}"));
        assert!(pack(&id).as_str().starts_with(&format!("packs/{}/", &id.to_string()[..2])));
    }
}
