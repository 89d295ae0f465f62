//! What holds after all: the settings of every place, laid over each other.

use std::collections::BTreeMap;

use crate::format::compression::Compression;

use super::layer::{Entry, Layer, Origin};
use super::value::Value;

/// The settings that hold.
#[derive(Debug, Clone, Default)]
pub struct Config {
    entries: BTreeMap<String, Entry>,
}

/// A remote as the settings describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Its name.
    pub name: String,
    /// The address of its store.
    pub url: String,
    /// The server, if it is not Amazon's.
    pub endpoint: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The profile that holds the credentials.
    pub profile: Option<String>,
    /// When requests carry checksums: `when_supported` or `when_required`.
    pub checksum: Option<String>,
}

impl Config {
    /// Lays `layers` over each other, given in any order: for each key the last place of `Place` wins.
    pub fn merge(mut layers: Vec<Layer>) -> Config {
        layers.sort_by_key(|layer| layer.place);
        let entries = layers.into_iter().flat_map(|layer| layer.entries);
        Config { entries: entries.map(|entry| (entry.key.to_string(), entry)).collect() }
    }

    /// Every setting that holds, with its origin, by key.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// What holds for `key`: `core.remote`.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// The id of the project, if `esker init` wrote it.
    pub fn project_id(&self) -> Option<[u8; 16]> {
        let mut id = [0; 16];
        let digits = self.text("project.id")?;
        for (byte, at) in id.iter_mut().zip((0..).step_by(2)) {
            *byte = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
        }
        Some(id)
    }

    /// The name of the remote that is meant when none is named.
    pub fn default_remote(&self) -> Option<&str> {
        self.text("core.remote")
    }

    /// How many threads compute, if that is set.
    pub fn threads(&self) -> Option<usize> {
        match self.get("core.threads")?.value {
            Value::Count(count) => usize::try_from(count).ok(),
            _ => None,
        }
    }

    /// The folder of the cache and who asked for it, if it is not in its usual place.
    pub fn cache_dir(&self) -> Option<(&str, &Origin)> {
        Some((self.text("cache.dir")?, &self.get("cache.dir")?.origin))
    }

    /// How hard the cache tries to save space.
    pub fn compression(&self) -> Compression {
        self.text("cache.compression").and_then(|name| name.parse().ok()).unwrap_or_default()
    }

    /// `full` or `thin`.
    pub fn cache_mode(&self) -> &'static str {
        if self.is_thin() { "thin" } else { "full" }
    }

    /// Whether the cache is thin: `add` leaves data where it is, in the files of the worktree.
    pub fn is_thin(&self) -> bool {
        self.text("cache.mode") == Some("thin")
    }

    /// Whether pointers and ignore files are staged in Git.
    pub fn stages(&self) -> bool {
        self.get("git.stage").is_none_or(|entry| entry.value == Value::Bool(true))
    }

    /// The remote of this name, if it has a url.
    pub fn remote(&self, name: &str) -> Option<Remote> {
        let field = |field: &str| self.text(&format!("remote.{name}.{field}")).map(str::to_owned);
        Some(Remote {
            name: name.to_owned(),
            url: field("url")?,
            endpoint: field("endpoint"),
            region: field("region"),
            profile: field("profile"),
            checksum: field("checksum"),
        })
    }

    /// All remotes that have a url, by name.
    pub fn remotes(&self) -> Vec<Remote> {
        let with_url = |entry: &&Entry| entry.key.rule().pattern == "remote.<name>.url";
        let mut names: Vec<&str> = self.entries().filter(with_url).filter_map(|entry| entry.key.remote()).collect();
        names.sort_unstable();
        names.into_iter().filter_map(|name| self.remote(name)).collect()
    }

    fn text(&self, key: &str) -> Option<&str> {
        match &self.get(key)?.value {
            Value::Text(text) => Some(text),
            Value::Bool(_) | Value::Count(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Key, Place};
    use super::*;

    fn layer(place: Place, text: &str) -> Layer {
        Layer::parse(place, "c", text.as_bytes()).unwrap()
    }

    #[test]
    fn the_nearest_place_wins_key_by_key() {
        let mut environment = Layer::new(Place::Environment);
        environment.add(Key::parse("core.threads").unwrap(), "9", "ESKER_THREADS").unwrap();
        let config = Config::merge(vec![
            environment,
            layer(Place::Project, "core.threads = 1\nremote.o.url = 's3://b'\nremote.o.region = 'eu'"),
            layer(Place::Clone, "remote.o.region = 'us'\ncore.threads = 2"),
            layer(Place::User, "core.threads = 3\ngit.stage = false"),
        ]);
        assert_eq!(config.threads(), Some(9));
        assert_eq!(config.get("core.threads").unwrap().origin.to_string(), "ESKER_THREADS");
        assert_eq!(config.remote("o").unwrap().region.as_deref(), Some("us"));
        assert_eq!(config.remotes().len(), 1);
        assert!(!config.stages());
    }

    #[test]
    fn defaults_hold_where_nothing_is_set() {
        let config = Config::merge(Vec::new());
        assert!(config.stages());
        assert_eq!((config.compression(), config.is_thin()), (Compression::Auto, false));
        assert_eq!((config.threads(), config.default_remote(), config.cache_dir()), (None, None, None));
        assert_eq!((config.project_id(), config.remote("o")), (None, None));
    }

    #[test]
    fn every_setting_is_read_as_what_it_is() {
        let text = "project.id = '000102030405060708090a0b0c0d0eff'\ncore.remote = 'o'\ncache.dir = 'c'\ncache.compression = 'small'\ncache.mode = 'thin'";
        let config = Config::merge(vec![layer(Place::Project, text)]);
        assert_eq!(config.project_id(), Some([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]));
        assert_eq!(config.default_remote(), Some("o"));
        assert_eq!(
            config.cache_dir().map(|(folder, origin)| (folder, origin.to_string())),
            Some(("c", "c:3".to_owned()))
        );
        assert_eq!((config.compression(), config.is_thin()), (Compression::Small, true));
    }
}
