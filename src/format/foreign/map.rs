//! The map from what an old tool's files said to esker's pointers, so that revisions of before resolve.
//!
//! Git tracks it. Lines may come in any order and twice: two such maps are merged by joining their lines.

use std::collections::BTreeMap;

use crate::base::RepoPath;
use crate::format::FormatError;
use crate::format::codec::MAX_RAW;
use crate::format::config::is_remote_name;
use crate::format::pointer::{Kind, Pointer};
use crate::format::toml::LARGEST_NUMBER;

use super::lines::{head, path, records, refused, word};
use super::old_id::OldId;

const KIND: &str = "migrated";

/// Where some file of the old tool named a dataset.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file of the old tool: `data.dvc`.
    pub file: RepoPath,
    /// Git's hash of that file: 40 hex digits.
    pub blob: Box<str>,
    /// The dataset.
    pub dataset: RepoPath,
    /// What it said of it.
    pub old: OldId,
    /// Whether it said that the dataset is executable.
    pub executable: bool,
    /// The remote that the dataset goes to, if not the default one.
    pub remote: Option<Box<str>>,
}

/// All that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Map {
    /// What each old id is in esker. The executable bit and the remote are those of a place: here they say nothing.
    pub objects: BTreeMap<OldId, Pointer>,
    /// Each place, sorted. Every old id is one of `objects`.
    pub places: Vec<Place>,
}

impl Map {
    /// Reads a map.
    ///
    /// # Errors
    /// `Newer` for a higher version, `Conflict` for Git's conflict markers, `Line` for the rest.
    pub fn parse(bytes: &[u8]) -> Result<Map, FormatError> {
        let mut map = Map::default();
        let mut places = Vec::new();
        for (at, words) in records(KIND, bytes)? {
            match words.split_first() {
                Some((&"object", words)) => {
                    let (old, pointer) = object(words).ok_or_else(|| refused(at, "it is no object"))?;
                    let known = map.objects.entry(old).or_insert_with(|| pointer.clone());
                    if *known != pointer {
                        return Err(refused(at, "an earlier line says otherwise of this object"));
                    }
                }
                Some((&"place", words)) => {
                    places.push((at, place(words).ok_or_else(|| refused(at, "it is no place"))?));
                }
                _ => return Err(refused(at, "it begins neither with `object` nor with `place`")),
            }
        }
        if let Some((at, place)) = places.iter().find(|(_, place)| !map.objects.contains_key(&place.old)) {
            return Err(refused(*at, format!("no line tells of the object {}", place.old)));
        }
        map.places = places.into_iter().map(|(_, place)| place).collect();
        map.sort();
        Ok(map)
    }

    /// The file, sorted.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = head(KIND);
        for (old, pointer) in &self.objects {
            let (kind, last) = match pointer.kind {
                Kind::File { manifest: None, .. } => ("file", "-".to_owned()),
                Kind::File { manifest: Some(manifest), .. } => ("file", manifest.to_string()),
                Kind::Folder { files } => ("folder", files.to_string()),
            };
            text += &format!("object {old} {kind} {} {} {last}\n", pointer.id, pointer.bytes);
        }
        for place in &self.places {
            let Place { file, blob, dataset, old, executable, remote } = place;
            let mode = if *executable { "x" } else { "-" };
            let remote = remote.as_deref().unwrap_or("-");
            text += &format!("place {} {blob} {} {old} {mode} {remote}\n", word(file), word(dataset));
        }
        text.into_bytes()
    }

    /// Adds what `other` knows.
    pub fn merge(&mut self, other: Map) {
        self.objects.extend(other.objects);
        self.places.extend(other.places);
        self.sort();
    }

    /// What a place points at.
    pub fn pointer(&self, place: &Place) -> Option<Pointer> {
        let pointer = self.objects.get(&place.old)?;
        let kind = match pointer.kind {
            Kind::File { manifest, .. } => Kind::File { manifest, executable: place.executable },
            folder => folder,
        };
        Some(Pointer { kind, remote: place.remote.as_deref().map(str::to_owned), ..pointer.clone() })
    }

    fn sort(&mut self) {
        self.places.sort();
        self.places.dedup();
    }
}

fn object(words: &[&str]) -> Option<(OldId, Pointer)> {
    let [old, kind, id, bytes, last] = words else { return None };
    let old: OldId = old.parse().ok()?;
    let kind = match (*kind, *last, old.is_folder) {
        ("file", "-", false) => Kind::File { manifest: None, executable: false },
        ("file", manifest, false) => Kind::File { manifest: Some(manifest.parse().ok()?), executable: false },
        ("folder", files, true) => Kind::Folder { files: files.parse().ok()? },
        _ => return None,
    };
    let bytes: u64 = bytes.parse().ok()?;
    // What no pointer can say: a manifest of nothing, or one chunk that is too long.
    let is_good = match kind {
        Kind::File { manifest: Some(_), .. } => bytes > 0,
        Kind::File { manifest: None, .. } => bytes <= MAX_RAW as u64,
        Kind::Folder { files } => files <= LARGEST_NUMBER,
    };
    (is_good && bytes <= LARGEST_NUMBER).then_some(())?;
    Some((old, Pointer { kind, id: id.parse().ok()?, bytes, remote: None, source: None }))
}

fn place(words: &[&str]) -> Option<Place> {
    let [file, blob, dataset, old, mode, remote] = words else { return None };
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let remote = match *remote {
        "-" => None,
        name => Some(is_remote_name(name).then(|| name.into())?),
    };
    Some(Place {
        file: path(file)?,
        blob: (blob.len() == 40 && blob.bytes().all(is_digit)).then(|| (*blob).into())?,
        dataset: path(dataset)?,
        old: old.parse().ok()?,
        executable: matches!(*mode, "x").then_some(true).or((*mode == "-").then_some(false))?,
        remote,
    })
}

#[cfg(test)]
mod tests {
    use super::super::old_id::Hash;
    use super::*;
    use crate::base::Id;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text.as_bytes()).unwrap()
    }

    fn old(text: &str) -> OldId {
        OldId::new(Hash::Md5, &format!("{}{text}", "0".repeat(32 - text.trim_end_matches(".dir").len()))).unwrap()
    }

    fn map() -> Map {
        let pointer = |kind, bytes| Pointer { kind, id: Id::of(b"x"), bytes, remote: None, source: None };
        let file = |manifest| Kind::File { manifest, executable: false };
        let place = |dataset: &str, id: &str, executable| Place {
            file: path(&format!("{dataset}.dvc")),
            blob: "ab".repeat(20).into(),
            dataset: path(dataset),
            old: old(id),
            executable,
            remote: executable.then(|| "far".into()),
        };
        Map {
            objects: BTreeMap::from([
                (old("1"), pointer(file(None), 7)),
                (old("2"), pointer(file(Some(Id::of(b"m"))), 1 << 40)),
                (old("3.dir"), pointer(Kind::Folder { files: 3 }, 9)),
            ]),
            places: vec![place("a b", "1", true), place("c", "2", false), place("d", "3.dir", false)],
        }
    }

    #[test]
    fn a_map_is_read_as_it_was_written_in_any_order_and_twice() {
        let bytes = map().to_bytes();
        assert_eq!(Map::parse(&bytes).unwrap(), map());
        let text = String::from_utf8(bytes).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines[1..].reverse();
        let joined = format!("{}\n{text}", lines.join("\n"));
        assert_eq!(Map::parse(joined.as_bytes()).unwrap(), map());
        let pointer = map().pointer(&map().places[0]).unwrap();
        assert_eq!(pointer.kind, Kind::File { manifest: None, executable: true });
        assert_eq!(pointer.remote.as_deref(), Some("far"));
    }

    #[test]
    fn what_nobody_wrote_so_is_refused_by_line() {
        let text = String::from_utf8(map().to_bytes()).unwrap();
        let bad = |from: &str, to: &str| Map::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert!(matches!(bad("migrated 1", "migrated 2"), FormatError::Newer { version: 2, .. }));
        assert!(matches!(bad("# esker", "# other"), FormatError::Line { line: 1, .. }));
        assert!(matches!(bad("object", "<<<<<<< HEAD\nobject"), FormatError::Conflict { line: 2 }));
        for (from, to) in
            [("object", "objekt"), (" file ", " folder "), ("a%20b", "../b"), (" x far", " y far"), ("abab", "ABab")]
        {
            assert!(matches!(bad(from, to), FormatError::Line { .. }), "{from}");
        }
        let other = text.lines().nth(1).unwrap().replace(" 7 ", " 8 ");
        assert!(matches!(Map::parse(format!("{text}{other}\n").as_bytes()), Err(FormatError::Line { .. })));
        let without = text.lines().filter(|line| !line.contains(" folder ")).map(|line| format!("{line}\n"));
        let longer = text.replacen(" 7 -", &format!(" {} -", (1 << 20) + 1), 1);
        assert!(Map::parse(longer.as_bytes()).is_err(), "one chunk is not that long");
        assert!(Map::parse(without.collect::<String>().as_bytes()).is_err());
    }
}
