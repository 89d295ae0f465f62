//! What the remotes are known to hold, from the copies of their indexes on this machine: no request is made.

use crate::base::Id;
use crate::packs::Catalog;

use super::error::Error;
use super::project::Project;

/// The indexes of all configured remotes, as they were when this clone last asked.
pub struct Copies(Vec<Catalog>);

impl Copies {
    /// Maps the copies.
    pub fn load(project: &Project) -> Result<Copies, Error> {
        let remotes = project.config().remotes().into_iter();
        let catalogs = remotes.map(|remote| Ok(Catalog::load(&remote.name, &project.copies_of(&remote))?));
        catalogs.collect::<Result<_, Error>>().map(Copies)
    }

    /// The indexes.
    pub fn catalogs(&self) -> &[Catalog] {
        &self.0
    }

    /// Whether some remote had this chunk or page.
    pub fn have(&self, id: &Id) -> bool {
        self.0.iter().any(|catalog| catalog.find(id).is_some())
    }
}
