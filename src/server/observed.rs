//! The one place that sees each request when it is over, however it was answered: what is told of it, and to whom.
//!
//! A request begins when its head is complete and is over when the last piece of its answer's body has been handed to hyper, or when it
//! is clear that there will be none: the body broke off, or the connection was cut.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, StatusCode};
use tracing::Span;

use super::{Answer, Peer};
use crate::error::shortened;
use crate::http::{Client, Request, RequestId};
use crate::metrics::Group;
use crate::snapshot::Text;

/// What is known of a request before it is answered.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// What it is called.
    pub(crate) id: RequestId,
    /// Who sent it, as far as trusted proxies tell.
    pub(crate) client: Client,
}

impl Arrival {
    /// The span of the request, for all lines that are logged while it is answered. It has the level of errors, so that it is there
    /// wherever anything is logged at all.
    pub(super) fn span(&self) -> Span {
        tracing::error_span!(target: "kalgan::request", "request", request_id = %self.id)
    }
}

/// A request that is over.
#[derive(Debug, Clone, Copy)]
pub struct Over<'a> {
    /// Its method; none where hyper could not read the head.
    pub method: Option<&'a Method>,
    /// Its path as it was sent, without the query, so without any control character; empty where the head could not be read.
    pub path: &'a str,
    /// The name of the route; none for static files and where no route was found.
    pub route: Option<&'a str>,
    /// The status; none where the connection was cut before there was an answer.
    pub status: Option<StatusCode>,
    /// Bytes of the body that were handed over for sending: without the head, and compressed where it was.
    pub bytes: u64,
    /// From the complete head to the end of the answer.
    pub duration: Duration,
    /// Who sent it, as a trusted proxy says; none where nobody knows, as over a socket file.
    pub client: Option<IpAddr>,
    /// What it is called; none where the head could not be read.
    pub id: Option<&'a str>,
    /// The language that it was answered in; none where nobody asked for it.
    pub language: Option<&'a str>,
    /// What it is counted under.
    pub group: &'a Group,
}

impl<'a> Over<'a> {
    /// A request whose head could not be read, which took no time that could be told.
    pub(super) fn unreadable(status: StatusCode, peer: Peer) -> Over<'a> {
        Over {
            method: None,
            path: "",
            route: None,
            status: Some(status),
            bytes: 0,
            duration: Duration::ZERO,
            client: peer.address.map(|address| address.ip().to_canonical()),
            id: None,
            language: None,
            group: &Group::Unrouted,
        }
    }

    /// Writes the access line.
    pub fn log(&self) {
        let status = self.status.map(|status| status.as_u16());
        let (method, path) = (self.method.map(|method| shortened(method.as_str())), shortened(self.path));
        tracing::info!(
            target: "kalgan::access",
            parent: None,
            method = method.as_deref(),
            path = &*path,
            route = self.route,
            status,
            bytes = self.bytes,
            duration_ms = milliseconds(self.duration),
            client = self.client.map(tracing::field::display),
            request_id = self.id,
            language = self.language,
            "{}",
            if status.is_some() { "answered" } else { "broken off" }
        );
    }
}

/// Milliseconds, exact to the microsecond.
#[allow(clippy::cast_precision_loss, reason = "a number of microseconds fits for 285 years")]
fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

/// What the pipeline tells of a request that it has answered.
#[derive(Debug, Default)]
pub struct Told {
    route: Option<Text>,
    language: Option<Arc<str>>,
    group: Group,
}

impl Told {
    pub(super) fn of(request: &Request, group: Group) -> Told {
        Told { route: request.route().map(|route| route.name.clone()), language: request.language_code(), group }
    }
}

/// An answer and what is told of its request.
pub struct Replied {
    pub(super) response: warp::reply::Response,
    pub(super) told: Told,
}

impl Replied {
    /// An answer of one of the site's own filters.
    pub(super) fn of_filter(response: warp::reply::Response) -> Self {
        Replied { response, told: Told { group: Group::Filters, ..Told::default() } }
    }

    /// A static file.
    pub(super) fn of_file(response: warp::reply::Response) -> Self {
        Replied { response, told: Told { group: Group::Static, ..Told::default() } }
    }
}

impl From<warp::reply::Response> for Replied {
    /// An answer without a route or a language.
    fn from(response: warp::reply::Response) -> Self {
        Replied { response, told: Told::default() }
    }
}

/// A request in progress. When this value goes, the request is over.
pub(super) struct Observed {
    answer: Arc<dyn Answer>,
    arrival: Arrival,
    method: Method,
    target: Option<PathAndQuery>,
    since: Instant,
    told: Told,
    span: Span,
    status: Option<StatusCode>,
    bytes: u64,
}

impl Observed {
    pub(super) fn new(answer: Arc<dyn Answer>, head: &Parts, arrival: Arrival) -> Self {
        Observed {
            answer,
            arrival,
            method: head.method.clone(),
            target: head.uri.path_and_query().cloned(),
            since: Instant::now(),
            told: Told::default(),
            span: Span::none(),
            status: None,
            bytes: 0,
        }
    }

    pub(super) fn id(&self) -> &RequestId {
        &self.arrival.id
    }

    pub(super) fn arrival(&self) -> &Arrival {
        &self.arrival
    }

    /// Takes what the pipeline tells, and the span that the rest of the answer is in.
    pub(super) fn tell(&mut self, told: Told, span: Span) {
        (self.told, self.span) = (told, span);
    }

    /// It is for a static file.
    pub(super) fn tell_file(&mut self) {
        self.told.group = Group::Static;
    }

    pub(super) fn leave_span(&mut self) {
        self.span = Span::none();
    }

    pub(super) fn in_span<T>(&self, work: impl FnOnce() -> T) -> T {
        self.span.in_scope(work)
    }

    pub(super) fn set_status(&mut self, status: StatusCode) {
        self.status = Some(status);
    }

    pub(super) fn add_bytes(&mut self, count: usize) {
        self.bytes += count as u64;
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        self.answer.over(&Over {
            method: Some(&self.method),
            path: self.target.as_ref().map_or("", PathAndQuery::path),
            route: self.told.route.as_deref(),
            status: self.status,
            bytes: self.bytes,
            duration: self.since.elapsed(),
            client: self.arrival.client.address,
            id: Some(self.arrival.id.as_str()),
            language: self.told.language.as_deref(),
            group: &self.told.group,
        });
    }
}
