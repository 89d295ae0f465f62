//! The data of the demo: time zones, a line of print and a small model, as they were in 2020 and in 2025.
//!
//! fixtures/README.md tells where each file is from.

use std::fs;
use std::path::Path;

use crate::base::{AtPath, PathResult};

/// A file of the data set: its path and its bytes.
type File = (&'static str, &'static [u8]);

macro_rules! files {
    ($version:literal: $($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!("../../../fixtures/data/", $version, "/", $path)))),*]
    };
}

/// The older version.
pub const OF_2020: &[File] = files!("v1":
    "images/horse.png",
    "images/text.png",
    "model/digits.safetensors",
    "tables/leapseconds",
    "tables/tzdata.zi",
    "tables/zones.csv",
);

/// The newer one.
pub const OF_2025: &[File] = files!("v2":
    "images/text.png",
    "model/digits.safetensors",
    "tables/leapseconds",
    "tables/tzdata.zi",
    "tables/zones.csv",
    "tables/zonenow.tab",
);

/// Makes `folder` hold these files and nothing else.
pub fn write(folder: &Path, files: &[File]) -> PathResult<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).at("remove", folder)?;
    }
    for (path, bytes) in files {
        let path = folder.join(path);
        let above = path.parent().expect("each file lies in a folder");
        fs::create_dir_all(above).at("make", above)?;
        fs::write(&path, bytes).at("write", &path)?;
    }
    Ok(())
}

/// The first of these files that is not there byte for byte.
pub fn differs(folder: &Path, files: &[File]) -> Option<&'static str> {
    files.iter().find(|(path, bytes)| fs::read(folder.join(path)).ok().as_deref() != Some(bytes)).map(|(path, _)| *path)
}
