//! From a socket to an answer: the only module that knows warp and hyper.
//!
//! `warp::serve` has no timer, no limits and no deadline when it stops, so warp runs here as a service under an accept loop of our own:
//!
//! 1. [`listener`] binds the address or the socket file.
//! 2. [`accept`] takes connections, no more than the limit, and winds them up when the process is asked to stop.
//! 3. [`connection`] drives one connection by hyper and ends it when the client is too slow; [`wire`] tells it what the client does.
//! 4. [`exchange`] asks the [`Answer`] for what to send, has warp run what takes time, and answers 500 when either panics.
//! 5. [`pipeline`] answers it: from [`assets`] where its path is a static file's (what of it, [`headers`] decides; in which coding,
//!    [`encodings`]), else by the site's controllers, with its [`body`] read within the limit; [`errors`] makes the page for what
//!    failed, [`send`] the answer for warp, with the headers that keep browsers in bounds
//!    ([`security_headers`]), with an entity tag and compressed where that is worth it ([`page`]).
//!    A request that is over is told to one place ([`observed`]).
//! 6. Where a site has warp filters of its own, they are asked before its controllers ([`mounted`], the body meanwhile is a [`loan`]). A
//!    WebSocket takes its connection over ([`handover`]).
//! 7. `/healthz` and `/readyz` answer where no route does ([`health`]); with more to say, and beside the figures, at an address of their
//!    own ([`admin`]).
//!
//! TLS and HTTP/2 are left to the proxy in front: this is plain HTTP/1.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::request::Parts;

use crate::metrics::Connections;

mod accept;
mod admin;
pub mod assets;
pub mod body;
mod broken;
mod connection;
mod counted;
mod developers;
mod development;
mod encodings;
mod errors;
mod exchange;
mod failure;
mod handover;
mod headers;
mod health;
pub mod listener;
mod loan;
mod mounted;
pub mod observed;
mod page;
mod pipeline;
mod rules;
mod security_headers;
mod send;
pub(crate) mod span;
mod wire;

#[cfg(test)]
mod tests;

pub use accept::{Stop, serve};
pub use admin::Admin;
#[cfg(feature = "overlay")]
pub use development::Undressed;
pub use development::{Development, PREFIX};
#[cfg(feature = "overlay")]
pub use listener::SharedSocket;
pub use listener::Sockets;
pub use listener::{AdminAddress, Listener};
pub use mounted::{Filter, Mounted, Rejection, Reply};
pub use observed::{Arrival, Over, Replied};
#[cfg(feature = "overlay")]
pub use page::variants;
pub use pipeline::{Pipeline, Serving};
pub use send::as_sent;

/// Limits of connections. They hold for each connection alone, except the last two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Time in which the head of a request must arrive, from its first byte; then 408. A new connection must send that within the same time.
    pub header_timeout: Duration,
    /// Time for which a connection may wait for its next request, or for which a client may leave an answer unread.
    pub idle_timeout: Duration,
    /// Most bytes of a request's head, at least 8192. More get 431, as do more than 100 fields.
    pub max_header_size: usize,
    /// Most connections at one time, at least 1. More wait in the system's queue.
    pub max_connections: usize,
    /// Time that requests in flight get when the process is asked to stop.
    pub shutdown_timeout: Duration,
}

impl Default for Options {
    /// The defaults of the settings `server.*`, see [`crate::snapshot::schema`].
    fn default() -> Self {
        Options {
            header_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(90),
            max_header_size: 65_536,
            max_connections: 10_000,
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Peer {
    /// Address and port, an IPv4 address always in its short form; none where the connection came over a socket file.
    pub address: Option<SocketAddr>,
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.address {
            Some(address) => address.fmt(f),
            None => f.write_str("unix"),
        }
    }
}

/// What answers requests.
pub trait Answer: Send + Sync + 'static {
    /// Answers one request. The body has not been read; see [`body::read`].
    ///
    /// A panic, here or in the future, is logged and answered by 500 without a body.
    fn answer(&self, parts: Parts, body: body::Incoming, arrival: &Arrival) -> Answered;

    /// What is known of a request as soon as its head is there.
    fn arrival(&self, head: &Parts, peer: Peer) -> Arrival;

    /// Is told of each request that is over.
    fn over(&self, request: &Over<'_>) {
        request.log();
    }

    /// Where the connections are counted over which the requests come. It is asked once for each listener.
    fn connections(&self) -> Arc<Connections> {
        Arc::default()
    }
}

/// What a request is answered with.
pub enum Answered {
    /// The whole answer, which needs nothing more: a static file. It does not pass through warp.
    AtOnce(http::Response<Bytes>),
    /// What comes of this future, which warp runs. It runs to its end even when the client has gone, except when the process stops
    /// and the time for that is over.
    Later(BoxFuture<'static, Replied>),
    /// As `Later`, where warp must not run it because it runs warp: the site has filters of its own, which are asked first.
    ByFilter(BoxFuture<'static, Replied>),
}
