//! Text files of esker's own with one record a line, and a first line that names kind and version.

use crate::base::RepoPath;
use crate::format::FormatError;

/// The words of each line after the first, with its number. Empty lines are none.
///
/// # Errors
/// `Newer` for a higher version; `Conflict` for a conflict marker of Git; `Line` if the first line is not `# esker KIND VERSION`.
pub fn records<'t>(kind: &'static str, bytes: &'t [u8]) -> Result<Vec<(usize, Vec<&'t str>)>, FormatError> {
    let text = std::str::from_utf8(bytes).map_err(|_| FormatError::damaged(kind, "it is not UTF-8"))?;
    if let Some(at) = text.lines().position(|line| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ")) {
        return Err(FormatError::Conflict { line: at + 1 });
    }
    let mut lines = text.lines().enumerate();
    let head = format!("# esker {kind} ");
    let version = lines.next().and_then(|(_, line)| line.strip_prefix(&head)?.parse::<u64>().ok());
    match version {
        Some(1) => {}
        Some(version) if version > 1 => return Err(FormatError::Newer { what: kind, version }),
        _ => return Err(refused(0, format!("it is not `{head}1`"))),
    }
    // A merge of two such files by lines may repeat the first one.
    let lines = lines.filter(|(_, line)| !line.is_empty() && **line != format!("{head}1"));
    Ok(lines.map(|(at, line)| (at, line.split(' ').collect())).collect())
}

/// The first line.
pub fn head(kind: &str) -> String {
    format!("# esker {kind} 1\n")
}

/// A refusal of the line at `at`, counted from 0.
pub fn refused(at: usize, reason: impl Into<String>) -> FormatError {
    FormatError::Line { line: at + 1, reason: reason.into() }
}

/// A path as one word: spaces, control characters, `%` and bytes that are no UTF-8 as `%` and two hex digits.
pub fn word(path: &RepoPath) -> String {
    let mut word = String::new();
    let escape = |word: &mut String, bytes: &[u8]| bytes.iter().for_each(|byte| word.push_str(&format!("%{byte:02x}")));
    for chunk in path.as_bytes().utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '%' || c.is_whitespace() || c.is_control() {
                escape(&mut word, c.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                word.push(c);
            }
        }
        escape(&mut word, chunk.invalid());
    }
    word
}

/// The path that [`word`] wrote; `None` for a word that it would not write.
pub fn path(word: &str) -> Option<RepoPath> {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'%' {
            let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &rest[2..];
        } else {
            bytes.push(*first);
        }
    }
    let path = RepoPath::new(&bytes).ok().filter(|path| !path.is_empty())?;
    (self::word(&path) == word).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_path_is_one_word_and_comes_back() {
        for bytes in
            [&b"a/b.txt"[..], b"with space", b"50%", b"tab\tnew\nline", b"caf\xc3\xa9", b"\xff\xfe", b"\xc2\xa0"]
        {
            let path = RepoPath::new(bytes).unwrap();
            let word = super::word(&path);
            assert!(!word.contains(char::is_whitespace), "{word}");
            assert_eq!(super::path(&word), Some(path));
        }
        for bad in ["", "a%2", "a%zz", "a%62", "../x", "a//b", "%2F"] {
            assert_eq!(super::path(bad), None, "{bad}");
        }
    }
}
