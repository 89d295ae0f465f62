//! The kinds of remote that a story runs on: the same story, a folder or a bucket.

use std::any::Any;
use std::path::Path;

/// A kind of remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remote {
    /// A plain folder, as on a network drive.
    Folder,
}

impl Remote {
    /// All kinds: `for remote in Remote::all() { World::on(remote)… }`.
    pub fn all() -> impl Iterator<Item = Remote> {
        [Remote::Folder].into_iter()
    }

    /// An empty remote of this kind; a folder lies below `world`.
    pub fn open(self, world: &Path) -> Place {
        match self {
            Remote::Folder => Place::folder(&world.join("remote")),
        }
    }
}

/// One remote that is there: what `esker remote add` and the program's environment need to know of it.
pub struct Place {
    /// Its address.
    pub url: String,
    /// More words for `esker remote add`: `--endpoint`, `--region`.
    pub words: Vec<String>,
    /// Variables for the program, such as `AWS_ACCESS_KEY_ID`.
    pub variables: Vec<(String, String)>,
    /// What must live as long as the remote: a server that stops when it is dropped.
    pub keeper: Option<Box<dyn Any>>,
}

impl Place {
    /// A folder, which is made if it is not there.
    pub fn folder(path: &Path) -> Place {
        std::fs::create_dir_all(path).unwrap();
        let url = path.to_str().expect("a temporary folder is UTF-8").to_owned();
        Place { url, words: Vec::new(), variables: Vec::new(), keeper: None }
    }

    /// A bucket at `endpoint` (`http://127.0.0.1:…`), served by `keeper` until that is dropped.
    pub fn bucket(endpoint: &str, bucket: &str, keys: (&str, &str), keeper: Box<dyn Any>) -> Place {
        let variables = [("AWS_ACCESS_KEY_ID", keys.0), ("AWS_SECRET_ACCESS_KEY", keys.1)];
        Place {
            url: format!("s3://{bucket}/data"),
            words: ["--endpoint", endpoint, "--region", "us-east-1"].map(str::to_owned).to_vec(),
            variables: variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            keeper: Some(keeper),
        }
    }
}
