//! Changes to a file of settings that leave everything else in it as the user wrote it.

use toml_edit::{DocumentMut, Item, TableLike};

use crate::format::{FormatError, toml};

use super::key::Key;
use super::layer::MAX_LEN;
use super::value::Value;

const WHAT: &str = "configuration";

/// `text` with `key` set to `value`, which [`Key::value`] made.
pub fn set(text: &str, key: &Key, value: &Value) -> Result<String, FormatError> {
    edit(text, |document| {
        let parts = key.parts();
        let (last, tables) = parts.split_last().expect("a key has two names or more");
        match table(document.as_table_mut(), tables) {
            Some(table) => {
                toml::put(table, last, value);
                Ok(String::new())
            }
            None => Ok(section(text, tables, last, value)),
        }
    })
}

/// `text` without `key`; `None` if it does not set it.
pub fn unset(text: &str, key: &Key) -> Result<Option<String>, FormatError> {
    let mut was_set = false;
    let new = edit(text, |document| {
        let parts = key.parts();
        let (last, tables) = parts.split_last().expect("a key has two names or more");
        was_set = table(document.as_table_mut(), tables).is_some_and(|table| table.remove(last).is_some());
        Ok(String::new())
    })?;
    Ok(was_set.then_some(new))
}

/// `text` with the remote `old` called `new`, also where it is the default; unchanged if there is no such remote.
///
/// # Errors
/// `Damaged` if `new` is there already.
pub fn rename_remote(text: &str, old: &str, new: &str) -> Result<String, FormatError> {
    edit(text, |document| {
        if let Some(remotes) = table(document.as_table_mut(), &["remote"]).filter(|table| table.contains_key(old)) {
            if remotes.contains_key(new) {
                return Err(FormatError::damaged(WHAT, format!("there is a remote `{new}` already")));
            }
            rename_key(remotes, old, new);
        }
        if let Some(core) = table(document.as_table_mut(), &["core"]).filter(|core| names(*core, old)) {
            toml::put(core, "remote", new);
        }
        Ok(String::new())
    })
}

/// `text` without the remote `name`, also where it is the default; unchanged if there is no such remote.
pub fn remove_remote(text: &str, name: &str) -> Result<String, FormatError> {
    edit(text, |document| {
        if let Some(remotes) = table(document.as_table_mut(), &["remote"]) {
            remotes.remove(name);
        }
        if let Some(core) = table(document.as_table_mut(), &["core"]).filter(|core| names(*core, name)) {
            core.remove("remote");
        }
        Ok(String::new())
    })
}

/// Lets `change` work on the parsed text, appends what it returns, and sees that the result can be read again.
fn edit(
    text: &str,
    change: impl FnOnce(&mut DocumentMut) -> Result<String, FormatError>,
) -> Result<String, FormatError> {
    toml::Source::parse(WHAT, text.as_bytes(), MAX_LEN)?;
    let mut document: DocumentMut = text.trim_start_matches('\u{feff}').parse().expect("it was parsed just now");
    let appended = change(&mut document)?;
    let new = toml::in_style_of(text, &format!("{document}{appended}"));
    toml::Source::parse(WHAT, new.as_bytes(), MAX_LEN)
        .map_err(|_| FormatError::damaged(WHAT, "its tables are written so that only you can change them"))?;
    Ok(new)
}

/// A new section goes to the very end, after any comment that stands there.
fn section(text: &str, tables: &[&str], key: &str, value: &Value) -> String {
    let mut table = toml_edit::Table::new();
    toml::put(&mut table, key, value);
    let names: Vec<String> = tables.iter().map(|name| toml_edit::Key::new(*name).to_string()).collect();
    let gap = match text {
        "" => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    format!("{gap}[{}]\n{table}", names.join("."))
}

fn table<'a>(root: &'a mut dyn TableLike, names: &[&str]) -> Option<&'a mut dyn TableLike> {
    names.iter().try_fold(root, |table, name| table.get_mut(name)?.as_table_like_mut())
}

fn names(core: &dyn TableLike, remote: &str) -> bool {
    core.get("remote").and_then(Item::as_str) == Some(remote)
}

/// All keys are taken out and put back, since a key that is put in alone would come last.
fn rename_key(table: &mut dyn TableLike, old: &str, new: &str) {
    let keys: Vec<toml_edit::Key> =
        table.iter().filter_map(|(name, _)| table.get_key_value(name)).map(|(key, _)| key.clone()).collect();
    for key in keys {
        let Some(item) = table.remove(key.get()) else { continue };
        let key = if key.get() == old {
            toml_edit::Key::new(new)
                .with_leaf_decor(key.leaf_decor().clone())
                .with_dotted_decor(key.dotted_decor().clone())
        } else {
            key
        };
        table.entry_format(&key).or_insert(item);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Place;
    use super::*;

    const TEXT: &str = "# ours\n[core]\nremote = \"a\" # the best\n\n# far\n[remote.a]\nurl = 's3://a'\n\n# near\n[remote.b]\nurl = '/b'\n# end\n";

    fn set_text(text: &str, key: &str, value: &str) -> String {
        let key = Key::parse(key).unwrap();
        let value = key.value(Place::Clone, value).unwrap();
        set(text, &key, &value).unwrap()
    }

    #[test]
    fn a_value_changes_in_its_place() {
        assert_eq!(set_text(TEXT, "core.remote", "b"), TEXT.replace("\"a\"", "\"b\""));
        assert_eq!(set_text(TEXT, "core.remote", "a"), TEXT);
        let added = set_text(TEXT, "remote.a.region", "eu");
        assert_eq!(added, TEXT.replace("'s3://a'\n", "'s3://a'\nregion = \"eu\"\n"));
    }

    #[test]
    fn a_new_section_comes_last() {
        assert_eq!(set_text("", "core.threads", "2"), "[core]\nthreads = 2\n");
        assert_eq!(set_text("# mine\n", "git.stage", "false"), "# mine\n\n[git]\nstage = false\n");
        assert_eq!(set_text(TEXT, "remote.c.d.url", "/c"), format!("{TEXT}\n[remote.\"c.d\"]\nurl = \"/c\"\n"));
        assert_eq!(set_text("# mine\r\n", "git.stage", "true"), "# mine\r\n\r\n[git]\r\nstage = true\r\n");
        assert_eq!(set_text("core.remote = 'a'", "core.threads", "2"), "core.remote = 'a'\ncore.threads = 2\n");
    }

    #[test]
    fn unset_takes_one_line() {
        let key = Key::parse("core.remote").unwrap();
        assert_eq!(unset(TEXT, &key).unwrap(), Some(TEXT.replace("remote = \"a\" # the best\n", "")));
        assert_eq!(unset("", &key).unwrap(), None);
    }

    #[test]
    fn a_renamed_remote_stays_where_it_is() {
        let renamed = TEXT.replace("\"a\" #", "\"new\" #").replace("[remote.a]", "[remote.new]");
        assert_eq!(rename_remote(TEXT, "a", "new").unwrap(), renamed);
        assert_eq!(rename_remote(TEXT, "x", "new").unwrap(), TEXT);
        assert!(rename_remote(TEXT, "a", "b").is_err());
        let dotted = "[remote]\na.url = '/a'\na.region = 'eu' # x\nb.url = '/b'\n";
        assert_eq!(rename_remote(dotted, "a", "new").unwrap(), dotted.replace("a.", "new."));
        let inline = "remote = { a = { url = '/a' }, b = { url = '/b' } }\n";
        assert_eq!(rename_remote(inline, "a", "new").unwrap(), inline.replace("{ a =", "{ new ="));
    }

    #[test]
    fn a_removed_remote_is_no_default() {
        let text = remove_remote(TEXT, "a").unwrap();
        assert_eq!(text, "# ours\n[core]\n\n# near\n[remote.b]\nurl = '/b'\n# end\n");
        assert_eq!(remove_remote(TEXT, "x").unwrap(), TEXT);
    }
}
