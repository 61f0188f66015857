//! A request's body on loan: a filter may read it, and one that rejects the request without having done so gives it back.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::body::RequestBody;
use crate::error::BoxError;

/// What has been done with a body on loan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Untouched,
    /// Some of it, or its end, has been asked for.
    Read,
    /// It turned out to be longer than allowed.
    TooLarge,
}

/// The lender's side.
pub(super) struct Loan<B>(Arc<Mutex<Lent<B>>>);

/// The borrower's side: a body.
pub(super) struct Borrowed<B>(Arc<Mutex<Lent<B>>>);

struct Lent<B> {
    body: Option<B>,
    /// How many bytes more there may be.
    room: u64,
    state: State,
}

impl<B: RequestBody> Loan<B> {
    /// Lends a body of at most so many bytes.
    pub(super) fn new(body: B, limit: u64) -> Self {
        Loan(Arc::new(Mutex::new(Lent { body: Some(body), room: limit, state: State::Untouched })))
    }

    pub(super) fn borrowed(&self) -> Borrowed<B> {
        Borrowed(self.0.clone())
    }

    /// What has been done, and the body itself. From here on the borrower sees an empty one.
    pub(super) fn end(self) -> (State, Option<B>) {
        let mut lent = lock(&self.0);
        (lent.state, lent.body.take())
    }
}

impl<B: RequestBody> Body for Borrowed<B> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        lock(&self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        lock(&self.0).body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        lock(&self.0).body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl<B: RequestBody> Lent<B> {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        if self.state == State::Untouched {
            self.state = State::Read;
        }
        if self.state == State::TooLarge || body.size_hint().lower() > self.room {
            return Poll::Ready(Some(Err(self.too_large())));
        }
        let frame = match ready!(Pin::new(body).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => return Poll::Ready(Some(Err(error.to_string().into()))),
            None => return Poll::Ready(None),
        };
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        match self.room.checked_sub(length) {
            Some(room) => {
                self.room = room;
                Poll::Ready(Some(Ok(frame)))
            }
            None => Poll::Ready(Some(Err(self.too_large()))),
        }
    }

    fn too_large(&mut self) -> BoxError {
        self.state = State::TooLarge;
        "the body of the request is longer than `server.max_body_size`".into()
    }
}

fn lock<B>(lent: &Mutex<Lent<B>>) -> MutexGuard<'_, Lent<B>> {
    lent.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Full};

    use super::*;

    fn loan(limit: u64) -> Loan<Full<Bytes>> {
        Loan::new(Full::new(Bytes::from_static(b"12345")), limit)
    }

    #[tokio::test]
    async fn a_body_that_nobody_has_read_comes_back() {
        let loan = loan(5);
        let borrowed = loan.borrowed();
        assert!(!borrowed.is_end_stream() && borrowed.size_hint().exact() == Some(5));
        let (state, body) = loan.end();
        assert_eq!((state, body.unwrap().collect().await.unwrap().to_bytes()), (State::Untouched, "12345".into()));
        assert!(borrowed.is_end_stream());
        assert_eq!(borrowed.collect().await.unwrap().to_bytes(), "", "it is read by somebody else now");
    }

    #[tokio::test]
    async fn the_borrower_may_read_as_much_as_is_allowed() {
        let exact = loan(5);
        assert_eq!(exact.borrowed().collect().await.unwrap().to_bytes(), "12345");
        assert_eq!(exact.end().0, State::Read);
        let long = loan(4);
        assert!(long.borrowed().collect().await.is_err());
        assert_eq!(long.end().0, State::TooLarge);
    }
}
