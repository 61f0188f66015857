//! One request on its way to the [`Answer`] and back: asked at once, then run by warp where it takes time.
//!
//! An answer that is there at once, a static file's, is one slice and its headers: hyper gets it as it is, without a boxed future or
//! a boxed body. Everything else is a future that a warp filter runs. No warp filter is handed anything, and a connection answers
//! one request at a time (HTTP/1.1), so each connection has a slot: the future is put there, and the filter, which runs at once,
//! takes it out again. That costs one uncontended lock and no allocation.

use std::any::Any;
use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture, Either};
use http::header::{CONNECTION, HOST};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body_util::{Empty, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::{HttpService, service_fn};
use tower_service::Service;
use warp::Filter;

use super::observed::{Arrival, Observed, Replied, Told};
use super::pipeline::X_REQUEST_ID;
use super::span::RequestSpan;
use super::wire::Activity;
use super::{Answer, Answered, Peer, body};
use crate::error::{BoxError, one_line, panic_text};

/// Tells the client that this was the last answer on its connection.
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// The service of one connection.
pub(super) fn service(
    answer: Arc<dyn Answer>,
    activity: Arc<Activity>,
    peer: Peer,
) -> impl HttpService<
    Incoming,
    ResBody = Noted<impl Body<Data = Bytes, Error: Into<BoxError>> + use<>>,
    Error = Infallible,
    Future: Send,
> {
    let slot = Arc::new(Slot { peer, progress: Mutex::default() });
    let taking = slot.clone();
    let warp = warp::service(warp::any().then(move || run(taking.clone())));
    service_fn(move |request: Request<Incoming>| {
        activity.begin(!request.body().is_end_stream());
        let (head, body) = request.into_parts();
        let arrival = answer.arrival(&head, peer);
        let mut observed = Observed::new(answer.clone(), &head, arrival);
        match ask(&*answer, head, body::Incoming::new(body, &activity), (peer, observed.arrival())) {
            Asked::Answered(Answered::AtOnce(response)) => {
                observed.tell_file();
                let response = response.map(|body| Sent::Left(Full::new(body)));
                Either::Left(future::ready(Ok(finished(response, activity.clone(), observed))))
            }
            Asked::Refused(response) => {
                let response = response.map(|body| Sent::Left(Full::new(body)));
                Either::Left(future::ready(Ok(finished(response, activity.clone(), observed))))
            }
            Asked::Answered(Answered::Later(answering)) => {
                slot.put(answering, observed.arrival());
                let running = warp.clone().call(Request::new(Empty::<Bytes>::new()));
                let (activity, slot) = (activity.clone(), slot.clone());
                Either::Right(Either::Left(async move {
                    let response = running.await?.map(Sent::Right);
                    slot.tell(&mut observed);
                    Ok(finished(response, activity, observed))
                }))
            }
            Asked::Answered(Answered::ByFilter(answering)) => {
                let (activity, slot) = (activity.clone(), slot.clone());
                slot.put(answering, observed.arrival());
                Either::Right(Either::Right(async move {
                    let response = run(slot.clone()).await;
                    slot.tell(&mut observed);
                    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                        activity.handover().begin();
                    }
                    Ok(finished(response.map(Sent::Right), activity, observed))
                }))
            }
        }
    })
}

/// The body of an answer: a slice, or whatever warp made.
type Sent<B> = http_body_util::Either<Full<Bytes>, B>;

/// What came of asking.
enum Asked {
    Answered(Answered),
    /// The [`Answer`] was not asked, or panicked.
    Refused(Response<Bytes>),
}

/// How a request is answered: by the [`Answer`], unless it must be refused before, or that panics.
fn ask(answer: &dyn Answer, head: Parts, body: body::Incoming, (peer, arrival): (Peer, &Arrival)) -> Asked {
    if let Some((code, reason)) = refusal(&head) {
        arrival.span().in_scope(|| tracing::info!(%peer, "malformed request: {reason}"));
        let mut response = status(code);
        response.headers_mut().insert(CONNECTION, CLOSE);
        return Asked::Refused(response);
    }
    catch_unwind(AssertUnwindSafe(|| answer.answer(head, body, arrival)))
        .map_or_else(|panic| Asked::Refused(arrival.span().in_scope(|| after_panic(&*panic, peer))), Asked::Answered)
}

/// What goes to hyper.
fn finished<B: Body>(
    mut response: Response<B>,
    activity: Arc<Activity>,
    mut observed: Box<Observed>,
) -> Response<Noted<B>> {
    let is_last = activity.is_stopping() || activity.has_unread_body();
    // A field that says how the connection goes on is there already when it goes on as something else.
    if is_last && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response.headers_mut().insert(CONNECTION, CLOSE);
    }
    let until_shutdown = response.extensions_mut().remove::<UntilShutdown>().is_some();
    response.headers_mut().insert(X_REQUEST_ID, observed.id().to_header());
    observed.set_status(response.status());
    // What is in memory is handed over without a word in the log.
    if response.body().size_hint().exact().is_some() {
        observed.leave_span();
    }
    response.map(|body| Noted { body, activity, until_shutdown, observed })
}

/// Noted among the extensions of an answer whose body has no end of its own: it ends when the process stops.
#[derive(Debug, Clone, Copy)]
pub(super) struct UntilShutdown;

/// Where a connection keeps the answer in progress until the warp filter takes it, and afterwards what is told of the request.
struct Slot {
    peer: Peer,
    progress: Mutex<Progress>,
}

#[derive(Default)]
enum Progress {
    #[default]
    Nothing,
    Answering(BoxFuture<'static, Replied>, RequestSpan),
    Answered(Told, RequestSpan),
}

impl Slot {
    fn put(&self, answering: BoxFuture<'static, Replied>, arrival: &Arrival) {
        self.set(Progress::Answering(answering, arrival.span()));
    }

    fn tell(&self, observed: &mut Observed) {
        if let Progress::Answered(told, span) = self.set(Progress::Nothing) {
            observed.tell(told, span);
        }
    }

    /// Gives what was there before.
    fn set(&self, progress: Progress) -> Progress {
        std::mem::replace(&mut *self.progress.lock().unwrap_or_else(PoisonError::into_inner), progress)
    }
}

/// The one warp filter of Kalgan's own: runs what was put into the slot.
async fn run(slot: Arc<Slot>) -> warp::reply::Response {
    let Progress::Answering(answering, mut span) = slot.set(Progress::Nothing) else {
        return status(StatusCode::INTERNAL_SERVER_ERROR).map(Into::into);
    };
    let mut answering = AssertUnwindSafe(answering).catch_unwind();
    let answered = poll_fn(|cx| span.in_scope(|| answering.poll_unpin(cx))).await;
    let Replied { response, told } = answered
        .unwrap_or_else(|panic| Replied::from(span.in_scope(|| after_panic(&*panic, slot.peer)).map(Into::into)));
    slot.set(Progress::Answered(told, span));
    response
}

fn after_panic(panic: &(dyn Any + Send), peer: Peer) -> Response<Bytes> {
    tracing::error!(%peer, "a request could not be answered because of a panic: {}", panic_text(panic));
    status(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Why a request that hyper can read must be refused all the same.
fn refusal(parts: &Parts) -> Option<(StatusCode, &'static str)> {
    if parts.method == Method::CONNECT {
        // It asks a proxy for a tunnel.
        return Some((StatusCode::NOT_IMPLEMENTED, "the method CONNECT"));
    }
    // RFC 9112 section 3.2.
    let mut hosts = parts.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if !is_host(host) => Some((StatusCode::BAD_REQUEST, "the field `Host` is no host")),
        (Some(_), None) => None,
        (None, _) if parts.version != Version::HTTP_11 => None,
        _ => Some((StatusCode::BAD_REQUEST, "not exactly one field `Host`")),
    }
}

/// A host with or without a port; empty where the target has none.
fn is_host(value: &HeaderValue) -> bool {
    let value = value.as_bytes();
    // Most are a name of letters, digits, hyphens and dots, and perhaps a port: that needs no parser.
    let end = value.iter().position(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'-'));
    let is_plain =
        end.is_none_or(|end| end > 0 && value[end] == b':' && value[end + 1..].iter().all(u8::is_ascii_digit));
    is_plain || (!value.contains(&b'@') && Authority::try_from(value).is_ok())
}

fn status(code: StatusCode) -> Response<Bytes> {
    let mut response = Response::default();
    *response.status_mut() = code;
    response
}

/// The body of an answer, which notes when hyper has done with it.
pub(super) struct Noted<B> {
    body: B,
    activity: Arc<Activity>,
    until_shutdown: bool,
    observed: Box<Observed>,
}

impl<B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin> Body for Noted<B> {
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        // A process that stops wakes all its connections, so this is asked in time.
        if self.until_shutdown && self.activity.is_stopping() {
            return Poll::Ready(None);
        }
        let Noted { body, observed, .. } = &mut *self;
        let frame = observed.in_span(|| frame_of(Pin::new(body), cx));
        if let Poll::Ready(Some(Ok(frame))) = &frame {
            observed.add_bytes(frame.data_ref().map_or(0, Bytes::len));
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The next piece of a body. A panic in the site's own stream ends it as an error does, and this connection alone.
fn frame_of<B: Body<Data = Bytes, Error: Into<BoxError>>>(
    body: Pin<&mut B>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
    match catch_unwind(AssertUnwindSafe(|| body.poll_frame(cx))) {
        Ok(frame) => frame.map(|frame| frame.map(|frame| frame.map_err(Into::into))),
        Err(panic) => {
            let text = format!("a panic: {}", panic_text(&*panic));
            tracing::error!("the stream of an answer broke off: {}", one_line(&text));
            Poll::Ready(Some(Err(text.into())))
        }
    }
}

impl<B> Drop for Noted<B> {
    fn drop(&mut self) {
        self.activity.finish();
    }
}
