//! The body on its way to the parser: in small pieces, one at a time, and with an end to how long the head of a part may be.
//!
//! The parser takes all that there is before it looks at it, and reads a head of any length. So it is given no more than it needs to go on.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;

use crate::http::{BodyStream, Failure};

/// Most bytes that the parser is handed at once.
const PIECE: usize = 64 << 10;

/// Most bytes that are read for the head of a part, and before the first part; the piece that has its end may go beyond.
const HEAD: usize = 16 << 10;

/// A body that the parser and [`Parts`](super::Parts) share: what comes after the last part is read by the latter.
#[derive(Clone)]
pub(super) struct Source(Arc<Mutex<State>>);

struct State {
    body: BodyStream,
    /// The rest of a piece.
    rest: Bytes,
    /// How many bytes may still be read for a head; none while it is not a head that is read.
    head: Option<usize>,
    /// How many times the parser is told to wait, so that it first looks at what it has.
    pauses: u8,
}

impl Source {
    pub(super) fn new(body: BodyStream) -> Self {
        Source(Arc::new(Mutex::new(State { body, rest: Bytes::new(), head: None, pauses: 1 })))
    }

    /// The parser is about to be asked for the head of the next part.
    pub(super) fn begin_head(&self) {
        let mut state = self.state();
        (state.head, state.pauses) = (Some(HEAD), 1);
    }

    /// The parser is about to be asked for a piece of a part.
    pub(super) fn begin_piece(&self) {
        let mut state = self.state();
        (state.head, state.pauses) = (None, 1);
    }

    /// Reads what comes after the last part (RFC 2046 section 5.1.1), and throws it away.
    pub(super) async fn finish(&self) -> Result<(), Failure> {
        self.state().head = None;
        let mut rest = self.clone();
        while futures_util::StreamExt::next(&mut rest).await.transpose()?.is_some() {}
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream for Source {
    type Item = Result<Bytes, Failure>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.state();
        if state.pauses > 0 {
            state.pauses -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if state.head == Some(0) {
            let reason = format!("the head of a part of the form is longer than {HEAD} bytes, or no part begins");
            return Poll::Ready(Some(Err(Failure::new(400, reason))));
        }
        if state.rest.is_empty() {
            match ready!(state.body.as_mut().poll_next(cx)) {
                Some(Ok(piece)) => state.rest = piece,
                end => return Poll::Ready(end),
            }
        }
        let length = state.rest.len().min(PIECE);
        let piece = state.rest.split_to(length);
        if let Some(left) = &mut state.head {
            *left = left.saturating_sub(length);
        }
        // It asks for more before it looks, and at the first boundary it looks only when it is woken again.
        state.pauses = 2;
        Poll::Ready(Some(Ok(piece)))
    }
}
