//! The object `config` of a pack store: which version it is, and which features a client must know.

use super::FormatError;
use super::toml::{Fields, Source};

/// The most bytes that it may have.
pub const MAX_LEN: usize = 64 << 10;

const WHAT: &str = "store config";

/// The features that this program knows. The first release needs none.
const KNOWN: [&str; 0] = [];

/// How chunks are cut in version 1, in bytes: smallest, average, largest.
const CHUNKS: [(&str, u64); 3] = [("smallest", 16 << 10), ("average", 64 << 10), ("largest", 256 << 10)];

/// What is asked of a store. Each kind of access needs the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Looking up and reading.
    Read,
    /// Adding packs, segments and roots.
    Write,
    /// Removing them.
    Gc,
}

impl Access {
    fn key(self) -> &'static str {
        match self {
            Access::Read => "read",
            Access::Write => "write",
            Access::Gc => "gc",
        }
    }
}

/// What a store says of itself. A feature is named by lower-case letters, digits and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreConfig {
    /// What a client must know to read.
    pub read: Vec<String>,
    /// What it must know besides to write.
    pub write: Vec<String>,
    /// What it must know besides to remove.
    pub gc: Vec<String>,
}

impl StoreConfig {
    /// Reads the object. Features that nobody knows are no error yet: see [`StoreConfig::allow`].
    pub fn parse(bytes: &[u8]) -> Result<StoreConfig, FormatError> {
        let toml = Source::parse(WHAT, bytes, MAX_LEN)?;
        let fields = toml.root();
        fields.version()?;
        // Tables of later features may stand beside; a client that must know them finds their names below.
        fields.only(&["version", "chunks", "features"], true)?;
        check_chunks(&fields.needed("chunks", fields.table("chunks")?)?)?;
        let features = fields.needed("features", fields.table("features")?)?;
        features.only(&["read", "write", "gc"], false)?;
        Ok(StoreConfig {
            read: names(&features, "read")?,
            write: names(&features, "write")?,
            gc: names(&features, "gc")?,
        })
    }

    /// The object.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text =
            String::from("# A pack store of esker. Nothing here is to be changed by hand.\nversion = 1\n\n[chunks]\n");
        for (key, bytes) in CHUNKS {
            text.push_str(&format!("{key} = {bytes}\n"));
        }
        text.push_str("\n[features]\n");
        for (access, features) in self.classes() {
            let quoted: Vec<String> = features.iter().map(|feature| format!("\"{feature}\"")).collect();
            text.push_str(&format!("{} = [{}]\n", access.key(), quoted.join(", ")));
        }
        text.into_bytes()
    }

    /// Refuses an access that needs a feature which this program does not know.
    pub fn allow(&self, wanted: Access) -> Result<(), FormatError> {
        let classes = self.classes().into_iter().filter(|(access, _)| *access <= wanted);
        let mut needed = classes.flat_map(|(_, features)| features);
        match needed.find(|feature| !KNOWN.contains(&feature.as_str())) {
            None => Ok(()),
            Some(feature) => Err(FormatError::Feature { access: wanted.key(), feature: feature.clone() }),
        }
    }

    fn classes(&self) -> [(Access, &Vec<String>); 3] {
        [(Access::Read, &self.read), (Access::Write, &self.write), (Access::Gc, &self.gc)]
    }
}

/// Version 1 has one way to cut; another would find none of the chunks that are there.
fn check_chunks(fields: &Fields<'_>) -> Result<(), FormatError> {
    fields.only(&CHUNKS.map(|(key, _)| key), false)?;
    for (key, bytes) in CHUNKS {
        if fields.needed(key, fields.number(key)?)? != bytes {
            return Err(fields.refuse(key, format!("`chunks.{key}` must be {bytes} in version 1")));
        }
    }
    Ok(())
}

fn names(fields: &Fields<'_>, key: &str) -> Result<Vec<String>, FormatError> {
    let texts = fields.needed(key, fields.texts(key)?)?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match texts.iter().find(|text| !(1..=64).contains(&text.len()) || !text.bytes().all(plain)) {
        Some(_) => Err(fields.refuse(key, format!("`features.{key}` has a name that is not plain"))),
        None => Ok(texts.into_iter().map(str::to_owned).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_of_this_version_lets_everything_be_done() {
        let config = StoreConfig::default();
        assert_eq!(StoreConfig::parse(&config.to_bytes()), Ok(config.clone()));
        assert_eq!(config.allow(Access::Gc), Ok(()));
    }

    #[test]
    fn an_unknown_feature_closes_its_class_and_those_above() {
        let config = StoreConfig { write: vec!["delta-packs".to_owned()], ..StoreConfig::default() };
        let config = StoreConfig::parse(&config.to_bytes()).unwrap();
        assert_eq!(config.allow(Access::Read), Ok(()));
        let refused = config.allow(Access::Gc).unwrap_err().to_string();
        assert_eq!(refused, "the store needs `delta-packs` for gc access, which only a newer esker knows");
        assert!(config.allow(Access::Write).is_err());
    }

    #[test]
    fn what_version_1_does_not_say_is_refused() {
        let good = String::from_utf8(StoreConfig::default().to_bytes()).unwrap();
        for (old, new) in [
            ("65536", "32768"),
            ("gc = []\n", ""),
            ("[]", "[1]"),
            ("[]", "[\"a b\"]"),
            ("version = 1", "version = 1\nshape = 2"),
            ("[chunks]", "[chunk]"),
        ] {
            assert!(StoreConfig::parse(good.replace(old, new).as_bytes()).is_err(), "{new}");
        }
        let newer = good.replace("version = 1", "version = 2");
        assert_eq!(StoreConfig::parse(newer.as_bytes()), Err(FormatError::Newer { what: WHAT, version: 2 }));
        assert!(StoreConfig::parse(format!("{good}[later]\nx = 1\n").as_bytes()).is_ok());
    }
}
