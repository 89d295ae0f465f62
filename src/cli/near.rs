//! Paths as people see them: from where they stand.

use crate::base::RepoPath;
use crate::ops::Project;

/// Where the user stands.
pub struct Near(RepoPath);

impl Near {
    /// In the folder in which they called.
    pub fn new(project: &Project) -> Near {
        Near(project.here())
    }

    /// At a root: of another repository, say.
    pub fn root() -> Near {
        Near(RepoPath::default())
    }

    /// `path` as they would type it: `../data/a.csv`.
    pub fn path(&self, path: &RepoPath) -> String {
        let mut folder = self.0.clone();
        let mut up = String::new();
        loop {
            match (path.strip(&folder), folder.parent()) {
                (Some(rest), _) if rest.is_empty() && up.is_empty() => return ".".to_owned(),
                (Some(rest), _) if rest.is_empty() => return up.trim_end_matches('/').to_owned(),
                (Some(rest), _) => return format!("{up}{rest}"),
                (None, above) => folder = above.unwrap_or_default(),
            }
            up.push_str("../");
        }
    }

    /// The same for a folder: with a `/` at its end.
    pub fn folder(&self, path: &RepoPath) -> String {
        format!("{}/", self.path(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn paths_begin_where_the_user_stands() {
        let near = Near(path("a/b"));
        assert_eq!(near.path(&path("a/b/c")), "c");
        assert_eq!(near.path(&path("a/c")), "../c");
        assert_eq!(near.path(&path("x/y")), "../../x/y");
        assert_eq!(near.path(&path("a")), "..");
        assert_eq!(near.path(&path("a/b")), ".");
        assert_eq!(Near(path("")).path(&path("x")), "x");
    }
}
