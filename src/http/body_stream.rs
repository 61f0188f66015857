//! A body that is not read before the controller is asked: it arrives while somebody takes it.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::{self, BoxStream};

use super::shared::Shared;
use super::{Failure, Request};

/// The pieces of a body as they arrive, within the limits that hold for it; it ends with the first failure.
pub(crate) type BodyStream = BoxStream<'static, Result<Bytes, Failure>>;

/// Where the body of a request waits for the one that takes it.
#[derive(Default)]
pub(super) struct Slot {
    body: Mutex<Waiting>,
    /// Whether somebody waits for the client to send on.
    is_awaited: AtomicBool,
}

#[derive(Default)]
enum Waiting {
    /// There is nothing to read, or it was read before.
    #[default]
    Nothing,
    Body(BodyStream),
    Taken,
}

impl Slot {
    fn replace(&self, with: Waiting) -> Waiting {
        std::mem::replace(&mut self.body.lock().unwrap_or_else(PoisonError::into_inner), with)
    }
}

impl Request {
    /// Leaves the body to whoever takes it.
    pub(crate) fn set_body_stream(&self, body: BodyStream) {
        self.shared().body.replace(Waiting::Body(body));
    }

    /// The body, where it was left unread; an empty one where there is none.
    ///
    /// # Errors
    ///
    /// 500 when it was taken before.
    #[allow(dead_code, reason = "only the feature `upload` takes a body")]
    pub(crate) fn take_body_stream(&self) -> Result<BodyStream, Failure> {
        match self.shared().body.replace(Waiting::Taken) {
            Waiting::Body(body) => Ok(Box::pin(Noting { body, shared: self.shared().clone() })),
            Waiting::Nothing => Ok(Box::pin(stream::empty())),
            Waiting::Taken => {
                Err(Failure::new(500, "the body of the request was read before, and can be read only once"))
            }
        }
    }

    /// Whether somebody reads the body and waits for the client to send on.
    pub(crate) fn is_body_awaited(&self) -> bool {
        self.shared().body.is_awaited.load(Relaxed)
    }
}

/// A body that notes whether it is waited for, so that a request that takes too long is put down to the right side.
struct Noting {
    body: BodyStream,
    shared: Arc<Shared>,
}

impl Stream for Noting {
    type Item = Result<Bytes, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = self.body.as_mut().poll_next(cx);
        self.shared.body.is_awaited.store(piece.is_pending(), Relaxed);
        piece
    }
}
