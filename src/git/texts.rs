//! Merging small texts line by line, as Git does.

/// What comes of three texts; `None` if both sides changed the same lines differently.
pub fn merge_texts(base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    if ours == theirs || theirs == base {
        return Some(ours.to_vec());
    }
    if ours == base {
        return Some(theirs.to_vec());
    }
    let [mut base_file, mut our_file, mut their_file] = [(); 3].map(|()| git2::MergeFileInput::new());
    base_file.content(base);
    our_file.content(ours);
    their_file.content(theirs);
    let merged = git2::merge_file(&base_file, &our_file, &their_file, None).ok()?;
    merged.is_automergeable().then(|| merged.content().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distant_lines_merge_and_equal_ones_clash() {
        let merged = |ours: &str, theirs: &str| {
            let base = "a\nb\nc\nd\ne\nf\ng\n";
            merge_texts(base.as_bytes(), ours.as_bytes(), theirs.as_bytes()).map(|it| String::from_utf8(it).unwrap())
        };
        let (ours, theirs) = ("A\nb\nc\nd\ne\nf\ng\n", "a\nb\nc\nd\ne\nf\nG\n");
        assert_eq!(merged(ours, theirs).unwrap(), "A\nb\nc\nd\ne\nf\nG\n");
        assert_eq!(merged(ours, "B\nb\nc\nd\ne\nf\ng\n"), None);
        assert_eq!(merged(ours, "a\nb\nc\nd\ne\nf\ng\n").unwrap(), ours);
    }
}
