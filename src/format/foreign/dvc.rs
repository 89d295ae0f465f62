//! What the files of DVC say: `.dvc` files, `dvc.lock`, `dvc.yaml` as far as needed, and the lists of folders in its cache.
//!
//! Source: dvc/schema.py and dvc_data of DVC 3.67, and DVC 2.58; keys that say nothing of where data lies are passed over.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::base::RepoPath;
use crate::format::FormatError;

use super::old_id::{Hash, OldId};

/// A folder's list of files may be this long, in bytes; that is some five million files.
const MAX_LIST: usize = 1 << 30;

/// Something that DVC keeps outside Git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Out {
    /// Its path as it stands there: relative to the file, or to the folder of its stage.
    pub path: String,
    /// What it is.
    pub old: OldId,
    /// Whether it is a file that its owner may execute.
    pub executable: bool,
    /// The remote of DVC that it goes to, if not the default one.
    pub remote: Option<String>,
    /// The stage whose output it is, if it is that of one.
    pub stage: Option<String>,
}

/// Something that is not taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Its path as it stands there.
    pub path: String,
    /// Why, as half a sentence.
    pub reason: &'static str,
}

/// All outputs that a file names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outs {
    /// Those that can be taken over.
    pub outs: Vec<Out>,
    /// Those that cannot.
    pub left: Vec<Left>,
    /// The folder that paths are relative to, from the folder of the file.
    pub folder: Option<String>,
    /// Whether it was imported from elsewhere.
    pub is_import: bool,
}

#[derive(Deserialize)]
struct RawFile {
    outs: Option<Vec<RawOut>>,
    deps: Option<Vec<IgnoredAny>>,
    wdir: Option<String>,
    cmd: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct RawOut {
    path: String,
    md5: Option<String>,
    hash: Option<String>,
    cache: Option<bool>,
    isexec: Option<bool>,
    remote: Option<String>,
}

#[derive(Deserialize)]
struct RawStage {
    outs: Option<Vec<RawOut>>,
}

#[derive(Deserialize)]
struct RawLock {
    stages: Option<BTreeMap<String, RawStage>>,
}

#[derive(Deserialize)]
struct RawYaml {
    stages: Option<BTreeMap<String, RawFolder>>,
}

#[derive(Deserialize)]
struct RawFolder {
    wdir: Option<String>,
    #[serde(rename = "do")]
    each: Option<Box<RawFolder>>,
}

#[derive(Deserialize)]
struct RawEntry {
    md5: String,
    relpath: String,
}

/// Reads a `.dvc` file.
pub fn dvc_file(bytes: &[u8]) -> Result<Outs, FormatError> {
    let raw: RawFile = yaml("DVC file", bytes)?;
    // The single file of a stage, as DVC 0.x wrote it.
    let stage = raw.cmd.map(|_| "its command".to_owned());
    let mut outs = Outs {
        folder: raw.wdir.filter(|folder| folder != "."),
        is_import: stage.is_none() && raw.deps.is_some_and(|deps| !deps.is_empty()),
        ..Outs::default()
    };
    raw.outs.into_iter().flatten().for_each(|out| outs.take(out, stage.clone()));
    Ok(outs)
}

/// Reads a `dvc.lock`. Its paths are relative to the folder of each stage, which only `dvc.yaml` names.
pub fn dvc_lock(bytes: &[u8]) -> Result<Outs, FormatError> {
    let raw: RawLock = yaml("dvc.lock", bytes)?;
    let stages = match raw.stages {
        Some(stages) => stages,
        // DVC 1 had no `stages` in between.
        None => yaml("dvc.lock", bytes).unwrap_or_default(),
    };
    let mut outs = Outs::default();
    for (name, stage) in stages {
        stage.outs.into_iter().flatten().for_each(|out| outs.take(out, Some(name.clone())));
    }
    Ok(outs)
}

/// The folders in which the stages of a `dvc.yaml` run, by name, where they are not that of the file.
pub fn stage_folders(bytes: &[u8]) -> Result<BTreeMap<String, String>, FormatError> {
    let raw: RawYaml = yaml("dvc.yaml", bytes)?;
    let folder = |(name, stage): (String, RawFolder)| {
        let folder = stage.wdir.or_else(|| stage.each.and_then(|each| each.wdir))?;
        Some((name, folder))
    };
    Ok(raw.stages.into_iter().flatten().filter_map(folder).collect())
}

fn yaml<T: DeserializeOwned>(what: &'static str, bytes: &[u8]) -> Result<T, FormatError> {
    serde_saphyr::from_slice(bytes).map_err(|error| {
        let text = error.to_string();
        FormatError::damaged(what, text.lines().next().unwrap_or("it is no YAML").to_owned())
    })
}

impl Outs {
    fn take(&mut self, raw: RawOut, stage: Option<String>) {
        let left = |reason| Left { path: raw.path.clone(), reason };
        let hash = match raw.hash.as_deref() {
            None => Some(Hash::Md5Dos2Unix),
            Some(name) => [Hash::Md5, Hash::Md5Dos2Unix].into_iter().find(|hash| hash.name() == name),
        };
        if raw.cache == Some(false) {
            // Git has it.
            return;
        }
        let Some(md5) = raw.md5 else { return self.left.push(left("DVC noted no md5 of it")) };
        let Some(old) = hash.and_then(|hash| OldId::new(hash, &md5)) else {
            return self.left.push(left("its hash is no md5"));
        };
        let executable = raw.isexec == Some(true) && !old.is_folder;
        self.outs.push(Out { path: raw.path, old, executable, remote: raw.remote, stage });
    }
}

/// Where `path`, as DVC writes it, lies in the repository: `file` names it, and `folder` lies between. `None` if it is
/// not in the repository.
pub fn resolve(file: &RepoPath, folder: Option<&str>, path: &str) -> Option<RepoPath> {
    let mut names: Vec<Vec<u8>> = Vec::new();
    let above = file.parent().unwrap_or_default();
    let texts = [above.as_bytes(), folder.unwrap_or_default().as_bytes(), path.as_bytes()];
    if texts[1..].iter().any(|text| text.starts_with(b"/") || text.windows(3).any(|part| part == b"://")) {
        return None;
    }
    for name in texts.iter().flat_map(|text| text.split(|byte| *byte == b'/')) {
        match name {
            b"" | b"." => {}
            b".." => drop(names.pop()?),
            name => names.push(name.to_vec()),
        }
    }
    RepoPath::new(&names.join(&b'/')).ok().filter(|path| !path.is_empty())
}

/// Reads the list of a folder: a JSON array of md5 and path. The ids are those of `hash`. Sorted by path.
pub fn dir_entries(hash: Hash, bytes: &[u8]) -> Result<Vec<(RepoPath, OldId)>, FormatError> {
    const WHAT: &str = "list of a DVC folder";
    if bytes.len() > MAX_LIST {
        return Err(FormatError::damaged(WHAT, "it is longer than 1 GiB"));
    }
    let raw: Vec<RawEntry> =
        serde_json::from_slice(bytes).map_err(|error| FormatError::damaged(WHAT, error.to_string()))?;
    let entry = |raw: RawEntry| {
        let path =
            RepoPath::new(raw.relpath.as_bytes()).map_err(|error| FormatError::damaged(WHAT, error.to_string()))?;
        let old = OldId::new(hash, &raw.md5).filter(|old| !old.is_folder && !path.is_empty());
        let old = old.ok_or_else(|| FormatError::damaged(WHAT, format!("`{path}` has no md5")))?;
        Ok((path, old))
    };
    let mut entries = raw.into_iter().map(entry).collect::<Result<Vec<_>, FormatError>>()?;
    entries.sort();
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MD5: &str = "6303200380bb2521519b4a424aeae345";

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_file_of_dvc_3_and_one_of_dvc_2_differ_in_their_hash() {
        let text = format!("outs:\n- md5: {MD5}.dir\n  size: 30\n  nfiles: 6\n  hash: md5\n  path: imgs\n");
        let outs = dvc_file(text.as_bytes()).unwrap();
        assert_eq!(outs.outs[0].old.to_string(), format!("md5:{MD5}.dir"));
        assert_eq!((&*outs.outs[0].path, outs.is_import), ("imgs", false));
        let old = dvc_file(text.replace("  hash: md5\n", "  isexec: true\n").as_bytes()).unwrap();
        assert_eq!(old.outs[0].old.to_string(), format!("md5-dos2unix:{MD5}.dir"));
        assert!(!old.outs[0].executable);
    }

    #[test]
    fn what_has_no_md5_is_left_and_what_git_has_is_not_told() {
        let text = format!(
            "wdir: sub\ndeps:\n- path: x\n  repo: {{url: u}}\nouts:\n- etag: abc\n  path: a\n- path: b\n  cache: false\n  md5: {MD5}\n\
             - path: c\n  hash: sha512\n  md5: {MD5}\n- path: d\n  md5: {MD5}\n  hash: md5\n  isexec: true\n  remote: far\n"
        );
        let outs = dvc_file(text.as_bytes()).unwrap();
        assert!(outs.is_import && outs.outs.len() == 1 && outs.outs[0].executable);
        assert_eq!(outs.outs[0].remote.as_deref(), Some("far"));
        assert_eq!(outs.folder.as_deref(), Some("sub"));
        let left: Vec<&str> = outs.left.iter().map(|left| &*left.path).collect();
        assert_eq!(left, ["a", "c"]);
    }

    #[test]
    fn outputs_of_stages_are_found_in_both_forms_of_the_lock() {
        let stage =
            format!("train:\n    cmd: python t.py\n    outs:\n    - path: m.pt\n      md5: {MD5}\n      size: 3\n");
        let new = format!("schema: '2.0'\nstages:\n  {}", stage.replace("\n", "\n  "));
        for text in [new, stage] {
            let outs = dvc_lock(text.as_bytes()).unwrap();
            assert_eq!(outs.outs[0].stage.as_deref(), Some("train"), "{text}");
        }
        assert_eq!(dvc_lock(b"schema: '2.0'\n").unwrap(), Outs::default());
        let yaml =
            "stages:\n  a: {cmd: x, wdir: sub}\n  b: {foreach: [1], do: {cmd: x, wdir: '${item}'}}\n  c: {cmd: x}\n";
        let folders = stage_folders(yaml.as_bytes()).unwrap();
        assert_eq!(
            folders.into_iter().collect::<Vec<_>>(),
            [("a", "sub"), ("b", "${item}")].map(|(a, b)| (a.into(), b.into()))
        );
    }

    #[test]
    fn broken_files_are_refused() {
        for bad in ["outs: [", "outs: 7", "- a", "<<<<<<< HEAD\nouts:\n=======\n>>>>>>> x\n", "outs:\n- md5: x\n"] {
            assert!(dvc_file(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(dvc_file(b"\xff\xfe").is_err());
    }

    #[test]
    fn paths_lie_where_dvc_means_them_or_outside() {
        let at = |folder: Option<&str>, text: &str| resolve(&path("a/b/x.dvc"), folder, text);
        assert_eq!(at(None, "data"), Some(path("a/b/data")));
        assert_eq!(at(Some(".."), "./data/"), Some(path("a/data")));
        assert_eq!(at(Some("../.."), "c"), Some(path("c")));
        for outside in ["/abs", "../../../x", "s3://bucket/x", "remote://r/x", "../.."] {
            assert_eq!(at(None, outside), None, "{outside}");
        }
    }

    #[test]
    fn a_list_of_files_is_sorted_and_escapes_nowhere() {
        let text = format!(
            "[{{\"md5\": \"{MD5}\", \"relpath\": \"b\"}}, {{\"md5\": \"{MD5}\", \"relpath\": \"a/c\", \"size\": 1}}]"
        );
        let entries = dir_entries(Hash::Md5, text.as_bytes()).unwrap();
        assert_eq!(entries.iter().map(|(path, _)| path.to_string()).collect::<Vec<_>>(), ["a/c", "b"]);
        for bad in ["../b", "/b", "", "a//b", "b\\u0000"] {
            assert!(
                dir_entries(Hash::Md5, text.replacen("\"b\"", &format!("\"{bad}\""), 1).as_bytes()).is_err(),
                "{bad}"
            );
        }
        assert!(dir_entries(Hash::Md5, text.replace(MD5, "x").as_bytes()).is_err());
        assert!(dir_entries(Hash::Md5, b"{}").is_err());
    }
}
