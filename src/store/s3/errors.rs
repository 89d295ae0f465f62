//! Where the SDK's errors stop: each becomes a `StoreError`, or a reason to take another turn.

use std::error::Error;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::S3Options;
use super::watch::Stalled;
use crate::store::{Key, StoreError};

/// How much may go wrong in one call before its failure is told.
const BUDGET: u32 = 6;

/// What a call is about.
pub(super) struct Asked<'a> {
    /// The store's name.
    pub store: &'a str,
    /// How it was opened.
    pub options: &'a S3Options,
    /// "read packs/ab/…".
    pub doing: String,
    /// The object, unless many are asked for.
    pub key: Option<&'a Key>,
    /// How many bytes of it, when a range is read.
    pub wanted_bytes: u64,
}

/// Why one turn of a call did not succeed.
pub(super) enum Trouble {
    /// The answer broke off or was wrong; another turn may do.
    Broken(String),
    /// Nothing moved any more; another turn may do.
    Stalled(Duration),
    /// The server's last word.
    Final(StoreError),
}

impl From<Stalled> for Trouble {
    fn from(stalled: Stalled) -> Trouble {
        Trouble::Stalled(stalled.0)
    }
}

/// Takes turns until one succeeds, a last word is spoken or too much went wrong.
///
/// The SDK repeats requests that got no answer or an error of the server. It does not repeat those
/// whose answer began well and then broke off, stood still, or did not match its checksum.
pub(super) async fn in_turns<T>(
    asked: &Asked<'_>,
    mut turn: impl AsyncFnMut() -> Result<T, Trouble>,
) -> Result<T, StoreError> {
    let mut spent = 0;
    loop {
        let (cost, reason) = match turn().await {
            Ok(output) => return Ok(output),
            Err(Trouble::Final(error)) => return Err(error),
            Err(Trouble::Broken(reason)) => (1, reason),
            Err(Trouble::Stalled(time)) => (2, format!("nothing moved for {} s", time.as_secs_f64())),
        };
        spent += cost;
        if spent >= BUDGET {
            return Err(asked.unreachable(reason));
        }
        tokio::time::sleep(Duration::from_millis(50 << spent)).await;
    }
}

impl Asked<'_> {
    /// Sorts what the SDK says.
    pub(super) fn trouble<E>(&self, error: SdkError<E, HttpResponse>) -> Trouble
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match &error {
            SdkError::ServiceError(said) => {
                let (status, code, message) = (said.raw().status().as_u16(), said.err().code(), said.err().message());
                if status == 429 || code == Some("SlowDown") {
                    return Trouble::Broken(words(status, code, message));
                }
                if status < 300 && code.is_none() {
                    // What came is no answer to this: it was cut short, most likely.
                    return Trouble::Broken("the answer makes no sense".to_owned());
                }
                let region = said.raw().headers().get("x-amz-bucket-region");
                Trouble::Final(self.said(status, code, message, region))
            }
            // The answer came and could not be read: cut short, most likely.
            SdkError::ResponseError(_) => Trouble::Broken(deepest(&error)),
            _ => Trouble::Final(self.unanswered(&error)),
        }
    }

    fn said(&self, status: u16, code: Option<&str>, message: Option<&str>, region: Option<&str>) -> StoreError {
        let store = self.store.to_owned();
        let reason = words(status, code, message);
        match (status, code, self.key) {
            (_, Some("NoSuchBucket"), _) | (404, _, None) => StoreError::NoPlace { store, reason },
            (404, _, Some(key)) => StoreError::Missing { store, key: key.clone() },
            (416, _, Some(key)) => self.short(key, 0),
            (301 | 307 | 400, _, _) if region.is_some() => {
                let region = plain(region.unwrap_or_default());
                self.denied(format!("the bucket lies in the region {region}: name that region for this remote"))
            }
            (408 | 429 | 500.., _, _) => self.unreachable(reason),
            _ => self.denied(reason),
        }
    }

    fn unanswered(&self, error: &(dyn Error + 'static)) -> StoreError {
        match chain(error).find_map(|cause| cause.downcast_ref::<CredentialsError>()) {
            Some(CredentialsError::CredentialsNotLoaded(_)) => self.denied(self.no_credentials()),
            Some(cause) => self.denied(format!("cannot get credentials: {}", deepest(cause))),
            None => self.unreachable(deepest(error)),
        }
    }

    fn no_credentials(&self) -> String {
        match &self.options.profile {
            Some(profile) => format!("no credentials found in the AWS profile `{profile}`"),
            None => "no credentials found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile".to_owned(),
        }
    }

    fn denied(&self, reason: String) -> StoreError {
        StoreError::Denied { store: self.store.to_owned(), doing: self.doing.clone(), reason }
    }

    /// The server did not answer, or nothing of use.
    pub(super) fn unreachable(&self, reason: String) -> StoreError {
        let reason = match &self.options.endpoint {
            Some(endpoint) => format!("{reason} ({endpoint})"),
            None => reason,
        };
        StoreError::Unreachable { store: self.store.to_owned(), doing: self.doing.clone(), reason }
    }

    /// The object ends after `got_bytes` of what was wanted.
    pub(super) fn short(&self, key: &Key, got_bytes: u64) -> StoreError {
        let wanted_bytes = self.wanted_bytes;
        StoreError::Short { store: self.store.to_owned(), key: key.clone(), wanted_bytes, got_bytes }
    }
}

fn words(status: u16, code: Option<&str>, message: Option<&str>) -> String {
    // Ceph sends an empty one.
    match (code, message.filter(|message| !message.is_empty())) {
        (Some(code), Some(message)) => plain(&format!("{code}: {message}")),
        (Some(text), None) | (None, Some(text)) => plain(text),
        (None, None) => format!("the server answered {status}"),
    }
}

/// The innermost cause, which says most: "Connection refused (os error 111)".
pub(super) fn deepest(error: &(dyn Error + 'static)) -> String {
    plain(&chain(error).last().unwrap_or(error).to_string())
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// What a stranger says, as one short line that cannot move the cursor, and without a full stop.
fn plain(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    line.trim().trim_end_matches(['.', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked<'a>(options: &'a S3Options, key: Option<&'a Key>) -> Asked<'a> {
        Asked { store: "s3://b", options, doing: "read it".to_owned(), key, wanted_bytes: 7 }
    }

    #[test]
    fn answers_are_sorted_by_what_a_caller_can_do() {
        let key = Key::new("packs/a").unwrap();
        let options = S3Options::parse("s3://b").unwrap();
        let one = asked(&options, Some(&key));
        assert!(matches!(one.said(404, None, None, None), StoreError::Missing { .. }));
        assert!(matches!(one.said(404, Some("NoSuchBucket"), None, None), StoreError::NoPlace { .. }));
        assert!(matches!(one.said(416, None, None, None), StoreError::Short { wanted_bytes: 7, got_bytes: 0, .. }));
        assert!(matches!(one.said(400, Some("ExpiredToken"), None, None), StoreError::Denied { .. }));
        assert!(matches!(one.said(503, Some("InternalError"), None, None), StoreError::Unreachable { .. }));
        assert!(matches!(asked(&options, None).said(404, None, None, None), StoreError::NoPlace { .. }));
    }

    #[test]
    fn the_right_region_is_told() {
        let options = S3Options::parse("s3://b").unwrap();
        let error = asked(&options, None).said(301, Some("PermanentRedirect"), None, Some("eu-north-1"));
        assert!(error.to_string().contains("eu-north-1"), "{error}");
    }

    #[test]
    fn a_server_cannot_write_to_the_terminal() {
        assert_eq!(words(500, None, Some("a\u{1b}[2Jb\n.")), "a [2Jb");
        assert_eq!(words(403, Some("Refused"), Some("")), "Refused");
    }
}
