//! The S3 that the server speaks: the few requests that a store makes, over a map.

use std::sync::Arc;
use std::time::SystemTime;

use http_body_util::BodyExt;
use s3s::checksum::ChecksumHasher;
use s3s::dto::{
    ChecksumType, DeleteObjectInput, DeleteObjectOutput, GetObjectInput, GetObjectOutput, ListObjectsV2Input,
    ListObjectsV2Output, PutObjectInput, PutObjectOutput, StreamingBlob,
};
use s3s::{Body, S3, S3Request, S3Response, S3Result, s3_error};

use super::{BUCKET, Object, Shared, locked};

/// The S3 that s3s serves.
pub(super) struct Memory(pub Arc<Shared>);

/// Says of a request that its answer is to be stale.
#[derive(Clone)]
struct Stale;

/// Marks a listing as one that lacks what was put lately.
pub(super) fn stale(mut request: http::Request<Body>) -> http::Request<Body> {
    request.extensions_mut().insert(Stale);
    request
}

fn check_bucket(bucket: &str) -> S3Result<()> {
    if bucket == BUCKET { Ok(()) } else { Err(s3_error!(NoSuchBucket, "The specified bucket does not exist")) }
}

fn crc32(bytes: &[u8]) -> Option<String> {
    let mut hasher = ChecksumHasher { crc32: Some(Default::default()), ..ChecksumHasher::default() };
    hasher.update(bytes);
    hasher.finalize().checksum_crc32
}

#[async_trait::async_trait]
impl S3 for Memory {
    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        check_bucket(&input.bucket)?;
        let body = input.body.map(Body::from).unwrap_or_default();
        let bytes = body.collect().await.map_err(|_| s3_error!(IncompleteBody))?.to_bytes();
        if input.checksum_crc32.is_some() && input.checksum_crc32 != crc32(&bytes) {
            return Err(s3_error!(BadDigest));
        }
        if input.content_length.is_some_and(|len| len != bytes.len() as i64) {
            return Err(s3_error!(IncompleteBody));
        }
        locked(&self.0.objects).insert(input.key, Object { bytes, modified: SystemTime::now() });
        Ok(S3Response::new(PutObjectOutput::default()))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        check_bucket(&input.bucket)?;
        let object = locked(&self.0.objects).get(&input.key).cloned().ok_or_else(|| s3_error!(NoSuchKey))?;
        let total = object.bytes.len();
        let range = input.range.map(|range| range.check(total as u64)).transpose()?;
        let part = match &range {
            Some(range) => object.bytes.slice(range.start as usize..range.end as usize),
            None => object.bytes.clone(),
        };
        let whole = range.is_none() && input.checksum_mode.is_some();
        let output = GetObjectOutput {
            content_length: Some(part.len() as i64),
            content_range: range.map(|range| format!("bytes {}-{}/{total}", range.start, range.end - 1)),
            last_modified: Some(object.modified.into()),
            checksum_crc32: if whole { crc32(&part) } else { None },
            checksum_type: whole.then(|| ChecksumType::from_static(ChecksumType::FULL_OBJECT)),
            body: Some(StreamingBlob::from(Body::from(part))),
            ..GetObjectOutput::default()
        };
        Ok(S3Response::new(output))
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        check_bucket(&request.input.bucket)?;
        locked(&self.0.objects).remove(&request.input.key);
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        check_bucket(&input.bucket)?;
        let prefix = input.prefix.unwrap_or_default();
        let after = input.continuation_token.or(input.start_after).unwrap_or_default();
        let most = input.max_keys.unwrap_or(1000).clamp(1, 1000) as usize;
        let most = locked(&self.0.page_keys).map_or(most, |keys| keys.min(most));
        let is_stale = request.extensions.get::<Stale>().is_some();
        let known = *locked(&self.0.fresh_from);
        let is_listed = |object: &Object| !is_stale || known.is_none_or(|known| object.modified < known);
        let objects = locked(&self.0.objects);
        let mut found = objects
            .iter()
            .filter(|(key, object)| key.starts_with(&prefix) && key.as_str() > after.as_str() && is_listed(object));
        let page: Vec<_> = found.by_ref().take(most).map(|(key, object)| summary(key, object)).collect();
        let more = found.next().is_some();
        let output = ListObjectsV2Output {
            name: Some(input.bucket),
            key_count: Some(page.len() as i32),
            is_truncated: Some(more),
            next_continuation_token: page.last().and_then(|last| last.key.clone()).filter(|_| more),
            prefix: Some(prefix),
            contents: Some(page),
            ..ListObjectsV2Output::default()
        };
        Ok(S3Response::new(output))
    }
}

fn summary(key: &str, object: &Object) -> s3s::dto::Object {
    s3s::dto::Object {
        key: Some(key.to_owned()),
        size: Some(object.bytes.len() as i64),
        last_modified: Some(object.modified.into()),
        ..s3s::dto::Object::default()
    }
}
