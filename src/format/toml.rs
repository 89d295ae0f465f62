//! TOML files as esker reads and rewrites them: small, UTF-8, errors that name the line, the user's hand kept.

use std::ops::Range;

use toml_edit::{Document, Item, Table, TableLike};

use super::FormatError;

/// No number in a file of esker is larger: 1 EiB, if it counts bytes.
pub const LARGEST_NUMBER: u64 = 1 << 60;

/// A text, parsed, that knows its lines.
pub struct Source<'a> {
    what: &'static str,
    document: Document<&'a str>,
    /// Where each line ends, so that the line of each of many keys is found quickly.
    line_ends: Vec<usize>,
}

impl<'a> Source<'a> {
    /// Parses `bytes`, of which there are `limit` at most. A byte-order mark and CRLF are accepted.
    ///
    /// # Errors
    /// `Conflict` if Git left its conflict markers in it, `Line` for other faults.
    pub fn parse(what: &'static str, bytes: &'a [u8], limit: usize) -> Result<Source<'a>, FormatError> {
        if bytes.len() > limit {
            return Err(FormatError::damaged(what, format!("it is longer than {limit} bytes")));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| FormatError::Line {
            line: line_at(bytes, error.valid_up_to()),
            reason: "it is not UTF-8".to_owned(),
        })?;
        let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
        let document = Document::parse(text).map_err(|error| conflict(text).unwrap_or_else(|| broken(text, &error)))?;
        let line_ends = text.match_indices('\n').map(|(at, _)| at).collect();
        Ok(Source { what, document, line_ends })
    }

    /// The outermost table.
    pub fn root(&self) -> Fields<'_> {
        Fields { source: self, table: self.document.as_table(), prefix: String::new() }
    }

    /// The error that a line breaks a rule; without a place, that the whole does.
    pub fn refuse(&self, span: Option<Range<usize>>, reason: impl Into<String>) -> FormatError {
        match span {
            Some(span) => FormatError::Line { line: self.line(&span), reason: reason.into() },
            None => FormatError::damaged(self.what, reason),
        }
    }

    /// The line, from 1, on which `span` starts.
    pub fn line(&self, span: &Range<usize>) -> usize {
        1 + self.line_ends.partition_point(|end| *end < span.start)
    }
}

/// The fields of one table, each read as the type that it must have.
pub struct Fields<'a> {
    source: &'a Source<'a>,
    table: &'a dyn TableLike,
    prefix: String,
}

impl<'a> Fields<'a> {
    /// Refuses any field that `known` does not name; if `tables_pass`, unknown tables are let through.
    pub fn only(&self, known: &[&str], tables_pass: bool) -> Result<(), FormatError> {
        for (key, item) in self.table.iter() {
            let passes = tables_pass && (item.is_table_like() || item.is_array_of_tables());
            if !known.contains(&key) && !passes {
                return Err(self.refuse(key, format!("`{}{key}` is not a key of this version", self.prefix)));
            }
        }
        Ok(())
    }

    /// Refuses any version but 1.
    pub fn version(&self) -> Result<(), FormatError> {
        match self.needed("version", self.number("version")?)? {
            1 => Ok(()),
            0 => Err(self.refuse("version", "`version` is 0")),
            version => Err(FormatError::Newer { what: self.source.what, version }),
        }
    }

    /// A string, if it is there.
    pub fn text(&self, key: &str) -> Result<Option<&'a str>, FormatError> {
        let wrong = |item: &Item| self.wrong(key, "a string", item.type_name());
        self.table.get(key).map(|item| item.as_str().ok_or_else(|| wrong(item))).transpose()
    }

    /// `true` or `false`, if it is there.
    pub fn truth(&self, key: &str) -> Result<Option<bool>, FormatError> {
        let wrong = |item: &Item| self.wrong(key, "true or false", item.type_name());
        self.table.get(key).map(|item| item.as_bool().ok_or_else(|| wrong(item))).transpose()
    }

    /// A number from 0 to [`LARGEST_NUMBER`], if it is there.
    pub fn number(&self, key: &str) -> Result<Option<u64>, FormatError> {
        let Some(item) = self.table.get(key) else { return Ok(None) };
        let integer = item.as_integer().ok_or_else(|| self.wrong(key, "a whole number", item.type_name()))?;
        match u64::try_from(integer) {
            Ok(number) if number <= LARGEST_NUMBER => Ok(Some(number)),
            _ => Err(self.refuse(key, format!("`{}{key}` is {integer}: below 0 or too large", self.prefix))),
        }
    }

    /// An array of strings, if it is there.
    pub fn texts(&self, key: &str) -> Result<Option<Vec<&'a str>>, FormatError> {
        let Some(item) = self.table.get(key) else { return Ok(None) };
        let wrong = || self.wrong(key, "an array of strings", item.type_name());
        let array = item.as_array().ok_or_else(wrong)?;
        array.iter().map(|value| value.as_str().ok_or_else(wrong)).collect::<Result<_, _>>().map(Some)
    }

    /// A table inside this one, if it is there.
    pub fn table(&self, key: &str) -> Result<Option<Fields<'a>>, FormatError> {
        let Some(item) = self.table.get(key) else { return Ok(None) };
        let table = item.as_table_like().ok_or_else(|| self.wrong(key, "a table", item.type_name()))?;
        Ok(Some(Fields { source: self.source, table, prefix: format!("{}{key}.", self.prefix) }))
    }

    /// Reads a string further, with an error that names the key and does not repeat the value.
    pub fn parsed<T>(
        &self,
        key: &str,
        read: impl FnOnce(&str) -> Option<T>,
        must: &str,
    ) -> Result<Option<T>, FormatError> {
        let wrong = || self.refuse(key, format!("`{}{key}` must be {must}", self.prefix));
        self.text(key)?.map(|text| read(text).ok_or_else(wrong)).transpose()
    }

    /// The value, or the error that it is missing.
    pub fn needed<T>(&self, key: &str, value: Option<T>) -> Result<T, FormatError> {
        value.ok_or_else(|| FormatError::damaged(self.source.what, format!("`{}{key}` is missing", self.prefix)))
    }

    /// The error that this key breaks a rule.
    pub fn refuse(&self, key: &str, reason: impl Into<String>) -> FormatError {
        let span = self.table.get_key_value(key).and_then(|(key, _)| key.span());
        self.source.refuse(span, reason)
    }

    /// Calls `each` with the key and the item of every field, and the line it stands on.
    pub fn each(
        &self,
        each: &mut dyn FnMut(&'a str, &'a Item, usize) -> Result<(), FormatError>,
    ) -> Result<(), FormatError> {
        for (key, item) in self.table.iter() {
            let span = self.table.get_key_value(key).and_then(|(key, _)| key.span()).unwrap_or(0..0);
            each(key, item, self.source.line(&span))?;
        }
        Ok(())
    }

    fn wrong(&self, key: &str, wanted: &str, found: &str) -> FormatError {
        self.refuse(key, format!("`{}{key}` must be {wanted}, not {found}", self.prefix))
    }
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// `new` with the byte-order mark and the line endings of `old`.
pub fn in_style_of(old: &str, new: &str) -> String {
    let mark = if old.starts_with(BYTE_ORDER_MARK) { "\u{feff}" } else { "" };
    let plain = new.trim_start_matches(BYTE_ORDER_MARK).replace("\r\n", "\n");
    let first_ending = old.find('\n').unwrap_or(0);
    let ended = if old[..first_ending].ends_with('\r') { plain.replace('\n', "\r\n") } else { plain };
    format!("{mark}{ended}")
}

/// Sets a value where the key stands already, with its comment kept, or after the last value of `table`.
pub fn put(table: &mut dyn TableLike, key: &str, value: impl Into<toml_edit::Value>) {
    let mut value = value.into();
    if let Some(old) = table.get(key).and_then(Item::as_value) {
        *value.decor_mut() = old.decor().clone();
    }
    match table.get_mut(key) {
        Some(item) => *item = Item::Value(value),
        None => drop(table.insert(key, Item::Value(value))),
    }
}

/// A table whose header stands after an empty line.
pub fn spaced_table() -> Table {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    table
}

fn broken(text: &str, error: &toml_edit::TomlError) -> FormatError {
    let line = line_at(text.as_bytes(), error.span().map_or(0, |span| span.start));
    FormatError::Line { line, reason: format!("it is not TOML: {}", error.message().replace('\n', ", ")) }
}

/// Looked for only in what is not TOML: a multi-line string may hold anything.
fn conflict(text: &str) -> Option<FormatError> {
    let marked = |line: &str| ["<<<<<<<", "|||||||", ">>>>>>>"].iter().any(|marker| line.starts_with(marker));
    let at = text.lines().position(marked)?;
    Some(FormatError::Conflict { line: at + 1 })
}

fn line_at(bytes: &[u8], offset: usize) -> usize {
    1 + bytes.iter().take(offset).filter(|byte| **byte == b'\n').count()
}
