//! A pointer that a merge could not decide: Git's conflict markers around the sides, each of them whole if esker wrote it.

/// The sides of a text with conflict markers. Lines outside of all markers belong to each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sides {
    /// Our side.
    pub ours: Vec<u8>,
    /// What both started from; `None` if some conflict does not tell.
    pub base: Option<Vec<u8>>,
    /// Their side.
    pub theirs: Vec<u8>,
}

/// What people see beside the markers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// Of our side: `HEAD`.
    pub ours: String,
    /// Of what both started from.
    pub base: String,
    /// Of their side.
    pub theirs: String,
}

impl Default for Labels {
    fn default() -> Labels {
        Labels { ours: "ours".to_owned(), base: "base".to_owned(), theirs: "theirs".to_owned() }
    }
}

const OURS: &str = "<<<<<<<";
const BASE: &str = "|||||||";
const MIDDLE: &str = "=======";
const THEIRS: &str = ">>>>>>>";

/// The text of a pointer in conflict: all of our side, of the base, of their side. A side that has no pointer is empty.
pub fn write(ours: &[u8], base: &[u8], theirs: &[u8], labels: &Labels) -> Vec<u8> {
    let mut text = Vec::new();
    let parts = [
        (OURS, labels.ours.as_str(), ours),
        (BASE, labels.base.as_str(), base),
        (MIDDLE, "", theirs),
        (THEIRS, labels.theirs.as_str(), b"".as_slice()),
    ];
    for (marker, label, side) in parts {
        let label = label.replace(['\n', '\r'], " ");
        text.extend_from_slice(format!("{marker} {label}").trim_end().as_bytes());
        text.push(b'\n');
        text.extend_from_slice(side);
        if !side.is_empty() && !side.ends_with(b"\n") {
            text.push(b'\n');
        }
    }
    text
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Common,
    Ours,
    Base,
    Theirs,
}

/// Takes a text with conflict markers apart; `None` if it has none, or some that do not fit together.
pub fn sides(text: &[u8]) -> Option<Sides> {
    let mut sides = Sides { base: Some(Vec::new()), ..Sides::default() };
    let (mut part, mut has_base, mut found) = (Part::Common, false, false);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let next = match (part, marker(line)) {
            (Part::Common, Some(OURS)) => Part::Ours,
            (Part::Ours, Some(BASE)) => Part::Base,
            (Part::Ours | Part::Base, Some(MIDDLE)) => Part::Theirs,
            (Part::Theirs, Some(THEIRS)) => Part::Common,
            // A line of `=` outside of a conflict is no marker.
            (Part::Common, Some(MIDDLE)) | (_, None) => {
                sides.take(part, line);
                continue;
            }
            _ => return None,
        };
        match next {
            Part::Ours => has_base = false,
            Part::Base => has_base = true,
            Part::Theirs if !has_base => sides.base = None,
            _ => found = true,
        }
        part = next;
    }
    (found && part == Part::Common).then_some(sides)
}

impl Sides {
    fn take(&mut self, part: Part, line: &[u8]) {
        if matches!(part, Part::Common | Part::Ours) {
            self.ours.extend_from_slice(line);
        }
        if let (Part::Common | Part::Base, Some(base)) = (part, &mut self.base) {
            base.extend_from_slice(line);
        }
        if matches!(part, Part::Common | Part::Theirs) {
            self.theirs.extend_from_slice(line);
        }
    }
}

/// The marker that a line begins with. Only that in the middle has nothing behind it.
fn marker(line: &[u8]) -> Option<&'static str> {
    let line = line.trim_ascii_end();
    let is = |marker: &&str| {
        let rest = line.strip_prefix(marker.as_bytes());
        rest.is_some_and(|rest| rest.is_empty() || (*marker != MIDDLE && rest.starts_with(b" ")))
    };
    [OURS, BASE, MIDDLE, THEIRS].into_iter().find(|marker| is(marker))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Option<(String, Option<String>, String)> {
        let text_of = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        sides(text.as_bytes()).map(|it| (text_of(it.ours), it.base.map(text_of), text_of(it.theirs)))
    }

    #[test]
    fn whole_sides_are_read_back() {
        let labels = Labels { ours: "HEAD".into(), base: "1a2b".into(), theirs: "a\nb".into() };
        let text = write(b"one\n", b"", b"two", &labels);
        assert_eq!(text, b"<<<<<<< HEAD\none\n||||||| 1a2b\n=======\ntwo\n>>>>>>> a b\n");
        let expected = Sides { ours: b"one\n".to_vec(), base: Some(Vec::new()), theirs: b"two\n".to_vec() };
        assert_eq!(sides(&text), Some(expected));
    }

    #[test]
    fn what_git_merged_as_text_is_read_too() {
        let text = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> side\nd\n";
        assert_eq!(split(text), Some(("a\nb\nd\n".into(), None, "a\nc\nd\n".into())));
        let text = "a\r\n<<<<<<< x\r\nb\r\n||||||| y\r\nz\r\n=======\r\nc\r\n>>>>>>> side\r\n";
        assert_eq!(split(text), Some(("a\r\nb\r\n".into(), Some("a\r\nz\r\n".into()), "a\r\nc\r\n".into())));
    }

    #[test]
    fn what_does_not_fit_together_is_no_conflict() {
        for text in ["", "a\n=======\n", "<<<<<<< a\nb\n", ">>>>>>> a\n", "<<<<<<< a\n<<<<<<< b\n=======\n>>>>>>> c\n"]
        {
            assert_eq!(split(text), None, "{text:?}");
        }
    }
}
