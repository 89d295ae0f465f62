//! The settings of one place: a file, the environment, a command line.

use std::fmt;

use toml_edit::Item;

use crate::format::FormatError;
use crate::format::toml::{Fields, Source};

use super::key::{KEYS, Key, Refused};
use super::value::Value;

/// The most bytes that a file of settings may have.
pub const MAX_LEN: usize = 1 << 20;

/// Where settings come from; a later one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The user's own file.
    User,
    /// `.esker/config.toml`, which Git tracks: whoever can push writes it.
    Project,
    /// `.git/esker/config.toml`, of this clone only.
    Clone,
    /// Variables of the environment.
    Environment,
    /// Options of the command.
    CommandLine,
}

/// Where one value comes from; prints as `.esker/config.toml:3` or `ESKER_THREADS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// What kind of place.
    pub place: Place,
    /// The file, the variable or the option, for people.
    pub name: String,
    /// The line in the file, from 1.
    pub line: Option<usize>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What is set.
    pub key: Key,
    /// To what.
    pub value: Value,
    /// By whom.
    pub origin: Origin,
}

/// All settings of one place, in their order there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// The place.
    pub place: Place,
    /// The settings.
    pub entries: Vec<Entry>,
}

impl Layer {
    /// A place that sets nothing yet.
    pub fn new(place: Place) -> Layer {
        Layer { place, entries: Vec::new() }
    }

    /// Adds what a variable or an option called `name` sets.
    pub fn add(&mut self, key: Key, text: &str, name: &str) -> Result<(), Refused> {
        let value = key.value(self.place, text)?;
        self.entries.push(Entry { key, value, origin: self.origin(name, None) });
        Ok(())
    }

    /// Reads a file of settings; `name` is what people call it.
    ///
    /// # Errors
    /// `Line` for the first line that is refused: not TOML, an unknown key, a value that its key or this place forbids.
    pub fn parse(place: Place, name: &str, bytes: &[u8]) -> Result<Layer, FormatError> {
        let toml = Source::parse("configuration", bytes, MAX_LEN)?;
        let mut layer = Layer::new(place);
        layer.read(name, &toml.root(), &mut Vec::new())?;
        Ok(layer)
    }

    fn read<'a>(&mut self, name: &str, fields: &Fields<'a>, parts: &mut Vec<&'a str>) -> Result<(), FormatError> {
        fields.each(&mut |part, item, line| {
            parts.push(part);
            match fields.table(part) {
                Ok(Some(inner)) if is_section(parts) => self.read(name, &inner, parts)?,
                _ => {
                    let entry = self.entry(name, parts, item, line);
                    self.entries.push(entry.map_err(|Refused { reason }| FormatError::Line { line, reason })?);
                }
            }
            parts.pop();
            Ok(())
        })
    }

    fn entry(&self, name: &str, parts: &[&str], item: &Item, line: usize) -> Result<Entry, Refused> {
        let key = Key::from_parts(parts)?;
        let value = key.rule().kind.read(item).map_err(|reason| key.refuse(&reason))?;
        key.allowed(self.place, &value)?;
        Ok(Entry { key, value, origin: self.origin(name, Some(line)) })
    }

    fn origin(&self, name: &str, line: Option<usize>) -> Origin {
        Origin { place: self.place, name: name.to_owned(), line }
    }
}

/// Whether keys can lie in the table of this name.
fn is_section(parts: &[&str]) -> bool {
    match parts {
        [section] => KEYS.iter().any(|rule| rule.pattern.split('.').next() == Some(section)),
        ["remote", name] => super::guard::is_remote_name(name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(place: Place, text: &str) -> Result<Vec<String>, String> {
        let layer = Layer::parse(place, "c", text.as_bytes()).map_err(|error| error.to_string())?;
        Ok(layer.entries.iter().map(|entry| format!("{}={} {}", entry.key, entry.value, entry.origin)).collect())
    }

    #[test]
    fn all_ways_to_write_a_key_are_read() {
        let text = "core.threads = 2\n[remote.a]\nurl = \"s3://b\" # ours\n[remote.\"b.c\"]\nurl = '/x'\n[git]\nstage = false\n";
        let wanted = ["core.threads=2 c:1", "remote.a.url=s3://b c:3", "remote.b.c.url=/x c:5", "git.stage=false c:7"];
        assert_eq!(parse(Place::User, text).unwrap(), wanted);
        assert_eq!(parse(Place::User, "remote = { a = { url = '/x' } }").unwrap(), ["remote.a.url=/x c:1"]);
        assert_eq!(parse(Place::User, "\u{feff}[core]\r\nthreads = 2\r\n").unwrap(), ["core.threads=2 c:2"]);
    }

    #[test]
    fn what_is_refused_is_refused_with_its_line() {
        for (text, wanted) in [
            ("[core]\nthread = 1", "line 2: `core.thread` is not a key of esker: did you mean `core.threads`?"),
            ("[core]\nthreads = '1'", "line 2: `core.threads` is refused: it must be a whole number, 1 or more"),
            ("[core]\nthreads = -1", "line 2: `core.threads` is refused: it must be a whole number, 1 or more"),
            ("\n[weather]", "line 2: `weather` is not a key of esker"),
            ("[core]\n[[core.threads]]", "line 2: `core.threads` is refused: it must be a whole number, 1 or more"),
            ("[remote.'a b']\nurl = 1", "line 1: `remote.a b` is not a key of esker"),
            ("a = 1\na = 2", "line 2: it is not TOML: duplicate key"),
            ("a = 1\n<<<<<<< ours\n", "line 2 has a conflict marker of Git: the merge is not settled"),
        ] {
            assert_eq!(parse(Place::User, text), Err(wanted.to_owned()), "{text}");
        }
    }

    #[test]
    fn the_tracked_file_may_do_less() {
        assert!(parse(Place::Project, "cache.dir = '../x'").unwrap_err().starts_with("line 1: `cache.dir` is refused"));
        assert!(parse(Place::Clone, "cache.dir = '../x'").is_ok());
        let id = format!("project.id = '{}'", "0a".repeat(16));
        assert!(parse(Place::Project, &id).is_ok());
        assert!(parse(Place::Clone, &id).is_err());
    }
}
