//! One request on its way to the [`Answer`] and back: asked at once, then run by warp where it takes time.
//!
//! An answer that is there at once, a static file's, is one slice and its headers: hyper gets it as it is, without a boxed future or
//! a boxed body. Everything else is a future that a warp filter runs. No warp filter is handed anything, and a connection answers
//! one request at a time (HTTP/1.1), so each connection has a slot: the future is put there, and the filter, which runs at once,
//! takes it out again. That costs one uncontended lock and no allocation.

use std::any::Any;
use std::convert::Infallible;
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

use super::wire::Activity;
use super::{Answer, Answered, Peer, body};

/// Tells the client that this was the last answer on its connection.
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// The service of one connection.
pub(super) fn service(
    answer: Arc<dyn Answer>,
    activity: Arc<Activity>,
    peer: Peer,
) -> impl HttpService<
    Incoming,
    ResBody = Noted<impl Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + use<>>,
    Error = Infallible,
    Future: Send,
> {
    let slot = Arc::new(Slot { peer, answering: Mutex::default() });
    let taking = slot.clone();
    let warp = warp::service(warp::any().then(move || run(taking.clone())));
    service_fn(move |request: Request<Incoming>| {
        activity.begin(!request.body().is_end_stream());
        match ask(&*answer, request, &activity, peer) {
            Answered::AtOnce(response) => {
                let response = response.map(|body| Sent::Left(Full::new(body)));
                Either::Left(future::ready(Ok(finished(response, activity.clone()))))
            }
            Answered::Later(answering) => {
                slot.put(answering);
                let running = warp.clone().call(Request::new(Empty::<Bytes>::new()));
                let activity = activity.clone();
                Either::Right(Either::Left(async move { Ok(finished(running.await?.map(Sent::Right), activity)) }))
            }
            Answered::ByFilter(answering) => {
                let (activity, slot) = (activity.clone(), slot.clone());
                slot.put(answering);
                Either::Right(Either::Right(async move {
                    let response = run(slot).await;
                    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
                        activity.handover().begin();
                    }
                    Ok(finished(response.map(Sent::Right), activity))
                }))
            }
        }
    })
}

/// The body of an answer: a slice, or whatever warp made.
type Sent<B> = http_body_util::Either<Full<Bytes>, B>;

/// How a request is answered: by the [`Answer`], unless it must be refused before.
fn ask(answer: &dyn Answer, request: Request<Incoming>, activity: &Arc<Activity>, peer: Peer) -> Answered {
    let (parts, body) = request.into_parts();
    if let Some((code, reason)) = refusal(&parts) {
        tracing::info!(%peer, "malformed request: {reason}");
        let mut response = status(code);
        response.headers_mut().insert(CONNECTION, CLOSE);
        return Answered::AtOnce(response);
    }
    let body = body::Incoming::new(body, activity);
    catch_unwind(AssertUnwindSafe(|| answer.answer(parts, body, peer)))
        .unwrap_or_else(|panic| Answered::AtOnce(after_panic(&*panic, peer)))
}

/// What goes to hyper.
fn finished<B>(mut response: Response<B>, activity: Arc<Activity>) -> Response<Noted<B>> {
    let is_last = activity.is_stopping() || activity.has_unread_body();
    // A field that says how the connection goes on is there already when it goes on as something else.
    if is_last && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response.headers_mut().insert(CONNECTION, CLOSE);
    }
    let until_shutdown = response.extensions_mut().remove::<UntilShutdown>().is_some();
    response.map(|body| Noted { body, activity, until_shutdown })
}

/// Noted among the extensions of an answer whose body has no end of its own: it ends when the process stops.
#[derive(Debug, Clone, Copy)]
pub(super) struct UntilShutdown;

/// Where a connection keeps the answer in progress until the warp filter takes it.
struct Slot {
    peer: Peer,
    answering: Mutex<Option<BoxFuture<'static, warp::reply::Response>>>,
}

impl Slot {
    fn put(&self, answering: BoxFuture<'static, warp::reply::Response>) {
        *self.answering.lock().unwrap_or_else(PoisonError::into_inner) = Some(answering);
    }

    fn take(&self) -> Option<BoxFuture<'static, warp::reply::Response>> {
        self.answering.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The one warp filter of Kalgan's own: runs what was put into the slot.
async fn run(slot: Arc<Slot>) -> warp::reply::Response {
    let Some(answering) = slot.take() else {
        return status(StatusCode::INTERNAL_SERVER_ERROR).map(Into::into);
    };
    let answered = AssertUnwindSafe(answering).catch_unwind().await;
    answered.unwrap_or_else(|panic| after_panic(&*panic, slot.peer).map(Into::into))
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

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}

/// The body of an answer, which notes when hyper has done with it.
pub(super) struct Noted<B> {
    body: B,
    activity: Arc<Activity>,
    until_shutdown: bool,
}

impl<B: Body + Unpin> Body for Noted<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        // A process that stops wakes all its connections, so this is asked in time.
        if self.until_shutdown && self.activity.is_stopping() {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Noted<B> {
    fn drop(&mut self) {
        self.activity.finish();
    }
}
