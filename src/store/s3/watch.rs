//! Notices that a transfer stands still, in either direction, however slow the line is.
//!
//! The SDK's own timeouts do not fit: one for a whole upload would cut off slow lines, and its
//! protection against stalled streams does not see into a body that it got as one piece.

use std::convert::Infallible;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::SdkBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

/// How much of an upload the connection is given at once.
const SLICE_BYTES: usize = 128 * 1024;

/// When something last moved.
#[derive(Debug)]
pub(super) struct Watch {
    moved: Mutex<Instant>,
    patience: Duration,
}

/// Nothing moved for so long.
#[derive(Debug)]
pub(super) struct Stalled(pub Duration);

impl Watch {
    pub(super) fn new(patience: Duration) -> Arc<Watch> {
        Arc::new(Watch { moved: Mutex::new(Instant::now()), patience })
    }

    /// Something moved.
    pub(super) fn note(&self) {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Waits for `call`, as long as something moves.
    pub(super) async fn over<T>(&self, call: impl Future<Output = T>) -> Result<T, Stalled> {
        self.note();
        let mut call = pin!(call);
        loop {
            let deadline = self.deadline();
            match tokio::time::timeout_at(deadline, &mut call).await {
                Ok(output) => return Ok(output),
                Err(_) if self.deadline() > deadline => {}
                Err(_) => return Err(Stalled(self.patience)),
            }
        }
    }

    fn deadline(&self) -> Instant {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) + self.patience
    }
}

/// Hands an upload to the connection slice by slice, after the SDK has signed it as one piece.
#[derive(Debug)]
pub(super) struct Slicer {
    pub body: Bytes,
    pub watch: Arc<Watch>,
}

impl Intercept for Slicer {
    fn name(&self) -> &'static str {
        "Slicer"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let slices = Slices { rest: self.body.clone(), watch: self.watch.clone() };
        *context.request_mut().body_mut() = SdkBody::from_body_1_x(slices);
        Ok(())
    }
}

struct Slices {
    rest: Bytes,
    watch: Arc<Watch>,
}

impl Body for Slices {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        // To be asked means that the connection had room: what was handed over before is on its way.
        self.watch.note();
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let len = self.rest.len().min(SLICE_BYTES);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(len)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
    }

    #[test]
    fn a_slow_call_that_moves_is_waited_for() {
        let watch = Watch::new(Duration::from_millis(100));
        let slow = async {
            for _ in 0..6 {
                tokio::time::sleep(Duration::from_millis(40)).await;
                watch.note();
            }
        };
        assert!(runtime().block_on(watch.over(slow)).is_ok());
    }

    #[test]
    fn a_call_that_stands_still_is_given_up() {
        let watch = Watch::new(Duration::from_millis(30));
        assert!(runtime().block_on(watch.over(std::future::pending::<()>())).is_err());
    }
}
