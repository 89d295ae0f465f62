//! The small TOML file in Git that stands for a dataset.

use toml_edit::{DocumentMut, Item, TableLike};

use crate::base::{Id, RepoPath};

use super::FormatError;
use super::codec::MAX_RAW;
use super::config::{is_remote_name, url_fault};
use super::toml::{self, Fields, Source as Toml};

/// The most bytes that a pointer may have.
pub const MAX_LEN: usize = 64 << 10;

const WHAT: &str = "pointer";
const FIRST_LINE: &str = "# esker keeps this data outside Git. To fetch it: esker pull\n";
const KEYS: [&str; 9] = ["version", "kind", "id", "bytes", "files", "manifest", "executable", "remote", "source"];

/// What one pointer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    /// A file or a folder, and what belongs to each.
    pub kind: Kind,
    /// The id of the file's content, or of the folder's root page.
    pub id: Id,
    /// The size of the file, or of all files in the folder together.
    pub bytes: u64,
    /// The remote that this dataset goes to, if not the default one.
    pub remote: Option<String>,
    /// Where it was imported from.
    pub source: Option<Source>,
}

/// What a dataset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One file.
    File {
        /// The root page of its manifest; `None` if it is one chunk, whose id is the file's, or empty.
        manifest: Option<Id>,
        /// Whether its owner may execute it.
        executable: bool,
    },
    /// A folder.
    Folder {
        /// How many files are in it, at any depth.
        files: u64,
    },
}

/// Where an imported dataset comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The repository: a URL or a folder.
    pub url: String,
    /// The path in it.
    pub path: String,
    /// What the user asked for: a branch or a tag. `None`: the default branch.
    pub rev: Option<String>,
    /// The commit which that was: 40 or 64 hex digits.
    pub commit: String,
}

impl Pointer {
    /// Reads a pointer.
    ///
    /// # Errors
    /// `Conflict` for Git's conflict markers, `Newer` for a higher version, `Line` or `Damaged` for the rest.
    pub fn parse(bytes: &[u8]) -> Result<Pointer, FormatError> {
        let toml = Toml::parse(WHAT, bytes, MAX_LEN)?;
        let fields = toml.root();
        // First of all: the keys of a newer version are not this one's to judge.
        fields.version()?;
        fields.only(&KEYS, true)?;
        let bytes = fields.needed("bytes", fields.number("bytes")?)?;
        Ok(Pointer {
            kind: kind(&fields, bytes)?,
            id: fields.needed("id", id(&fields, "id")?)?,
            bytes,
            remote: fields.parsed("remote", |name| is_remote_name(name).then(|| name.to_owned()), "a remote's name")?,
            source: fields.table("source")?.map(|fields| source(&fields)).transpose()?,
        })
    }

    /// A new file for this pointer.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut document = DocumentMut::new();
        self.put(&mut document);
        format!("{FIRST_LINE}{document}").into_bytes()
    }

    /// The file `old`, made to say this: comments, order, unknown tables and line endings stay.
    ///
    /// So does its `remote`, unless this names another. Bytes that say this already come back as they are; what is
    /// not TOML is written anew.
    pub fn rewrite(&self, old: &[u8]) -> Vec<u8> {
        if Pointer::parse(old).as_ref() == Ok(self) {
            return old.to_vec();
        }
        let Ok(text) = std::str::from_utf8(old) else { return self.to_bytes() };
        let Ok(mut document) = text.trim_start_matches('\u{feff}').parse::<DocumentMut>() else {
            return self.to_bytes();
        };
        self.put(&mut document);
        toml::in_style_of(text, &document.to_string()).into_bytes()
    }

    fn put(&self, document: &mut DocumentMut) {
        let table: &mut dyn TableLike = document.as_table_mut();
        let (name, files, manifest, executable) = match self.kind {
            Kind::File { manifest, executable } => ("file", None, manifest, executable),
            Kind::Folder { files } => ("folder", Some(files), None, false),
        };
        toml::put(table, "version", 1);
        toml::put(table, "kind", name);
        toml::put(table, "id", self.id.to_string());
        toml::put(table, "bytes", number(self.bytes));
        put_or_remove(table, "files", files.map(number));
        put_or_remove(table, "manifest", manifest.map(|id| id.to_string()));
        put_or_remove(table, "executable", executable.then_some(true));
        if let Some(remote) = &self.remote {
            toml::put(table, "remote", remote.as_str());
        }
        put_source(table, self.source.as_ref());
    }
}

fn kind(fields: &Fields<'_>, bytes: u64) -> Result<Kind, FormatError> {
    let name = fields.needed("kind", fields.text("kind")?)?;
    let (files, manifest) = (fields.number("files")?, id(fields, "manifest")?);
    let executable = fields.truth("executable")?;
    if name == "folder" && executable.is_some() {
        return Err(fields.refuse("executable", "`executable` belongs to files only"));
    }
    match (name, files, manifest) {
        ("file", Some(_), _) => Err(fields.refuse("files", "`files` belongs to folders only")),
        ("folder", _, Some(_)) => Err(fields.refuse("manifest", "`manifest` belongs to files only")),
        ("file", None, Some(_)) if bytes == 0 => Err(fields.refuse("manifest", "an empty file has no `manifest`")),
        ("file", None, None) if bytes > MAX_RAW as u64 => {
            Err(fields.refuse("bytes", "a file of that many `bytes` must have a `manifest`"))
        }
        ("file", None, manifest) => Ok(Kind::File { manifest, executable: executable == Some(true) }),
        ("folder", files, None) => Ok(Kind::Folder { files: fields.needed("files", files)? }),
        _ => Err(fields.refuse("kind", "`kind` must be \"file\" or \"folder\"")),
    }
}

fn id(fields: &Fields<'_>, key: &str) -> Result<Option<Id>, FormatError> {
    fields.parsed(key, |text| text.parse().ok(), "an id (64 lower-case hex digits)")
}

fn source(fields: &Fields<'_>) -> Result<Source, FormatError> {
    fields.only(&["url", "path", "rev", "commit"], false)?;
    let url = fields.needed("url", fields.text("url")?)?;
    if let Some(fault) = url_fault(url) {
        return Err(fields.refuse("url", fault));
    }
    let path = fields.parsed("path", |path| is_path(path).then(|| path.to_owned()), "a path inside that repository")?;
    let rev = fields.parsed("rev", |rev| is_revision(rev).then(|| rev.to_owned()), "the name of a revision")?;
    let commit = fields.parsed("commit", |id| is_commit(id).then(|| id.to_owned()), "40 or 64 hex digits")?;
    Ok(Source {
        url: url.to_owned(),
        path: fields.needed("path", path)?,
        rev,
        commit: fields.needed("commit", commit)?,
    })
}

fn is_path(text: &str) -> bool {
    !text.is_empty() && RepoPath::new(text.as_bytes()).is_ok()
}

/// A leading `-` would be an option to Git.
fn is_revision(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('-') && !text.chars().any(char::is_control)
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// TOML has no larger numbers; `parse` refuses such a one as too large.
fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn put_or_remove(table: &mut dyn TableLike, key: &str, value: Option<impl Into<toml_edit::Value>>) {
    match value {
        Some(value) => toml::put(table, key, value),
        None => drop(table.remove(key)),
    }
}

fn put_source(table: &mut dyn TableLike, source: Option<&Source>) {
    let Some(source) = source else {
        table.remove("source");
        return;
    };
    if table.get("source").is_none_or(|item| !item.is_table_like()) {
        table.insert("source", Item::Table(toml::spaced_table()));
    }
    let table = table.get_mut("source").and_then(Item::as_table_like_mut).expect("it was made a table just now");
    toml::put(table, "url", source.url.as_str());
    toml::put(table, "path", source.path.as_str());
    put_or_remove(table, "rev", source.rev.as_deref());
    toml::put(table, "commit", source.commit.as_str());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> Pointer {
        Pointer { kind: Kind::Folder { files: 3 }, id: Id::of(b"tree"), bytes: 1 << 30, remote: None, source: None }
    }

    fn file() -> Pointer {
        Pointer { kind: Kind::File { manifest: Some(Id::of(b"page")), executable: true }, ..folder() }
    }

    fn text(pointer: &Pointer) -> String {
        String::from_utf8(pointer.to_bytes()).unwrap()
    }

    fn refusal(text: &str) -> String {
        Pointer::parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_pointer_is_read_back() {
        let source = Source {
            url: "git@host:a/b".to_owned(),
            path: "data/\u{e4} \"x\"".to_owned(),
            rev: Some("v1".to_owned()),
            commit: "a1".repeat(20),
        };
        let imported = Pointer { source: Some(source), remote: Some("far".to_owned()), ..file() };
        for pointer in [folder(), file(), imported] {
            assert_eq!(Pointer::parse(&pointer.to_bytes()), Ok(pointer.clone()));
            assert_eq!(pointer.rewrite(&pointer.to_bytes()), pointer.to_bytes());
        }
    }

    #[test]
    fn what_the_user_wrote_stays() {
        let old = format!(
            "\u{feff}# mine\r\nbytes = 1 # small\r\nid = '{id}'\r\nversion = 1\r\nkind = \"folder\"\r\nfiles = 0x01\r\n\
             remote = \"far\"\r\n\r\n[meta]\r\nnote = \"\"\"a\r\nb\"\"\"\r\n[[other]]\r\nx = 1 # y\r\n# end\r\n",
            id = folder().id
        );
        let new = old.replace("bytes = 1 #", "bytes = 1073741824 #").replace("0x01", "3");
        let new = new.replace(&format!("'{}'", folder().id), &format!("\"{}\"", folder().id));
        assert_eq!(String::from_utf8(folder().rewrite(old.as_bytes())).unwrap(), new);
    }

    #[test]
    fn a_folder_that_becomes_a_file_has_the_keys_of_a_file() {
        let new = file().rewrite(&folder().to_bytes());
        assert_eq!(new, file().to_bytes());
        assert_eq!(folder().rewrite(&new), folder().to_bytes());
        assert_eq!(folder().rewrite(b"<<<<<<< ours"), folder().to_bytes());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let good = text(&folder());
        let with = |old: &str, new: &str| refusal(&good.replace(old, new));
        assert_eq!(with("version = 1\n", ""), "damaged pointer: `version` is missing");
        assert_eq!(with("bytes", "byte"), "line 5: `byte` is not a key of this version");
        assert_eq!(with("files = 3\n", ""), "damaged pointer: `files` is missing");
        assert_eq!(with("files = 3", "files = \"3\""), "line 6: `files` must be a whole number, not string");
        assert_eq!(with("files = 3", "files = -3"), "line 6: `files` is -3: below 0 or too large");
        assert_eq!(with("\"folder\"", "\"blob\""), "line 3: `kind` must be \"file\" or \"folder\"");
        assert_eq!(with("\"folder\"", "\"file\""), "line 6: `files` belongs to folders only");
        assert_eq!(with("id = \"", "id = \"A"), "line 4: `id` must be an id (64 lower-case hex digits)");
        assert_eq!(with("files = 3", "files = 3\nfiles = 3"), "line 7: it is not TOML: duplicate key");
        assert_eq!(
            with("files", ">>>>>>> theirs\nfiles"),
            "line 6 has a conflict marker of Git: the merge is not settled"
        );
        assert_eq!(with("files = 3", "files = 3\nremote = \"a/b\""), "line 7: `remote` must be a remote's name");
        assert_eq!(with("version = 1", "version = 2\nshape = 1"), "pointer version 2 was written by a newer esker");
        assert_eq!(
            refusal(&format!("{good}#{}", " ".repeat(MAX_LEN))),
            "damaged pointer: it is longer than 65536 bytes"
        );
    }

    #[test]
    fn numbers_too_large_are_refused() {
        for number in ["1152921504606846977", "9223372036854775807", "9223372036854775808", "1e3", "1.0"] {
            let text = text(&folder()).replace("1073741824", number);
            assert!(refusal(&text).starts_with("line 5: "), "{}", refusal(&text));
        }
    }

    #[test]
    fn a_source_cannot_smuggle_options_paths_or_secrets() {
        let source = |url: &str, path: &str, rev: &str, commit: &str| {
            let table = format!("[source]\nurl = '{url}'\npath = '{path}'\nrev = '{rev}'\ncommit = '{commit}'\n");
            Pointer::parse(format!("{}{table}", text(&folder())).as_bytes())
        };
        let commit = "0".repeat(40);
        assert!(source("/other", "data", "v1", &commit).is_ok());
        for (url, path, rev) in [("-u", "d", "v"), ("https://a:b@c", "d", "v"), ("/o", "../d", "v"), ("/o", "d", "--v")]
        {
            assert!(source(url, path, rev, &commit).is_err(), "{url} {path} {rev}");
        }
        assert!(source("/other", "data", "v1", "HEAD").is_err());
    }
}
