//! The body of an answer with several parts of a file: `multipart/byteranges` (RFC 9110 section 14.6).
//!
//! Only the lines between the parts are made for it; the parts themselves are slices of the file.

use std::convert::Infallible;
use std::ops::Range;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, Response};
use warp::Reply;

/// The value of `Content-Range` for a part of a file of that many bytes.
pub(super) fn position(range: &Range<usize>, length: usize) -> String {
    format!("bytes {}-{}/{length}", range.start, range.end - 1)
}

/// The body in pieces: each part behind its own head, and the end.
pub(super) fn pieces(file: &Bytes, ranges: Vec<Range<usize>>, mime: &HeaderValue, boundary: &str) -> Vec<Bytes> {
    let mut pieces = Vec::with_capacity(ranges.len() * 2 + 1);
    for range in ranges {
        let start = if pieces.is_empty() { "--" } else { "\r\n--" };
        let mut head = format!("{start}{boundary}\r\nContent-Type: ").into_bytes();
        head.extend_from_slice(mime.as_bytes());
        head.extend_from_slice(format!("\r\nContent-Range: {}\r\n\r\n", position(&range, file.len())).as_bytes());
        pieces.push(head.into());
        pieces.push(file.slice(range));
    }
    pieces.push(format!("\r\n--{boundary}--\r\n").into());
    pieces
}

/// Such an answer as warp sends it: the pieces one after the other.
pub(in crate::server) fn streamed(response: Response<Vec<Bytes>>) -> warp::reply::Response {
    let (head, pieces) = response.into_parts();
    let body = warp::reply::stream(stream::iter(pieces.into_iter().map(Ok::<_, Infallible>)));
    Response::from_parts(head, body.into_response().into_body())
}
