//! A value of a setting, and the kinds of values that keys ask for.

use std::fmt;

use toml_edit::Item;

use super::guard;

/// A value, of a kind that its key allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A whole number, at least 1.
    Count(u64),
    /// Anything else.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(is_on) => is_on.fmt(f),
            Value::Count(count) => count.fmt(f),
            Value::Text(text) => f.write_str(text),
        }
    }
}

impl From<&Value> for toml_edit::Value {
    fn from(value: &Value) -> toml_edit::Value {
        match value {
            Value::Bool(is_on) => (*is_on).into(),
            Value::Count(count) => i64::try_from(*count).unwrap_or(i64::MAX).into(),
            Value::Text(text) => text.as_str().into(),
        }
    }
}

/// What a key asks of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// `true` or `false`.
    Bool,
    /// A whole number from 1 to 65,536.
    Count,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// 32 lower-case hex digits.
    Hex,
    /// The name of a remote.
    RemoteName,
    /// A folder.
    Folder,
    /// The address of a store.
    Url,
    /// Any text that is not empty.
    Text,
}

impl ValueKind {
    /// The value that a user typed.
    pub fn parse(self, text: &str) -> Result<Value, String> {
        let value = match self {
            ValueKind::Bool => text.parse().ok().map(Value::Bool),
            ValueKind::Count => text.parse().ok().map(Value::Count),
            _ => Some(Value::Text(text.to_owned())),
        };
        value.ok_or_else(|| self.wanted()).and_then(|value| self.checked(value))
    }

    /// The value that a file holds.
    pub(super) fn read(self, item: &Item) -> Result<Value, String> {
        let value = match self {
            ValueKind::Bool => item.as_bool().map(Value::Bool),
            ValueKind::Count => item.as_integer().and_then(|count| u64::try_from(count).ok()).map(Value::Count),
            _ => item.as_str().map(|text| Value::Text(text.to_owned())),
        };
        value.ok_or_else(|| self.wanted()).and_then(|value| self.checked(value))
    }

    fn checked(self, value: Value) -> Result<Value, String> {
        let is_good = match (self, &value) {
            (ValueKind::Bool, value) => matches!(value, Value::Bool(_)),
            (ValueKind::Count, Value::Count(count)) => (1..=65_536).contains(count),
            (ValueKind::OneOf(words), Value::Text(text)) => words.contains(&text.as_str()),
            (ValueKind::Hex, Value::Text(text)) => is_hex(text),
            (ValueKind::RemoteName, Value::Text(text)) => guard::is_remote_name(text),
            (ValueKind::Url, Value::Text(text)) => match guard::url_fault(text) {
                Some(fault) => return Err(fault.to_owned()),
                None => true,
            },
            (ValueKind::Folder | ValueKind::Text, Value::Text(text)) => {
                !text.is_empty() && !text.chars().any(char::is_control)
            }
            _ => false,
        };
        if is_good { Ok(value) } else { Err(self.wanted()) }
    }

    fn wanted(self) -> String {
        match self {
            ValueKind::Bool => "it must be true or false".to_owned(),
            ValueKind::Count => "it must be a whole number, 1 or more".to_owned(),
            ValueKind::OneOf(words) => format!("it must be one of \"{}\"", words.join("\", \"")),
            ValueKind::Hex => "it must be 32 lower-case hex digits, as `esker init` writes them".to_owned(),
            ValueKind::RemoteName => "it must be the name of a remote: letters, digits, `.`, `_`, `-`".to_owned(),
            ValueKind::Folder => "it must be the path of a folder".to_owned(),
            ValueKind::Url => "it must be the url of a store".to_owned(),
            ValueKind::Text => "it must be a text that is not empty".to_owned(),
        }
    }
}

fn is_hex(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
