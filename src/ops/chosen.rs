//! Which datasets, and which parts of them, a user means by some paths; no pointer is read for it.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::RepoPath;

use super::error::Error;
use super::pointed::dataset_path;

/// A dataset, or some parts of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Where it is.
    pub dataset: RepoPath,
    insides: Vec<RepoPath>,
}

impl Chosen {
    /// Whether a path in the dataset is meant.
    pub fn has(&self, path: &RepoPath) -> bool {
        self.insides.iter().any(|inside| inside.is_empty() || path.is_in(inside))
    }

    /// Whether all of it is meant.
    pub fn is_whole(&self) -> bool {
        self.insides.iter().any(RepoPath::is_empty)
    }

    /// The innermost folder of the dataset that holds all that is meant.
    pub fn common(&self) -> RepoPath {
        let mut folder = self.insides.first().cloned().unwrap_or_default();
        while !self.insides.iter().all(|inside| inside.is_in(&folder)) {
            folder = folder.parent().unwrap_or_default();
        }
        folder
    }
}

/// What a user means: datasets, their pointers, parts of them, folders that hold some. No paths mean all.
///
/// # Errors
/// `NoDataset` for a path that means nothing.
pub fn choose(known: &BTreeSet<RepoPath>, paths: &[RepoPath]) -> Result<Vec<Chosen>, Error> {
    let whole = [RepoPath::default()];
    let paths = if paths.is_empty() { &whole[..] } else { paths };
    let mut chosen: BTreeMap<&RepoPath, Vec<RepoPath>> = BTreeMap::new();
    for path in paths {
        let named = dataset_path(path).filter(|dataset| known.contains(dataset));
        let path = named.as_ref().unwrap_or(path);
        let mut is_known = path.is_empty();
        for dataset in known {
            let inside = if dataset.is_in(path) { Some(RepoPath::default()) } else { path.strip(dataset) };
            if let Some(inside) = inside {
                chosen.entry(dataset).or_default().push(inside);
                is_known = true;
            }
        }
        if !is_known {
            return Err(Error::NoDataset { path: path.clone() });
        }
    }
    Ok(chosen.into_iter().map(|(dataset, insides)| Chosen { dataset: dataset.clone(), insides }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text.as_bytes()).unwrap()
    }

    fn chosen(paths: &[&str]) -> Option<Vec<String>> {
        let known = ["a/data", "a/more", "images"].map(path).into();
        let paths: Vec<RepoPath> = paths.iter().map(|text| path(text)).collect();
        let chosen = choose(&known, &paths).ok()?;
        Some(chosen.iter().map(|one| format!("{}:{}", one.dataset, one.common())).collect())
    }

    #[test]
    fn a_path_may_name_a_dataset_its_pointer_a_part_or_a_folder() {
        assert_eq!(chosen(&[]).unwrap(), ["a/data:", "a/more:", "images:"]);
        assert_eq!(chosen(&["a"]).unwrap(), ["a/data:", "a/more:"]);
        assert_eq!(chosen(&["images.esker", "a/data/x/y"]).unwrap(), ["a/data:x/y", "images:"]);
        assert_eq!(chosen(&["images/x/y", "images/x/z"]).unwrap(), ["images:x"]);
        assert_eq!(chosen(&["imag"]), None);
    }

    #[test]
    fn parts_of_a_dataset_are_told_from_its_rest() {
        let known = [path("data")].into();
        let chosen = choose(&known, &[path("data/x"), path("data/y")]).unwrap();
        assert!(chosen[0].has(&path("x/1")) && chosen[0].has(&path("y")) && !chosen[0].has(&path("z")));
        assert!(!chosen[0].is_whole());
        assert!(choose(&known, &[path("data/x"), path("data")]).unwrap()[0].is_whole());
    }
}
