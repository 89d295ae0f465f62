//! The kinds of remote that a story runs on: the same story, a folder or a bucket.

use std::path::Path;

use super::s3_server::S3Server;

/// A kind of remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remote {
    /// A plain folder, as on a network drive.
    Folder,
    /// A bucket, served in this process.
    S3,
}

impl Remote {
    /// All kinds: `for remote in Remote::all() { World::on(remote)… }`.
    pub fn all() -> impl Iterator<Item = Remote> {
        [Remote::Folder, Remote::S3].into_iter()
    }

    /// An empty remote of this kind; a folder lies below `world`.
    pub fn open(self, world: &Path) -> Place {
        match self {
            Remote::Folder => Place::folder(&world.join("remote")),
            Remote::S3 => Place::bucket(S3Server::start()),
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
    /// The server behind a bucket, for faults and for its log; it ends when it is dropped.
    pub server: Option<S3Server>,
}

impl Place {
    /// A folder, which is made if it is not there.
    pub fn folder(path: &Path) -> Place {
        std::fs::create_dir_all(path).unwrap();
        let url = path.to_str().expect("a temporary folder is UTF-8").to_owned();
        Place { url, words: Vec::new(), variables: Vec::new(), server: None }
    }

    /// A prefix in a bucket, which lives as long as this does.
    pub fn bucket(server: S3Server) -> Place {
        let endpoint = server.endpoint();
        Place {
            url: server.url("data"),
            words: ["--endpoint", &endpoint, "--region", "us-east-1"].map(str::to_owned).to_vec(),
            variables: server.environment().map(|(name, value)| (name.to_owned(), value)).to_vec(),
            server: Some(server),
        }
    }
}
