//! What goes wrong on purpose: which requests are struck, and what becomes of their answers.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode, header};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use s3s::Body;

/// What may happen to a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// It is answered 503, and not done.
    Unavailable,
    /// It is answered 403, and not done.
    Denied,
    /// It is answered with this status and code, and not done.
    Refused(u16, &'static str),
    /// A listing lacks what was put after [`super::S3Server::remember`].
    Stale,
    /// The connection is cut, and it is not done.
    CutBefore,
    /// It is done, and the connection is cut without an answer.
    CutAfter,
    /// The answer's head promises all bytes; the connection is cut after so many.
    CutBody(usize),
    /// The answer holds so many bytes only, and its head agrees.
    Truncate(usize),
    /// One bit of the answer's body is wrong.
    Flip(usize),
    /// Nothing happens for so long; then it goes on.
    Stall(Duration),
    /// So many bytes of the answer's body come, and then no more, for ever.
    StallBody(usize),
}

/// What is planned to go wrong.
#[derive(Default)]
pub(super) struct Faults {
    pub plans: Vec<Plan>,
    pub storm: Option<Storm>,
}

pub(super) struct Plan {
    /// `*` for all.
    pub method: &'static str,
    /// How many requests pass before it begins.
    pub pass: usize,
    /// How many it strikes.
    pub times: usize,
    pub fault: Fault,
}

/// Faults that strike at random, the same ones for the same seed.
pub(super) struct Storm {
    state: u64,
    percent: u64,
    faults: Vec<Fault>,
}

impl Faults {
    /// What happens to the next request of `method`.
    pub(super) fn strike(&mut self, method: &str) -> Option<Fault> {
        let mut planned = None;
        for plan in self.plans.iter_mut().filter(|plan| plan.method == "*" || plan.method == method) {
            if plan.pass > 0 {
                plan.pass -= 1;
            } else if plan.times > 0 && planned.is_none() {
                plan.times -= 1;
                planned = Some(plan.fault.clone());
            }
        }
        planned.or_else(|| self.storm.as_mut().and_then(Storm::strike))
    }
}

impl Storm {
    pub(super) fn new(seed: u64, percent: u64, faults: &[Fault]) -> Storm {
        Storm { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, percent, faults: faults.to_vec() }
    }

    fn strike(&mut self) -> Option<Fault> {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let random = self.state >> 16;
        (random % 100 < self.percent).then(|| self.faults[(random / 100) as usize % self.faults.len()].clone())
    }
}

type Answer = Result<Response<Body>, s3s::HttpError>;

impl Fault {
    /// What the client gets if the request is not to be done.
    pub(super) async fn before(&self) -> Option<Answer> {
        match self {
            Fault::Unavailable => Some(Ok(refusal(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable"))),
            Fault::Denied => Some(Ok(refusal(StatusCode::FORBIDDEN, "AccessDenied"))),
            Fault::Refused(status, code) => Some(Ok(refusal(StatusCode::from_u16(*status).unwrap(), code))),
            Fault::CutBefore => Some(Err(cut())),
            Fault::Stall(time) => {
                tokio::time::sleep(*time).await;
                None
            }
            _ => None,
        }
    }

    /// What becomes of the answer to a request that was done.
    pub(super) async fn after(&self, response: Response<Body>) -> Answer {
        match *self {
            Fault::CutAfter => Err(cut()),
            Fault::CutBody(keep) => Ok(broken(response, keep, true).await),
            Fault::StallBody(keep) => Ok(broken(response, keep, false).await),
            Fault::Truncate(keep) => Ok(changed(response, |bytes| bytes.truncate(keep)).await),
            Fault::Flip(bit) => Ok(changed(response, |bytes| flip(bytes, bit)).await),
            _ => Ok(response),
        }
    }
}

fn cut() -> s3s::HttpError {
    s3s::HttpError::new(Box::new(std::io::Error::other("cut on purpose")))
}

fn refusal(status: StatusCode, code: &str) -> Response<Body> {
    let text = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>on purpose</Message></Error>");
    Response::builder().status(status).body(Body::from(text)).unwrap()
}

fn flip(bytes: &mut [u8], bit: usize) {
    let at = bit / 8 % bytes.len().max(1);
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << (bit % 8);
    }
}

async fn changed(response: Response<Body>, change: impl FnOnce(&mut Vec<u8>)) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    let mut bytes = body.collect().await.unwrap().to_bytes().to_vec();
    change(&mut bytes);
    head.headers.insert(header::CONTENT_LENGTH, bytes.len().into());
    Response::from_parts(head, Body::from(bytes))
}

async fn broken(response: Response<Body>, keep: usize, cut: bool) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    head.headers.insert(header::CONTENT_LENGTH, bytes.len().into());
    let left = bytes.len().saturating_sub(keep) as u64;
    let begun = Some(bytes.slice(..keep.min(bytes.len())));
    Response::from_parts(head, Body::http_body(Unfinished { begun, left, cut }))
}

/// A body that begins well.
struct Unfinished {
    begun: Option<Bytes>,
    left: u64,
    cut: bool,
}

impl http_body::Body for Unfinished {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<std::io::Result<Frame<Bytes>>>> {
        match self.begun.take() {
            Some(bytes) if !bytes.is_empty() => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            _ if self.cut => Poll::Ready(Some(Err(std::io::Error::other("cut on purpose")))),
            _ => Poll::Pending,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left + self.begun.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
