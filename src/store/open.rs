//! From the address of a store to the store: a folder, `file:///folder` or `s3://bucket/prefix`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{LocalStore, Store, StoreError};

/// What a store needs to be told besides its address. All of it concerns buckets only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreOptions {
    /// The server, if it is not Amazon's: `http://127.0.0.1:9000`.
    pub endpoint: Option<String>,
    /// The region of the bucket, if it is not the one that the AWS configuration names.
    pub region: Option<String>,
    /// The profile in the AWS configuration whose credentials are used.
    pub profile: Option<String>,
    /// `when_supported` (the default) or `when_required`, for servers that refuse checksums.
    pub checksum: Option<String>,
}

/// Opens the store at `url`. No request is made: a bucket that is not there is noticed later.
///
/// Relative folders are those of the process.
///
/// # Errors
/// `Address` if `url` or an option makes no sense, `NoPlace` if the folder is not there.
pub fn open(url: &str, options: &StoreOptions) -> Result<Arc<dyn Store>, StoreError> {
    match Place::of(url)? {
        Place::Folder(folder) => {
            refuse_options(url, options)?;
            Ok(Arc::new(LocalStore::open(&folder)?))
        }
        Place::Bucket => bucket(url, options),
    }
}

/// As [`open`], but makes the folder if it is not there. A bucket is never made.
pub fn create(url: &str, options: &StoreOptions) -> Result<Arc<dyn Store>, StoreError> {
    match Place::of(url)? {
        Place::Folder(folder) => {
            refuse_options(url, options)?;
            Ok(Arc::new(LocalStore::create(&folder)?))
        }
        Place::Bucket => bucket(url, options),
    }
}

enum Place {
    Folder(PathBuf),
    Bucket,
}

impl Place {
    fn of(url: &str) -> Result<Place, StoreError> {
        let Some((scheme, rest)) = url.split_once("://") else {
            return if url.is_empty() { Err(refused(url, SUPPORTED)) } else { Ok(Place::Folder(url.into())) };
        };
        match scheme {
            "s3" => Ok(Place::Bucket),
            "file" => Ok(Place::Folder(file_path(url, rest)?)),
            _ => Err(refused(url, SUPPORTED)),
        }
    }
}

const SUPPORTED: &str = "a folder, file:///folder or s3://bucket/prefix is expected";

fn file_path(url: &str, rest: &str) -> Result<PathBuf, StoreError> {
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !path.starts_with('/') {
        return Err(refused(url, "file:// takes an absolute path: file:///folder"));
    }
    let bytes = percent_decoded(path).ok_or_else(|| refused(url, "a % is not followed by two hex digits"))?;
    let path = String::from_utf8(bytes).map_err(|_| refused(url, "it is not UTF-8"))?;
    Ok(Path::new(&path).to_owned())
}

fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'%' {
            let digits = rest.split_at_checked(2).filter(|(digits, _)| digits.iter().all(u8::is_ascii_hexdigit))?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits.0).ok()?, 16).ok()?);
            rest = digits.1;
        } else {
            bytes.push(*first);
        }
    }
    Some(bytes)
}

fn refuse_options(url: &str, options: &StoreOptions) -> Result<(), StoreError> {
    if *options == StoreOptions::default() {
        return Ok(());
    }
    Err(refused(url, "endpoint, region, profile and checksum are for s3:// only"))
}

#[cfg(feature = "s3")]
fn bucket(url: &str, options: &StoreOptions) -> Result<Arc<dyn Store>, StoreError> {
    use super::{S3Options, S3Store};

    let mut bucket = S3Options::parse(url)?;
    bucket.endpoint = options.endpoint.clone();
    bucket.region = options.region.clone();
    bucket.profile = options.profile.clone();
    if let Some(checksum) = &options.checksum {
        bucket.checksum = checksum.parse().map_err(|reason: String| refused(url, &reason))?;
    }
    Ok(Arc::new(S3Store::open(&bucket)?))
}

#[cfg(not(feature = "s3"))]
fn bucket(url: &str, _options: &StoreOptions) -> Result<Arc<dyn Store>, StoreError> {
    Err(refused(url, "this build of esker has no S3"))
}

/// The refusal of an address, without the password that may stand in it.
pub(super) fn refused(url: &str, reason: &str) -> StoreError {
    StoreError::Address { url: without_password(url), reason: reason.to_owned() }
}

fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    // A password may hold a `/`: what stands before the last `@` is not shown.
    match rest.rsplit_once('@') {
        Some((_, rest)) => format!("{scheme}://…@{rest}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(url: &str) -> String {
        open(url, &StoreOptions::default()).err().unwrap().to_string()
    }

    #[test]
    fn unknown_schemes_are_refused_with_what_is_supported() {
        for url in ["gs://b/p", "http://example.org/x", "S3://b", "", "ssh://me@host/x"] {
            assert!(reason(url).contains("s3://bucket/prefix"), "{url}");
        }
    }

    #[test]
    fn a_password_is_not_repeated() {
        for url in ["s3://AKIA:hunter2@bucket/p", "s3://AKIA:hun/ter2@bucket/p", "ftp://me:hunter2@host/x"] {
            let reason = reason(url);
            assert!(!reason.contains("ter2"), "{reason}");
        }
    }

    #[test]
    fn file_addresses_are_absolute_and_decoded() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a b%");
        let url = format!("file://{}/a%20b%25", folder.path().display());
        create(&url, &StoreOptions::default()).unwrap();
        assert!(place.is_dir());
        assert!(reason("file://relative/x").contains("absolute"));
        assert!(reason("file:///a%2").contains("hex"));
    }

    #[test]
    fn options_of_a_bucket_are_refused_for_a_folder() {
        let options = StoreOptions { region: Some("eu-west-1".to_owned()), ..StoreOptions::default() };
        let error = open("/tmp", &options).err().unwrap();
        assert!(matches!(error, StoreError::Address { .. }), "{error}");
    }
}
