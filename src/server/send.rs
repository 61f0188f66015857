//! From a [`Response`] to what warp sends: the body's form, and the headers that every answer has.

use std::io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound};
use std::path::Path;

use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use hyper::body::Body as _;
use sync_wrapper::SyncStream;
use tokio::fs::File;
use tokio_util::io::ReaderStream;
use warp::Reply;

use super::development::Undressed;
use super::exchange::UntilShutdown;
use super::page::{Asked, Head, PAGE_CACHE, join_lines, vary};
use super::pipeline::Serving;
use super::security_headers::Subject;
use crate::error::one_line;
use crate::http::{Body, Failure, PieceStream, Request, Response};

/// Bytes read from a file at a time: large enough that the copying, not the calls, is the cost.
const FILE_PIECE: usize = 64 * 1024;

/// Who asks for an answer, and who gives it.
#[derive(Clone, Copy)]
pub(super) struct Exchange<'r> {
    pub(super) serving: &'r Serving,
    pub(super) method: &'r Method,
    pub(super) headers: &'r HeaderMap,
    /// The host that the request is for.
    pub(super) host: &'r str,
    /// None where what came is not even a request.
    pub(super) request: Option<&'r Request>,
}

impl<'r> Exchange<'r> {
    pub(super) fn of(serving: &'r Serving, request: &'r Request) -> Self {
        let (method, headers, host) = (request.method(), request.headers(), request.host());
        Exchange { serving, method, headers, host, request: Some(request) }
    }

    /// Adds the headers that keep browsers in bounds, and leaves nothing that a cache could take for less than it says.
    fn secure(self, head: &mut Head) {
        let mut subject = self.request.map(|request| Subject::of(request, &head.headers)).unwrap_or_default();
        subject.style = head.marks.style;
        head.marks.for_once |= subject.has_nonce();
        self.serving.security.add(&mut head.headers, &self.serving.site, &subject);
        join_lines(&mut head.headers);
    }

    fn asked(self) -> Asked<'r> {
        Asked { method: self.method, headers: self.headers, compression: self.serving.rules.compression.as_ref() }
    }
}

/// Makes the answer that warp sends.
///
/// # Errors
///
/// 404 or 500 when the response is a file that is not there or cannot be read.
pub(super) async fn answer(
    response: Response,
    request: &Request,
    serving: &Serving,
) -> Result<warp::reply::Response, Failure> {
    let exchange = Exchange::of(serving, request);
    let (mut head, body) = Head::of(response);
    head.marks = head.marks.or(request.marks());
    if request.language_was_negotiated() {
        vary(&mut head.headers, "Accept-Language");
    }
    head.headers.entry(header::CACHE_CONTROL).or_insert(PAGE_CACHE);
    exchange.secure(&mut head);
    if head.marks.uncompressed {
        head.forbid_compression();
    }
    let mut answer = match body {
        Body::Bytes(bytes) => return Ok(from_memory(head, bytes, exchange).await),
        Body::File(_) | Body::Stream(_) if head.is_known(exchange.asked()) => return Ok(not_modified(head)),
        Body::File(path) => from_file(&path).await?,
        Body::Stream(pieces) => from_stream(pieces, request.path()),
        // Templates are rendered before this point.
        Body::Empty | Body::Template(_) => warp::reply::Response::default(),
    };
    if head.marks.until_shutdown {
        answer.extensions_mut().insert(UntilShutdown);
    }
    *answer.status_mut() = head.status;
    // What the body brought, its length, stays; the controller's headers come on top.
    answer.headers_mut().extend(head.headers);
    Ok(answer)
}

/// Makes the answer of a page of the framework itself, which has its whole body in memory.
pub(super) async fn framework_page(response: Response, exchange: Exchange<'_>) -> warp::reply::Response {
    let (mut head, body) = Head::of(response);
    exchange.secure(&mut head);
    match body {
        Body::Bytes(bytes) => from_memory(head, bytes, exchange).await,
        Body::Empty | Body::Template(_) | Body::File(_) | Body::Stream(_) => head.with_body(Bytes::new()),
    }
}

/// What a connection makes of an answer: its length is written where it is known, and it has no body where there may be none
/// (RFC 9110 section 6.4.1). For the test client, which has no connection.
pub fn as_sent(method: &Method, answer: warp::reply::Response) -> warp::reply::Response {
    let (mut parts, body) = answer.into_parts();
    let is_bodiless = matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if let Some(length) = body.size_hint().exact().filter(|_| !is_bodiless) {
        parts.headers.entry(header::CONTENT_LENGTH).or_insert(length.into());
    }
    let body = if is_bodiless || method == Method::HEAD { warp::reply::Response::default().into_body() } else { body };
    warp::reply::Response::from_parts(parts, body)
}

async fn from_memory(mut head: Head, body: Bytes, exchange: Exchange<'_>) -> warp::reply::Response {
    let asked = exchange.asked();
    let body = dressed(&mut head, body, exchange);
    let may_be_compressed = head.may_be_compressed(asked, &body);
    head.tag(asked, &body);
    if head.is_known(asked) {
        return not_modified(head);
    }
    let body = if may_be_compressed { head.compress(asked, body).await } else { body };
    head.with_body(body)
}

/// The body with what pages in development have.
fn dressed(head: &mut Head, body: Bytes, exchange: Exchange<'_>) -> Bytes {
    let Some(development) = &exchange.serving.development else { return body };
    let Exchange { method, headers: asked, host, .. } = exchange;
    let page = Undressed { method, asked, host, headers: &mut head.headers, body: &body };
    development.dress(page).unwrap_or(body)
}

fn not_modified(head: Head) -> warp::reply::Response {
    head.into_not_modified().with_body(Bytes::new())
}

/// Status and headers are gone when a stream breaks, so the log is the only place that says why.
fn from_stream(pieces: PieceStream, path: &str) -> warp::reply::Response {
    let path = path.to_string();
    let pieces = pieces.0.inspect_err(move |error| {
        tracing::error!(path, "the stream of an answer broke off: {}", one_line(&error.to_string()));
    });
    warp::reply::stream(SyncStream::new(pieces)).into_response()
}

async fn from_file(path: &Path) -> Result<warp::reply::Response, Failure> {
    let failed = |error: std::io::Error| {
        // A name with a file where a folder should be, or with a zero byte, is a name of nothing.
        let is_absent = matches!(error.kind(), NotFound | NotADirectory | InvalidInput | InvalidFilename);
        let status = if is_absent { 404 } else { 500 };
        Failure::new(status, format!("the file `{}` cannot be sent: {error}", path.display()))
    };
    // Asked before it is opened: opening a pipe waits for its writer.
    let metadata = tokio::fs::metadata(path).await.map_err(failed)?;
    if !metadata.is_file() {
        return Err(Failure::new(404, format!("`{}` is not a file", path.display())));
    }
    let file = File::open(path).await.map_err(failed)?;
    let length = file.metadata().await.map_err(failed)?.len();
    let pieces = ReaderStream::with_capacity(file, FILE_PIECE);
    let mut answer = warp::reply::stream(SyncStream::new(pieces)).into_response();
    answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    Ok(answer)
}
