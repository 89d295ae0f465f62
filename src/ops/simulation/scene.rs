//! What is the same for all seeds: clones with some versions of data in Git and in their caches.

use std::collections::{BTreeSet, HashMap};

use crate::base::{Id, Job};
use crate::format::compression::Compression;
use crate::format::root::Root;
use crate::ops::acknowledged::Acknowledged;
use crate::ops::lack::lack;
use crate::ops::project::Project;
use crate::ops::selection::{self, Part, SelectionOptions};
use crate::ops::testing::{Sandbox, noise, run};
use crate::packs::{Catalog, PackStore};

/// The clones. They have different ids and much data in common.
pub const CLONES: [&str; 3] = ["alice", "bob", "carol"];
/// How many versions each has; a push of one names all before it, too.
pub const VERSIONS: usize = 3;

/// The clones, and what their pushes send.
pub struct Scene {
    sandbox: Sandbox,
    /// By clone, then by version.
    pub parts: Vec<Vec<Part>>,
    /// The `project.id` of each clone.
    pub repositories: Vec<[u8; 16]>,
    /// What each version of a dataset is made of: chunks and pages.
    objects: HashMap<Id, Vec<Id>>,
}

impl Scene {
    pub fn new() -> Scene {
        let sandbox = Sandbox::new();
        CLONES[1..].iter().for_each(|name| sandbox.make(name));
        let mut scene = Scene { sandbox, parts: Vec::new(), repositories: Vec::new(), objects: HashMap::new() };
        for (number, name) in CLONES.into_iter().enumerate() {
            scene.sandbox.write(name, "same", noise(0, 300));
            for version in 0..VERSIONS {
                let first = 1 + (number + version) as u64;
                (0..4).for_each(|file| {
                    scene.sandbox.write(name, &format!("data/{file}"), noise(first + file, 200));
                });
                scene.sandbox.add(name, &["data", "same"]);
                scene.sandbox.git(name, &format!("tag v{version}"));
            }
            let project = scene.project(number);
            let parts = (0..VERSIONS).map(|version| run(|job| scene.part(&project, version, job))).collect();
            scene.parts.push(parts);
            scene.repositories.push(project.config().project_id().unwrap());
        }
        scene
    }

    fn part(&mut self, project: &Project, version: usize, job: &Job<'_>) -> Part {
        let revisions = (0..=version).rev().map(|version| format!("v{version}")).collect();
        let options = SelectionOptions { revisions, ..SelectionOptions::default() };
        let selection = selection::to_push(project, &options, job).unwrap();
        let part = selection.by_remote(project, None).unwrap().remove(0).whole();
        for selected in &part.wanted {
            let (nothing, nobody) = (Catalog::default(), Acknowledged::default());
            let all = lack(project, std::slice::from_ref(selected), &nothing, &nobody, job).unwrap();
            let objects = all.chunks.iter().map(|chunk| chunk.id).chain(all.pages).collect();
            self.objects.insert(selected.dataset.pointer.id, objects);
        }
        part
    }

    /// A clone's project, with a cache that is read by one thread.
    pub fn project(&self, clone: usize) -> Project {
        let project = self.sandbox.project(CLONES[clone]);
        let cache = PackStore::cache(&project.cache_folder(), Compression::None).unwrap().in_step();
        project.with_cache(cache)
    }

    /// What a version of a dataset is made of.
    pub fn objects(&self, dataset: &Id) -> &[Id] {
        &self.objects[dataset]
    }

    /// All that a root leads to.
    pub fn objects_of(&self, root: &Root) -> BTreeSet<Id> {
        root.datasets.iter().flat_map(|dataset| self.objects(&dataset.id)).copied().collect()
    }
}
