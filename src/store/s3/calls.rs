//! The five requests, each exactly what the trait promises or an error.

use std::ops::Range;
use std::time::SystemTime;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::Object;
use bytes::Bytes;

use super::errors::{Asked, Trouble, deepest, in_turns};
use super::watch::{Slicer, Watch};
use super::{S3Options, client};
use crate::store::{Key, Listed, StoreError};

/// No more memory than this is taken before the bytes are there.
const TRUSTED_BYTES: u64 = 64 << 20;

/// A bucket, and the client that speaks to its server.
pub(super) struct Calls {
    client: Client,
    options: S3Options,
    name: String,
    /// What all keys begin with: nothing, or the options' prefix and a slash.
    prefix: String,
}

impl Calls {
    pub(super) async fn connect(options: &S3Options) -> Result<Calls, StoreError> {
        Ok(Calls {
            client: client::connect(options).await?,
            options: options.clone(),
            name: options.name(),
            prefix: if options.prefix.is_empty() { String::new() } else { format!("{}/", options.prefix) },
        })
    }

    pub(super) async fn get(&self, key: &Key, limit: u64) -> Result<Vec<u8>, StoreError> {
        let asked = self.asked(format!("read {key}"), Some(key), limit);
        let too_large = || StoreError::TooLarge { store: self.name.clone(), key: key.clone(), limit_bytes: limit };
        in_turns(&asked, async || {
            let watch = Watch::new(self.options.patience);
            let call = self.client.get_object().bucket(&self.options.bucket).key(self.full(key)).send();
            let answer = watch.over(call).await?.map_err(|error| asked.trouble(error))?;
            let claimed = answer.content_length().and_then(|bytes| u64::try_from(bytes).ok());
            if claimed.is_some_and(|bytes| bytes > limit) {
                return Err(Trouble::Final(too_large()));
            }
            let bytes = body(answer.body, &watch, claimed.unwrap_or(0), limit).await?;
            match (bytes, claimed) {
                (None, _) => Err(Trouble::Final(too_large())),
                (Some(bytes), Some(claimed)) if bytes.len() as u64 != claimed => Err(cut(bytes.len(), claimed)),
                (Some(bytes), _) => Ok(bytes),
            }
        })
        .await
    }

    pub(super) async fn read(&self, key: &Key, range: Range<u64>) -> Result<Vec<u8>, StoreError> {
        let wanted = range.end.saturating_sub(range.start);
        let asked = self.asked(format!("read {key}"), Some(key), wanted);
        // No request can ask for nothing; asking for one byte shows that the object is there.
        let last = range.end.saturating_sub(1).max(range.start);
        in_turns(&asked, async || {
            let watch = Watch::new(self.options.patience);
            let request = self.client.get_object().bucket(&self.options.bucket).key(self.full(key));
            let call = request.range(format!("bytes={}-{last}", range.start)).send();
            let answer = match watch.over(call).await?.map_err(|error| asked.trouble(error)) {
                Err(Trouble::Final(StoreError::Short { .. })) if wanted == 0 => return Ok(Vec::new()),
                other => other?,
            };
            if wanted == 0 {
                return Ok(Vec::new());
            }
            check_range(&answer, &range).map_err(|problem| match problem {
                RangeProblem::Ends(total) => Trouble::Final(asked.short(key, total.saturating_sub(range.start))),
                RangeProblem::Wrong(reason) => Trouble::Broken(reason),
            })?;
            match body(answer.body, &watch, wanted, wanted).await? {
                Some(bytes) if bytes.len() as u64 == wanted => Ok(bytes),
                Some(bytes) => Err(cut(bytes.len(), wanted)),
                None => Err(Trouble::Broken(format!("more than the {wanted} bytes asked for were sent"))),
            }
        })
        .await
    }

    pub(super) async fn put(&self, key: &Key, bytes: &[u8]) -> Result<(), StoreError> {
        let asked = self.asked(format!("write {key}"), Some(key), 0);
        let bytes = Bytes::copy_from_slice(bytes);
        in_turns(&asked, async || {
            let watch = Watch::new(self.options.patience);
            let request = self.client.put_object().bucket(&self.options.bucket).key(self.full(key));
            let slicer = Slicer { body: bytes.clone(), watch: watch.clone() };
            let call = request.body(ByteStream::from(bytes.clone())).customize().interceptor(slicer).send();
            watch.over(call).await?.map(|_| ()).map_err(|error| match asked.trouble(error) {
                // No object is missing when one is written: it is the bucket.
                Trouble::Final(StoreError::Missing { store, .. }) => {
                    Trouble::Final(StoreError::NoPlace { store, reason: "there is no such bucket".to_owned() })
                }
                trouble => trouble,
            })
        })
        .await
    }

    pub(super) async fn list(&self, prefix: &str, each: &mut dyn FnMut(Listed)) -> Result<(), StoreError> {
        let asked = self.asked(format!("list {prefix}"), None, 0);
        let full = format!("{}{prefix}", self.prefix);
        let mut token: Option<String> = None;
        loop {
            let page: ListObjectsV2Output = in_turns(&asked, async || {
                let watch = Watch::new(self.options.patience);
                let request = self.client.list_objects_v2().bucket(&self.options.bucket).prefix(&full);
                let call = request.set_continuation_token(token.clone()).send();
                watch.over(call).await?.map_err(|error| asked.trouble(error))
            })
            .await?;
            for object in page.contents() {
                if let Some(listed) = self.listed(object, &asked)? {
                    each(listed);
                }
            }
            if !page.is_truncated().unwrap_or(false) {
                return Ok(());
            }
            let next = page.next_continuation_token;
            if next.is_none() || next == token {
                return Err(asked.unreachable("the server does not say how its listing goes on".to_owned()));
            }
            token = next;
        }
    }

    pub(super) async fn delete(&self, key: &Key) -> Result<(), StoreError> {
        let asked = self.asked(format!("delete {key}"), Some(key), 0);
        let deleted = in_turns(&asked, async || {
            let call = self.client.delete_object().bucket(&self.options.bucket).key(self.full(key)).send();
            let answer = Watch::new(self.options.patience).over(call).await?;
            answer.map(|_| ()).map_err(|error| asked.trouble(error))
        });
        match deleted.await {
            Err(StoreError::Missing { .. }) => Ok(()),
            other => other,
        }
    }

    fn asked<'a>(&'a self, doing: String, key: Option<&'a Key>, wanted_bytes: u64) -> Asked<'a> {
        Asked { store: &self.name, options: &self.options, doing, key, wanted_bytes }
    }

    fn full(&self, key: &Key) -> String {
        format!("{}{key}", self.prefix)
    }

    /// What a listing says of one object; `None` if the object is not ours.
    fn listed(&self, object: &Object, asked: &Asked<'_>) -> Result<Option<Listed>, StoreError> {
        let Some(key) = object.key().and_then(|key| key.strip_prefix(&self.prefix)).and_then(Key::new) else {
            return Ok(None);
        };
        let bytes = object.size().and_then(|bytes| u64::try_from(bytes).ok());
        let modified = object.last_modified().and_then(|time| SystemTime::try_from(*time).ok());
        match (bytes, modified) {
            (Some(bytes), Some(modified)) => Ok(Some(Listed { key, bytes, modified })),
            // A guess would make an object look older than it is to whoever deletes by age.
            _ => Err(asked.unreachable(format!("the listing lacks the size or the time of {key}"))),
        }
    }
}

/// Reads a body of `expected` bytes or so; `None` if it has more than `limit`.
async fn body(mut body: ByteStream, watch: &Watch, expected: u64, limit: u64) -> Result<Option<Vec<u8>>, Trouble> {
    let mut bytes = Vec::with_capacity(expected.min(limit).min(TRUSTED_BYTES) as usize);
    while let Some(piece) = watch.over(body.next()).await? {
        let piece = piece.map_err(|error| Trouble::Broken(format!("the answer broke off: {}", deepest(&error))))?;
        if (bytes.len() + piece.len()) as u64 > limit {
            return Ok(None);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(Some(bytes))
}

fn cut(got: usize, wanted: u64) -> Trouble {
    Trouble::Broken(format!("the answer broke off: got {got} of {wanted} bytes"))
}

enum RangeProblem {
    /// The object has so many bytes only.
    Ends(u64),
    Wrong(String),
}

/// Checks that the answer is about the range that was asked for.
fn check_range(answer: &GetObjectOutput, range: &Range<u64>) -> Result<(), RangeProblem> {
    let Some(text) = answer.content_range() else {
        return Err(RangeProblem::Wrong("the server does not answer with ranges".to_owned()));
    };
    let said = text.strip_prefix("bytes ").and_then(|text| text.split_once('/'));
    let first = said.and_then(|(said, _)| said.split_once('-')).and_then(|(first, _)| first.parse::<u64>().ok());
    if first != Some(range.start) {
        return Err(RangeProblem::Wrong("the server answered with another range".to_owned()));
    }
    match said.and_then(|(_, total)| total.parse::<u64>().ok()) {
        Some(total) if total < range.end => Err(RangeProblem::Ends(total)),
        _ => Ok(()),
    }
}
