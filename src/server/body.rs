//! A request's body as it arrives, and reading it within its limit.

use std::fmt::Display;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};

use tokio::time::{Instant, timeout_at};

use super::wire::Activity;
use crate::http::{Failure, Request};

/// A request's body as it arrives. A connection whose request has a body that is not read to its end is closed after the answer,
/// which says so: what the client still sends would otherwise pass for its next request.
#[derive(Debug)]
pub struct Incoming {
    body: hyper::body::Incoming,
    /// Where its end is noted; none where there is nothing to read.
    activity: Option<Arc<Activity>>,
}

impl Incoming {
    pub(super) fn new(body: hyper::body::Incoming, activity: &Arc<Activity>) -> Self {
        let activity = (!body.is_end_stream()).then(|| activity.clone());
        Incoming { body, activity }
    }
}

impl Body for Incoming {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if (frame.is_none() || self.body.is_end_stream())
            && let Some(activity) = &self.activity
        {
            activity.note_body_end();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It is longer than allowed; answered with 413 (RFC 9110 section 15.5.14).
    #[error("the body of the request is longer than {limit} bytes")]
    TooLarge {
        /// Most bytes that were allowed.
        limit: u64,
    },
    /// The client was gone before its end, or its chunks are malformed; answered with 400, if anybody is there to read it.
    #[error("the body of the request is incomplete or malformed: {0}")]
    Broken(String),
}

impl BodyError {
    /// The status code that tells the client.
    pub fn status(&self) -> http::StatusCode {
        match self {
            BodyError::TooLarge { .. } => http::StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::Broken(_) => http::StatusCode::BAD_REQUEST,
        }
    }
}

/// Most bytes that are set aside for a body because its length was announced; the rest is set aside as it arrives, so that an
/// announcement alone takes no memory.
const FIRST_ROOM: u64 = 64 << 10;

/// Reads a whole body. One that comes in one piece is not copied.
///
/// A body whose announced length is above the limit is refused before anything is read (and before `100 Continue`), one in chunks as
/// soon as it passes the limit. What is left of it is thrown away after the answer, and the connection is closed.
///
/// # Errors
///
/// [`BodyError::TooLarge`] above `limit` bytes, [`BodyError::Broken`] when the client hangs up or its chunks are malformed.
pub async fn read<B>(body: B, limit: u64) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    if body.size_hint().lower() > limit {
        return Err(BodyError::TooLarge { limit });
    }
    let mut pieces = Pieces { body, limit, length: 0 };
    let Some(first) = pieces.next().await? else {
        return Ok(Bytes::new());
    };
    let Some(second) = pieces.next().await? else {
        return Ok(first);
    };
    let announced = pieces.length.saturating_add(pieces.body.size_hint().lower());
    let mut whole = BytesMut::with_capacity(announced.min(FIRST_ROOM) as usize);
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&second);
    while let Some(piece) = pieces.next().await? {
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// What one request may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Most bytes of its body.
    pub(super) size: u64,
    /// When it must have been read and answered.
    pub(super) deadline: Instant,
}

/// Gives a request its body: reads it, or leaves it to be taken while it arrives where it is a form with files.
///
/// # Errors
///
/// 413 for a body that is announced, or is, longer than allowed; 400 for one that is incomplete; 408 for one that does not arrive in time.
pub(super) async fn receive(request: &mut Request, body: impl RequestBody, limits: Limits) -> Result<(), Failure> {
    if body.is_end_stream() {
        return Ok(());
    }
    if cfg!(feature = "upload") && request.is_multipart() {
        let pieces = stream(body, limits.size).map_err(failure)?;
        request.set_body_stream(pieces.map_err(failure).boxed());
        return Ok(());
    }
    let read = timeout_at(limits.deadline, read(body, limits.size)).await;
    let late = |_| Failure::new(408, "the body did not arrive within `request_timeout` of the server or the route");
    request.set_body(read.map_err(late)?.map_err(failure)?);
    Ok(())
}

fn failure(error: BodyError) -> Failure {
    Failure::because(error.status().as_u16(), error)
}

/// The pieces of a body as they arrive; the stream ends with the first failure.
///
/// # Errors
///
/// [`BodyError::TooLarge`] when the announced length is above `limit` bytes: then nothing is read.
fn stream<B: RequestBody>(
    body: B,
    limit: u64,
) -> Result<impl Stream<Item = Result<Bytes, BodyError>> + Send + use<B>, BodyError> {
    if body.size_hint().lower() > limit {
        return Err(BodyError::TooLarge { limit });
    }
    let pieces = Pieces { body, limit, length: 0 };
    let next = |mut pieces: Pieces<B>| async move { Ok(pieces.next().await?.map(|piece| (piece, pieces))) };
    Ok(stream::try_unfold(pieces, next))
}

/// A body that is being read, and counted.
struct Pieces<B> {
    body: B,
    limit: u64,
    length: u64,
}

impl<B> Pieces<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Display,
{
    /// The next piece of data; none at the end. Trailers are passed over.
    async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.map_err(|error| BodyError::Broken(error.to_string()))?;
            let Ok(data) = frame.into_data() else { continue };
            self.length = self.length.saturating_add(data.len() as u64);
            if self.length > self.limit {
                return Err(BodyError::TooLarge { limit: self.limit });
            }
            return Ok(Some(data));
        }
        Ok(None)
    }
}

/// What a request's body may be: hyper's, or one in memory where there is no socket.
pub trait RequestBody: Body<Data = Bytes, Error: std::fmt::Display> + Unpin + Send + 'static {}

impl<B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin + Send + 'static> RequestBody for B {}

/// Why a request was given up: its client did not send on, or the site did not answer.
pub(super) fn late(request: &Request) -> Failure {
    match request.is_body_awaited() {
        true => Failure::new(408, "the body did not arrive within `request_timeout` of the server or the route"),
        false => Failure::new(503, "there was no answer within `request_timeout` of the server or the route"),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use futures_util::stream;
    use http_body_util::{Full, StreamBody};

    fn pieces(texts: &[&'static str]) -> impl Body<Data = Bytes, Error = Infallible> + Unpin + use<> {
        let frames: Vec<_> = texts.iter().map(|text| Ok(Frame::data(Bytes::from_static(text.as_bytes())))).collect();
        StreamBody::new(stream::iter(frames))
    }

    #[tokio::test]
    async fn one_piece_is_not_copied() {
        let sent = Bytes::from_static(b"whole");
        let read = read(Full::new(sent.clone()), 5).await.unwrap();
        assert_eq!(read.as_ptr(), sent.as_ptr());
    }

    #[tokio::test]
    async fn pieces_are_joined() {
        assert_eq!(read(pieces(&["a", "", "bc", "d"]), 4).await.unwrap(), "abcd");
        assert_eq!(read(pieces(&[]), 0).await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_body_without_announced_length_is_counted() {
        for texts in [&["abcde"][..], &["ab", "cde"], &["a", "b", "c", "de"]] {
            let error = read(pieces(texts), 4).await.unwrap_err();
            assert!(matches!(error, BodyError::TooLarge { limit: 4 }), "{texts:?}: {error}");
        }
    }

    #[tokio::test]
    async fn an_announced_length_is_refused_before_reading() {
        let body = Full::new(Bytes::from_static(b"12345")).map_err(|never| -> Infallible { never });
        let error = read(body, 4).await.unwrap_err();
        assert_eq!(error.status(), http::StatusCode::PAYLOAD_TOO_LARGE);
    }
}
