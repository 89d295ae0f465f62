//! How a test writes a command line: as a sentence (`"add 'my data'"`) or as a list of words.

use std::ffi::{OsStr, OsString};

/// Something that can be read as the words of a command line.
pub trait Words {
    /// The words, in order.
    fn words(self) -> Vec<OsString>;
}

impl Words for &str {
    fn words(self) -> Vec<OsString> {
        split(self).into_iter().map(OsString::from).collect()
    }
}

impl Words for &String {
    fn words(self) -> Vec<OsString> {
        self.as_str().words()
    }
}

impl<S: AsRef<OsStr>, const N: usize> Words for [S; N] {
    fn words(self) -> Vec<OsString> {
        self.iter().map(|word| word.as_ref().to_owned()).collect()
    }
}

impl<S: AsRef<OsStr>> Words for &[S] {
    fn words(self) -> Vec<OsString> {
        self.iter().map(|word| word.as_ref().to_owned()).collect()
    }
}

impl<S: AsRef<OsStr>> Words for Vec<S> {
    fn words(self) -> Vec<OsString> {
        self.as_slice().words()
    }
}

/// Splits as a shell does: blanks part words, `'…'` and `"…"` keep them together, `\` keeps one character.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\n' | '\t' => words.extend(word.take()),
            '\'' | '"' => {
                let quoted: String = chars.by_ref().take_while(|next| *next != c).collect();
                word.get_or_insert_default().push_str(&quoted);
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[test]
fn words_are_split_as_a_shell_does() {
    assert_eq!(split(r#"add 'my data' "" a\ b  x"#), ["add", "my data", "", "a b", "x"]);
}
