//! The one place that sees each request when it is over, however it was answered: what is told of it, and to whom.
//!
//! A request begins when its head is complete and is over when the last piece of its answer's body has been handed to hyper, or when it
//! is clear that there will be none: the body broke off, or the connection was cut.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, StatusCode};

use super::span::RequestSpan;
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
    /// The span of the request.
    pub(super) fn span(&self) -> RequestSpan {
        RequestSpan::new(&self.id)
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
    pub(crate) id: Option<&'a RequestId>,
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
            client = self.client.map(Address).map(tracing::field::display),
            request_id = self.id.map(RequestId::as_str),
            language = self.language,
            "{}",
            if status.is_some() { "answered" } else { "broken off" }
        );
    }
}

/// An address as the standard library writes it. The short form, which most have, is written at once.
struct Address(IpAddr);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let IpAddr::V4(address) = self.0 else { return fmt::Display::fmt(&self.0, f) };
        let (mut text, mut begin) = ([b'.'; "255.255.255.255".len()], "255.255.255.255".len());
        for mut part in address.octets().into_iter().rev() {
            let end = begin;
            while part > 0 || begin == end {
                begin -= 1;
                text[begin] = b'0' + part % 10;
                part /= 10;
            }
            // What was there before the digits is the full stop before them.
            begin = begin.saturating_sub(1);
        }
        let begin = if text[begin] == b'.' { begin + 1 } else { begin };
        f.write_str(str::from_utf8(&text[begin..]).map_err(|_| fmt::Error)?)
    }
}

/// Milliseconds, exact to the microsecond.
#[allow(clippy::cast_precision_loss, reason = "a number of microseconds fits for 285 years")]
pub(crate) fn milliseconds(duration: Duration) -> f64 {
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
    span: RequestSpan,
    status: Option<StatusCode>,
    bytes: u64,
}

impl Observed {
    /// In a box, because hyper and warp hand the body of an answer on many times before it is sent.
    pub(super) fn new(answer: Arc<dyn Answer>, head: &Parts, arrival: Arrival) -> Box<Self> {
        Box::new(Observed {
            answer,
            arrival,
            method: head.method.clone(),
            target: head.uri.path_and_query().cloned(),
            since: Instant::now(),
            told: Told::default(),
            span: RequestSpan::None,
            status: None,
            bytes: 0,
        })
    }

    pub(super) fn id(&self) -> &RequestId {
        &self.arrival.id
    }

    pub(super) fn arrival(&self) -> &Arrival {
        &self.arrival
    }

    /// Takes what the pipeline tells, and the span that the rest of the answer is in.
    pub(super) fn tell(&mut self, told: Told, span: RequestSpan) {
        (self.told, self.span) = (told, span);
    }

    /// It is for a static file.
    pub(super) fn tell_file(&mut self) {
        self.told.group = Group::Static;
    }

    pub(super) fn leave_span(&mut self) {
        self.span = RequestSpan::None;
    }

    pub(super) fn in_span<T>(&mut self, work: impl FnOnce() -> T) -> T {
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
            id: Some(&self.arrival.id),
            language: self.told.language.as_deref(),
            group: &self.told.group,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_the_standard_library_writes_it() {
        for text in ["0.0.0.0", "127.0.0.1", "10.20.100.9", "255.255.255.255", "1.10.100.0", "::1", "2001:db8::7:0"] {
            assert_eq!(Address(text.parse().unwrap()).to_string(), text);
        }
    }
}
