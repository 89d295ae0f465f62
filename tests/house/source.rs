//! One source file as the rules see it: with and without comments, strings and tests.

use std::fs;
use std::path::Path;

/// A file of Rust.
#[derive(Clone)]
pub struct Source {
    /// Where it lies, from the top of the package: `src/packs/writer.rs`.
    pub path: String,
    /// All of it.
    pub text: String,
    /// The same with blanks for all comments, strings and characters; every line stays where it is.
    pub code: String,
    /// The same as `code` with blanks for all that stands under `#[cfg(test)]`.
    pub product: String,
}

impl Source {
    /// A file that may be made up.
    pub fn new(path: &str, text: &str) -> Source {
        let code = blank_prose(text);
        let product = if is_test(path) { String::new() } else { blank_tests(&code) };
        Source { path: path.to_owned(), text: text.to_owned(), code, product }
    }

    /// All files of Rust below a folder of this package, by path.
    pub fn all(folder: &str) -> Vec<Source> {
        let top = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut sources = Vec::new();
        collect(top, &top.join(folder), &mut sources);
        sources.sort_by(|a, b| a.path.cmp(&b.path));
        assert!(!sources.is_empty(), "no sources below {folder}");
        without_test_modules(sources)
    }

    /// A breach of a rule at byte `at` of this file.
    pub fn breach(&self, at: usize, rule: &str) -> String {
        let line = 1 + self.text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
        format!("{}:{line}: {rule}", self.path)
    }

    /// The room that this file belongs to: `packs`, `main`; `None` for `src/lib.rs` and for what is not in `src`.
    pub fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        let room = inside.split('/').next().expect("split gives one part at least").trim_end_matches(".rs");
        (room != "lib").then_some(room)
    }

    /// Where the module `name` of this file may lie.
    pub fn child(&self, name: &str) -> [String; 2] {
        let stem = self.path.trim_end_matches(".rs");
        let is_top = ["/mod", "/lib", "/main"].iter().any(|top| stem.ends_with(top));
        let folder = if is_top { stem.rsplit_once('/').map_or("", |(folder, _)| folder) } else { stem };
        [format!("{folder}/{name}.rs"), format!("{folder}/{name}/mod.rs")]
    }

    /// The module that this file is, from the top of its crate: `["store", "s3", "errors"]`.
    pub fn module(&self) -> Vec<&str> {
        let inside = self.path.split_once('/').map_or("", |(_, inside)| inside).trim_end_matches(".rs");
        let mut module: Vec<&str> = inside.split('/').collect();
        if matches!(module.last(), Some(&"mod" | &"lib" | &"main")) {
            module.pop();
        }
        module
    }
}

/// Where `word` stands in `code` as a word of its own.
pub fn find_word<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = at.checked_sub(1).and_then(|before| code.as_bytes().get(before));
        let after = code.as_bytes().get(at + word.len());
        let ends_open = word.ends_with(|last: char| !last.is_alphanumeric() && last != '_');
        !is_part(before) && (ends_open || !is_part(after))
    })
}

/// The name that begins at the start of `code`; empty if none does.
pub fn name(code: &str) -> &str {
    &code[..code.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(code.len())]
}

/// Empties `product` of the files whose `mod` line stands under `#[cfg(test)]`, and of those that these declare.
fn without_test_modules(mut sources: Vec<Source>) -> Vec<Source> {
    let mut tests = Vec::new();
    for source in &sources {
        for at in find_word(&source.code, "mod ") {
            let (module, tail) = name_and_tail(&source.code[at + "mod ".len()..]);
            if tail.starts_with(';') && source.product.as_bytes().get(at) == Some(&b' ') {
                tests.extend(source.child(module));
            }
        }
    }
    let folders: Vec<String> = tests.iter().filter_map(|path| Some(path.strip_suffix("mod.rs")?.to_owned())).collect();
    let is_test = |path: &String| tests.contains(path) || folders.iter().any(|folder| path.starts_with(folder));
    for source in sources.iter_mut().filter(|source| is_test(&source.path)) {
        source.product = String::new();
    }
    sources
}

fn name_and_tail(code: &str) -> (&str, &str) {
    code.split_at(name(code).len())
}

fn collect(top: &Path, folder: &Path, sources: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(top, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(top).unwrap().to_str().expect("our own file names are UTF-8");
            sources.push(Source::new(name, &fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Whether the whole file is a test: `tests.rs` and what lies in `tests/`.
fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// Blanks, and line ends where they were.
fn blanks(text: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect()
}

/// Replaces comments, strings and characters by blanks, byte for byte.
fn blank_prose(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let is_name = code.ends_with(|last: char| last.is_alphanumeric() || last == '_');
        let prose = prose_len(rest, is_name);
        if prose > 0 {
            code.push_str(&blanks(&rest[..prose]));
            rest = &rest[prose..];
        } else {
            // A letter that is not ASCII could only make the lines of code and text differ in length.
            code.push_str(&if c.is_ascii() { c.to_string() } else { " ".repeat(c.len_utf8()) });
            rest = &rest[c.len_utf8()..];
        }
    }
    code
}

/// How many bytes at the start of `rest` are a comment, a string or a character; 0 if none.
fn prose_len(rest: &str, is_name: bool) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment_len(rest);
    }
    // `r` and `b` before a quote belong to the string, unless they end a name.
    let prefix = if is_name { 0 } else { rest.len() - rest.trim_start_matches(['b', 'r', 'c']).len() };
    let marked = &rest[prefix..];
    let hashes = marked.len() - marked.trim_start_matches('#').len();
    if prefix > 0 && rest[..prefix].contains('r') && marked[hashes..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let body = &marked[hashes + 1..];
        return prefix + hashes + 1 + body.find(&end).map_or(body.len(), |at| at + end.len());
    }
    if prefix <= 2 && marked.starts_with('"') {
        return prefix + quoted_len(marked, '"');
    }
    // `'a'` and `'\n'` are characters, `'a` is a lifetime.
    let mut quoted = marked.strip_prefix('\'').unwrap_or("").chars();
    match (quoted.next(), quoted.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) if prefix <= 1 => prefix + quoted_len(marked, '\''),
        _ => 0,
    }
}

fn quoted_len(text: &str, quote: char) -> usize {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if c == quote {
            return at + 1;
        }
    }
    text.len()
}

fn block_comment_len(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// Replaces each item under `#[cfg(test)]` by blanks.
fn blank_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut product = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(start) = rest.find(MARK) {
        let end = start + item_len(&rest[start..]);
        product.push_str(&rest[..start]);
        product.push_str(&blanks(&rest[start..end]));
        rest = &rest[end..];
    }
    product + rest
}

/// Up to the `;` or the closing brace that ends the item.
fn item_len(code: &str) -> usize {
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn prose_and_tests_are_blanked_and_lines_stay() {
    let text = "a(\"crate::x \\\" y\"); // crate::b\nlet r = br#\"a\"b\"#; let c = '\"'; fn f<'a>() {} /* /* */ z */ end\n\
        #[cfg(test)]\nmod tests {\n    fn t() { \"}\"; }\n}\nfn last() { 'é' ; b'x' }\n";
    let source = Source::new("src/base/a.rs", text);
    assert_eq!(source.code.len(), text.len());
    assert_eq!(source.code.lines().count(), text.lines().count());
    let words: Vec<&str> = source.product.split_whitespace().collect();
    let wanted = "a( ); let r = ; let c = ; fn f<'a>() {} end fn last() { ; }";
    assert_eq!(words.join(" "), wanted);
}

#[test]
fn modules_declared_for_tests_are_tests() {
    let sources = vec![
        Source::new("src/git/mod.rs", "mod repo;\n#[cfg(test)]\nmod testing;\n#[cfg(test)]\nmod played;\n"),
        Source::new("src/git/repo.rs", "fn f() {}"),
        Source::new("src/git/testing.rs", "fn f() {}"),
        Source::new("src/git/played/mod.rs", "mod scene;\n"),
        Source::new("src/git/played/scene.rs", "fn f() {}"),
    ];
    let products: Vec<bool> = without_test_modules(sources).iter().map(|source| source.product.is_empty()).collect();
    assert_eq!(products, [false, false, true, true, true]);
}

#[test]
fn modules_and_rooms_are_read_from_paths() {
    assert_eq!(Source::new("src/store/s3/mod.rs", "").module(), ["store", "s3"]);
    assert_eq!(Source::new("src/store/s3/calls.rs", "").module(), ["store", "s3", "calls"]);
    assert_eq!(Source::new("src/store/s3/calls.rs", "").room(), Some("store"));
    assert_eq!(Source::new("src/main.rs", "").room(), Some("main"));
    assert_eq!(Source::new("src/lib.rs", "").room(), None);
}
