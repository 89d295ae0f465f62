//! The `.gitignore` line of a dataset, in Git's syntax, for a name of any bytes.

/// `old` with a line that ignores `name` in the same folder; `None` if it has that line already.
///
/// Line ends stay what they are, LF or CRLF. The line matches nothing else, with one exception: a newline, for which
/// Git's syntax has no word, is written `?` and so stands for any byte in its place.
pub fn with_line(old: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let wanted = pattern(name);
    let last = lines(old).filter(|line| rule(line).strip_prefix(b"!").unwrap_or(rule(line)) == wanted).last();
    if last.is_some_and(|line| rule(line) == wanted) {
        return None;
    }
    let end: &[u8] = if has_crlf(old) { b"\r\n" } else { b"\n" };
    let mut new = old.to_vec();
    if !old.is_empty() && !old.ends_with(b"\n") {
        new.extend_from_slice(end);
    }
    new.extend_from_slice(&wanted);
    new.extend_from_slice(end);
    Some(new)
}

/// `old` without the line that ignores `name`; `None` if it has no such line. Nothing may be left.
pub fn without_line(old: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let unwanted = pattern(name);
    let kept: Vec<u8> = lines(old).filter(|line| rule(line) != unwanted).flatten().copied().collect();
    (kept.len() < old.len()).then_some(kept)
}

/// The lines of a file, each with its end.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n')
}

/// What Git takes of a line: without its end and without spaces before that, unless a backslash keeps them.
fn rule(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let bare_len = line.iter().rposition(|byte| *byte != b' ').map_or(0, |at| at + 1);
    let backslashes = line[..bare_len].iter().rev().take_while(|byte| **byte == b'\\').count();
    let kept_spaces = usize::from(backslashes % 2 == 1 && bare_len < line.len());
    &line[..bare_len + kept_spaces]
}

fn has_crlf(text: &[u8]) -> bool {
    lines(text).next().is_some_and(|line| line.ends_with(b"\r\n"))
}

/// The pattern for one name in the folder of the `.gitignore`. The `/` before it also keeps a leading `#` or `!` plain.
fn pattern(name: &[u8]) -> Vec<u8> {
    let bare_len = name.iter().rposition(|byte| *byte != b' ').map_or(0, |at| at + 1);
    let mut pattern = vec![b'/'];
    for (at, byte) in name.iter().enumerate() {
        match byte {
            b'\n' => pattern.push(b'?'),
            // At the end of a line Git takes it for part of the line's end, even after a backslash.
            b'\r' => pattern.extend_from_slice(b"[\r]"),
            b'*' | b'?' | b'[' | b'\\' => pattern.extend_from_slice(&[b'\\', *byte]),
            // Plain to Git, but libgit2 ends a pattern there.
            b'\t' | b'\x0b' | b'\x0c' => pattern.extend_from_slice(&[b'\\', *byte]),
            b' ' if at >= bare_len => pattern.extend_from_slice(b"\\ "),
            _ => pattern.push(*byte),
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::Stdio;

    use super::super::testing::Sandbox;
    use super::*;
    use crate::base::RepoPath;

    const NASTY: [&[u8]; 23] = [
        b"data",
        b"with space",
        b" leading",
        b"trailing ",
        b"trailing two  ",
        b"   ",
        "Gr\u{fc}\u{df}e \u{1f600}".as_bytes(),
        b"#comment",
        b"!not",
        b"[x]",
        b"a*b?c",
        b"back\\slash",
        b"ends\\",
        b"ends \\ ",
        b"tab\t",
        b"cr\r",
        b"c\rr",
        b"feed\x0c",
        b"new\nline",
        b"\xff\xfe\x01",
        b"**",
        b"\"quoted\"",
        b"-dash",
    ];

    /// What the real `git check-ignore` says of `paths`, in a repository whose `.gitignore` is `rules`.
    fn ignored(sandbox: &Sandbox, rules: &[u8], paths: &[&[u8]]) -> Vec<Vec<u8>> {
        std::fs::write(sandbox.root().join(".gitignore"), rules).unwrap();
        let mut command = sandbox.command(&sandbox.root());
        command.args(["check-ignore", "-z", "--stdin", "--no-index"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut git = command.spawn().unwrap();
        git.stdin.take().unwrap().write_all(&paths.join(&0)).unwrap();
        let output = git.wait_with_output().unwrap();
        output.stdout.split(|byte| *byte == 0).filter(|path| !path.is_empty()).map(<[u8]>::to_vec).collect()
    }

    #[test]
    fn git_ignores_each_name_and_nothing_else() {
        let sandbox = Sandbox::new();
        let long = [b'['; 255];
        let names: Vec<&[u8]> = NASTY.iter().copied().chain([&long[..]]).collect();
        let others =
            [&b"other"[..], b"sub/data", b"comment", b"not", b"x", b"trailing", b"aXbXc", b"tab", b"cr", b"**x"];
        let all: Vec<&[u8]> = names.iter().copied().chain(others).collect();
        for name in &names {
            for old in [&b""[..], b"x\r\n"] {
                let rules = with_line(old, name).unwrap();
                let all: Vec<&[u8]> = all.iter().copied().filter(|path| old.is_empty() || *path != b"x").collect();
                let shown = String::from_utf8_lossy(name);
                assert_eq!(ignored(&sandbox, &rules, &all), [name.to_vec()], "{shown:?} {rules:?}");
                let repo = sandbox.open();
                for path in &all {
                    let is_ignored = repo.is_ignored(&RepoPath::new(path).unwrap()).unwrap();
                    assert_eq!(is_ignored, path == name, "{shown:?}: libgit2 on {path:?}");
                }
            }
        }
    }

    #[test]
    fn a_second_time_changes_nothing() {
        for name in NASTY {
            let once = with_line(b"*.tmp", name).unwrap();
            assert_eq!(with_line(&once, name), None, "{once:?}");
            assert_eq!(without_line(&once, name).unwrap(), b"*.tmp\n");
        }
    }

    #[test]
    fn line_ends_stay_what_they_are() {
        assert_eq!(with_line(b"a\r\nb", b"c").unwrap(), b"a\r\nb\r\n/c\r\n");
        assert_eq!(with_line(b"a\nb", b"c").unwrap(), b"a\nb\n/c\n");
        assert_eq!(with_line(b"", b"c").unwrap(), b"/c\n");
        assert_eq!(without_line(b"a\r\n/c\r\nb", b"c").unwrap(), b"a\r\nb");
        assert_eq!(without_line(b"/c", b"c").unwrap(), b"");
        assert_eq!(without_line(b"/c/\nc\n", b"c"), None);
    }

    #[test]
    fn the_line_counts_only_if_no_later_one_undoes_it() {
        assert_eq!(with_line(b"/c  \r\n", b"c"), None);
        assert_eq!(with_line(b"/c\n!/c\n", b"c").unwrap(), b"/c\n!/c\n/c\n");
        assert_eq!(with_line(b"!/c\n/c\n", b"c"), None);
    }
}
