//! Where a bucket is and how it is spoken to.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::store::StoreError;
use crate::store::open::refused;

/// What it takes to reach a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Options {
    /// The bucket.
    pub bucket: String,
    /// What all keys begin with: parts joined by `/`, none at the ends. Empty: the whole bucket.
    pub prefix: String,
    /// The server, if it is not Amazon's. Requests then name the bucket in the path.
    pub endpoint: Option<String>,
    /// The region. Else the AWS configuration's, else `us-east-1` if there is an endpoint.
    pub region: Option<String>,
    /// The profile whose credentials are used, as `aws --profile` does: also if the environment holds others.
    pub profile: Option<String>,
    /// Fixed credentials, for programs that have a vault of their own. Else the SDK looks for them.
    pub keys: Option<AccessKeys>,
    /// When requests carry a checksum.
    pub checksum: Checksum,
    /// How long a transfer may stand still before it is given up and tried again.
    pub patience: Duration,
}

/// An access key and its secret, which is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKeys {
    /// The public half.
    pub id: String,
    /// The secret half.
    pub secret: String,
}

impl fmt::Debug for AccessKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessKeys").field("id", &self.id).finish_non_exhaustive()
    }
}

/// When requests and answers carry checksums of their bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Checksum {
    /// Wherever S3 has them.
    #[default]
    WhenSupported,
    /// Only where S3 demands them: for servers that refuse what they do not know.
    WhenRequired,
}

impl FromStr for Checksum {
    type Err = String;

    fn from_str(text: &str) -> Result<Checksum, String> {
        match text {
            "when_supported" => Ok(Checksum::WhenSupported),
            "when_required" => Ok(Checksum::WhenRequired),
            _ => Err(format!("checksum is `{text}`, neither when_supported nor when_required")),
        }
    }
}

impl S3Options {
    /// Reads `s3://bucket` or `s3://bucket/prefix`; all else is as if nothing were said.
    ///
    /// # Errors
    /// `Address`, which repeats no password.
    pub fn parse(url: &str) -> Result<S3Options, StoreError> {
        let rest = url.strip_prefix("s3://").ok_or_else(|| refused(url, "s3://bucket/prefix is expected"))?;
        if rest.contains('@') {
            return Err(refused(url, "credentials do not belong into an address"));
        }
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        check_bucket(bucket).map_err(|reason| refused(url, reason))?;
        check_prefix(prefix).map_err(|reason| refused(url, reason))?;
        Ok(S3Options {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            endpoint: None,
            region: None,
            profile: None,
            keys: None,
            checksum: Checksum::default(),
            patience: Duration::from_secs(60),
        })
    }

    /// What people call it: `s3://bucket/prefix`.
    pub(super) fn name(&self) -> String {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        format!("s3://{}{slash}{}", self.bucket, self.prefix)
    }

    /// Refuses an endpoint that could not be called.
    pub(super) fn check_endpoint(&self) -> Result<(), StoreError> {
        let Some(endpoint) = &self.endpoint else { return Ok(()) };
        let host = endpoint.strip_prefix("http://").or_else(|| endpoint.strip_prefix("https://"));
        match host {
            None => Err(refused(endpoint, "an endpoint begins with http:// or https://")),
            Some(host) if host.contains('@') => Err(refused(endpoint, "credentials do not belong into an endpoint")),
            Some(host) if host.is_empty() || host.contains(char::is_whitespace) || host.contains(['?', '#']) => {
                Err(refused(endpoint, "an endpoint is http://host:port"))
            }
            Some(_) => Ok(()),
        }
    }
}

fn check_bucket(bucket: &str) -> Result<(), &'static str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    match bucket {
        "" => Err("the name of the bucket is missing"),
        // Other characters are those of an option (`?endpoint=`) or of another kind of address (an ARN).
        _ if !bucket.bytes().all(plain) || bucket.len() > 255 => Err("that is no name of a bucket"),
        _ => Ok(()),
    }
}

fn check_prefix(prefix: &str) -> Result<(), &'static str> {
    let good = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['?', '#', '\\']);
    if prefix.chars().any(char::is_control) || !(prefix.is_empty() || prefix.split('/').all(good)) {
        return Err("that is no prefix: names joined by single slashes are expected");
    }
    // A key of S3 has 1,024 bytes at most, one of ours 255.
    if prefix.len() > 700 { Err("the prefix is longer than 700 bytes") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        for (url, bucket, prefix) in [
            ("s3://b", "b", ""),
            ("s3://b/", "b", ""),
            ("s3://b/p/q//", "b", "p/q"),
            ("s3://My_b.x/p q", "My_b.x", "p q"),
        ] {
            let options = S3Options::parse(url).unwrap();
            assert_eq!((options.bucket.as_str(), options.prefix.as_str()), (bucket, prefix), "{url}");
        }
        assert_eq!(S3Options::parse("s3://b/p/").unwrap().name(), "s3://b/p");
    }

    #[test]
    fn addresses_that_make_no_sense_are_refused() {
        let bad = [
            "s3://",
            "s3:///p",
            "s3://k:s@b/p",
            "s3://b?x=1",
            "s3://b/p//q",
            "s3://b/../p",
            "s3://b/p?x",
            "s3://b:9000/p",
        ];
        for url in bad {
            assert!(matches!(S3Options::parse(url), Err(StoreError::Address { .. })), "{url}");
        }
    }

    #[test]
    fn endpoints_that_make_no_sense_are_refused() {
        let mut options = S3Options::parse("s3://b").unwrap();
        for bad in ["127.0.0.1:9000", "ftp://host", "http://", "http://user:secret@host", "https://ho st"] {
            options.endpoint = Some(bad.to_owned());
            let error = options.check_endpoint().unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
        options.endpoint = Some("http://[::1]:9000".to_owned());
        assert!(options.check_endpoint().is_ok());
    }

    #[test]
    fn a_secret_is_not_shown() {
        let keys = AccessKeys { id: "AK".to_owned(), secret: "hunter2".to_owned() };
        assert!(!format!("{keys:?}").contains("hunter2"));
    }
}
