//! The keys that a setting may have: `KEYS` is the whole list, and anything else is refused.

use std::fmt;

use super::guard;
use super::layer::Place;
use super::value::{Value, ValueKind};

/// What holds for one key.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The key; `<name>` stands for the name of a remote.
    pub pattern: &'static str,
    /// What its value must be.
    pub kind: ValueKind,
    /// One line that tells what it does.
    pub doc: &'static str,
}

const fn rule(pattern: &'static str, kind: ValueKind, doc: &'static str) -> Rule {
    Rule { pattern, kind, doc }
}

/// All keys, in the order in which people should read them.
pub const KEYS: [Rule; 12] = [
    rule("project.id", ValueKind::Hex, "names this project in a bucket that it shares; tracked file only"),
    rule("core.remote", ValueKind::RemoteName, "the remote that is meant when none is named"),
    rule("core.threads", ValueKind::Count, "how many threads compute; default: one for each core"),
    rule("cache.dir", ValueKind::Folder, "where the cache lies; default: in Git's own folder"),
    rule(
        "cache.compression",
        ValueKind::OneOf(&["none", "auto", "fast", "small"]),
        "how hard the cache tries to save space; default: auto, only while the disk is behind",
    ),
    rule(
        "cache.mode",
        ValueKind::OneOf(&["full", "thin"]),
        "whether `add` copies data into the cache, or leaves it in its files until it is pushed; default: full",
    ),
    rule("git.stage", ValueKind::Bool, "whether pointers and ignore files are staged in Git; default: true"),
    rule("remote.<name>.url", ValueKind::Url, "the store: s3://bucket/prefix, file:///folder or a folder"),
    rule("remote.<name>.endpoint", ValueKind::Url, "the server of a bucket that is not at Amazon"),
    rule("remote.<name>.region", ValueKind::Text, "the region of the bucket"),
    rule("remote.<name>.profile", ValueKind::Text, "the profile of ~/.aws/config that holds the credentials"),
    rule(
        "remote.<name>.checksum",
        ValueKind::OneOf(&["when_supported", "when_required"]),
        "when requests carry checksums; default: when_supported",
    ),
];

/// A key that esker knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    rule: &'static Rule,
    remote: Option<String>,
}

/// Why a key or its value is refused: one line for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refused {
    /// The line.
    pub reason: String,
}

impl Key {
    /// Reads `core.remote` or `remote.origin.url`; the name of a remote may have dots in it.
    pub fn parse(text: &str) -> Result<Key, Refused> {
        let parts: Vec<&str> = match text.strip_prefix("remote.").and_then(|rest| rest.rsplit_once('.')) {
            Some((name, last)) => vec!["remote", name, last],
            None => text.split('.').collect(),
        };
        Key::from_parts(&parts)
    }

    /// The key of which these are the names, outermost first.
    pub(super) fn from_parts(parts: &[&str]) -> Result<Key, Refused> {
        let (remote, pattern) = match parts {
            ["remote", name, last] => (Some(*name), format!("remote.<name>.{last}")),
            _ => (None, parts.join(".")),
        };
        let rule = KEYS.iter().find(|rule| rule.pattern == pattern && !pattern.is_empty());
        let rule = rule.filter(|rule| rule.pattern.contains("<name>") == remote.is_some());
        match (rule, remote) {
            (Some(_), Some(name)) if !guard::is_remote_name(name) => Err(refused(format!(
                "`{}` cannot be the name of a remote: use letters, digits, `.`, `_`, `-`",
                name.escape_debug()
            ))),
            (Some(rule), remote) => Ok(Key { rule, remote: remote.map(str::to_owned) }),
            (None, _) => Err(unknown(parts)),
        }
    }

    /// What holds for it.
    pub fn rule(&self) -> &'static Rule {
        self.rule
    }

    /// The remote that it belongs to.
    pub fn remote(&self) -> Option<&str> {
        self.remote.as_deref()
    }

    /// Its names, outermost first.
    pub(super) fn parts(&self) -> Vec<&str> {
        self.rule
            .pattern
            .split('.')
            .map(|part| if part == "<name>" { self.remote().unwrap_or(part) } else { part })
            .collect()
    }

    /// What a user typed as its value in `place`.
    pub fn value(&self, place: Place, text: &str) -> Result<Value, Refused> {
        let value = self.rule.kind.parse(text).map_err(|reason| self.refuse(&reason))?;
        self.allowed(place, &value)?;
        Ok(value)
    }

    /// Refuses what only some places may hold.
    pub(super) fn allowed(&self, place: Place, value: &Value) -> Result<(), Refused> {
        if self.rule.pattern == "project.id" && place != Place::Project {
            return Err(self.refuse("it belongs into the tracked .esker/config.toml only"));
        }
        let fault = match (place, self.rule.kind, value) {
            (Place::Project, ValueKind::Folder, Value::Text(folder)) => guard::tracked_folder_fault(folder),
            _ => None,
        };
        fault.map_or(Ok(()), |fault| Err(self.refuse(fault)))
    }

    pub(super) fn refuse(&self, reason: &str) -> Refused {
        refused(format!("`{self}` is refused: {reason}"))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parts().join("."))
    }
}

fn refused(reason: String) -> Refused {
    Refused { reason }
}

fn unknown(parts: &[&str]) -> Refused {
    let key = parts.join(".").escape_debug().to_string();
    // The name of a remote is free: a remote called `tokens` is nobody's secret.
    let named = parts.iter().enumerate().filter(|(at, _)| parts[0] != "remote" || *at != 1).map(|(_, part)| *part);
    let named: Vec<&str> = named.collect();
    if named.iter().any(|part| guard::sounds_secret(part)) {
        return refused(format!(
            "`{key}` is refused: no file of esker holds a secret; give it in the environment, or name a profile"
        ));
    }
    if named.iter().any(|part| guard::sounds_like_command(part)) {
        return refused(format!("`{key}` is refused: no setting of esker is a command"));
    }
    let meant = meant(parts).map_or_else(String::new, |meant| format!(": did you mean `{meant}`?"));
    refused(format!("`{key}` is not a key of esker{meant}"))
}

fn meant(parts: &[&str]) -> Option<String> {
    let typed = parts.join(".");
    let name = if parts.len() > 2 { parts[1] } else { "<name>" };
    let distances = KEYS.iter().map(|rule| {
        let key = rule.pattern.replace("<name>", name);
        (distance(&typed, &key), key)
    });
    distances.filter(|(distance, key)| *distance <= 3 && *distance * 2 < key.len()).min().map(|(_, key)| key)
}

/// How many characters must be put in, taken out or changed to make `a` of `b` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(100).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().take(100).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Key::parse(text).unwrap_err().reason
    }

    #[test]
    fn every_pattern_is_a_key_that_prints_as_it_was_typed() {
        for rule in &KEYS {
            let text = rule.pattern.replace("<name>", "my.s3");
            assert_eq!(Key::parse(&text).map(|key| key.to_string()), Ok(text));
        }
    }

    #[test]
    fn a_near_miss_is_told_what_was_meant() {
        assert_eq!(refusal("core.thread"), "`core.thread` is not a key of esker: did you mean `core.threads`?");
        assert_eq!(
            refusal("remote.origin.ulr"),
            "`remote.origin.ulr` is not a key of esker: did you mean `remote.origin.url`?"
        );
        assert_eq!(refusal("weather"), "`weather` is not a key of esker");
        for text in ["", ".", "remote", "remote.origin", "remote..url", "remote.<name>.url", "core.remote.x"] {
            assert!(Key::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn secrets_and_commands_have_their_own_words() {
        assert!(refusal("remote.origin.secret_access_key").contains("holds a secret"));
        assert!(refusal("remote.origin.credential-process").contains("holds a secret"));
        assert!(refusal("core.pager_command").contains("is a command"));
        assert!(refusal("remote.tokens.ulr").contains("did you mean `remote.tokens.url`"));
    }

    #[test]
    fn values_are_checked_by_place() {
        let value = |key: &str, place, text: &str| Key::parse(key).unwrap().value(place, text);
        assert_eq!(value("core.threads", Place::Environment, "8"), Ok(Value::Count(8)));
        assert!(value("core.threads", Place::User, "0").is_err());
        assert!(value("git.stage", Place::User, "maybe").is_err());
        assert!(value("cache.compression", Place::Clone, "smal").is_err());
        assert!(value("cache.dir", Place::Project, "/tmp").is_err());
        assert!(value("cache.dir", Place::Clone, "/tmp").is_ok());
        assert!(value("project.id", Place::Clone, &"a".repeat(32)).is_err());
        assert!(value("project.id", Place::Project, &"a".repeat(32)).is_ok());
        assert!(value("remote.o.url", Place::Clone, "s3://u:p@b").is_err());
    }
}
