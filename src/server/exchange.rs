//! One request through warp: hyper hands it in, a warp filter takes it out and calls the [`Answer`].
//!
//! No warp filter hands over a whole request, and a connection answers one request at a time (HTTP/1.1). So each connection has
//! one [`Slot`]: the request is put there, and the filter of that connection, which runs at once, takes it out again. That costs one
//! uncontended lock and no allocation.

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{CONNECTION, HOST};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderValue, Method, Request, StatusCode, Version};
use http_body_util::Empty;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::{HttpService, service_fn};
use tower_service::Service;
use warp::Filter;
use warp::reply::Response;

use super::wire::Activity;
use super::{Answer, Peer};

/// Tells the client that this was the last answer on its connection.
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// What the requests of one connection share.
struct Slot {
    answer: Arc<dyn Answer>,
    activity: Arc<Activity>,
    peer: Peer,
    request: Mutex<Option<Request<Incoming>>>,
}

impl Slot {
    fn put(&self, request: Request<Incoming>) {
        *self.request.lock().unwrap_or_else(PoisonError::into_inner) = Some(request);
    }

    fn take(&self) -> Option<Request<Incoming>> {
        self.request.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The service of one connection.
pub(super) fn service(
    answer: Arc<dyn Answer>,
    activity: Arc<Activity>,
    peer: Peer,
) -> impl HttpService<
    Incoming,
    ResBody = Noted<impl Body<Data = Bytes, Error = warp::Error> + use<>>,
    Error = Infallible,
    Future: Send,
> {
    let slot = Arc::new(Slot { answer, activity, peer, request: Mutex::new(None) });
    let taking = slot.clone();
    let warp = warp::service(warp::any().then(move || respond(taking.clone())));
    service_fn(move |request: Request<Incoming>| {
        slot.activity.begin(!request.body().is_end_stream());
        slot.put(request);
        let answering = warp.clone().call(Request::new(Empty::<Bytes>::new()));
        let activity = slot.activity.clone();
        async move {
            let mut response = answering.await?;
            if activity.is_stopping() || activity.has_unread_body() {
                response.headers_mut().insert(CONNECTION, CLOSE);
            }
            Ok::<_, Infallible>(response.map(|body| Noted { body, activity }))
        }
    })
}

async fn respond(slot: Arc<Slot>) -> Response {
    let Some(request) = slot.take() else {
        return status(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let (parts, body) = request.into_parts();
    if let Some((code, reason)) = refusal(&parts) {
        tracing::info!(peer = %slot.peer, "malformed request: {reason}");
        let mut response = status(code);
        response.headers_mut().insert(CONNECTION, CLOSE);
        return response;
    }
    let body = super::body::Incoming::new(body, slot.activity.clone());
    let answering = async { slot.answer.answer(parts, body, slot.peer).await };
    match AssertUnwindSafe(answering).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            tracing::error!(peer = %slot.peer, "a request could not be answered because of a panic: {}", panic_text(&*panic));
            status(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
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
    value.is_empty() || (!value.contains(&b'@') && Authority::try_from(value).is_ok())
}

fn status(code: StatusCode) -> Response {
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
}

impl<B: Body + Unpin> Body for Noted<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
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
