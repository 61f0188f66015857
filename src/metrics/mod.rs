//! What a process counts: requests, connections, pages, hits of the cache; and how that is shown to a monitoring system.
//!
//! The counters are plain atomics with relaxed order, so counting takes no lock and waits for nobody. They are there in every binary; the
//! text that a scrape gets ([`exposition`]) needs the feature `metrics`. What is not counted but looked at, such as memory or the
//! connections of the database, is gathered for each scrape ([`Gathered`], [`system`]).
//!
//! | What | Where |
//! |---|---|
//! | numbers that only grow, or go up and down | [`counter`] |
//! | how long something takes | [`histogram`] |
//! | requests by the name of their route | [`requests`] |
//!
//! A label has only values that the site's author wrote or that stand in this folder: whatever clients send, the number of series is limited.

mod counter;
#[cfg(feature = "metrics")]
pub mod exposition;
mod gathered;
mod histogram;
mod requests;
#[cfg(feature = "metrics")]
mod system;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::SystemTime;

pub use counter::{Counter, Gauge};
pub use gathered::Gathered;
#[cfg(feature = "db")]
pub use gathered::PoolFigures;
pub use histogram::Histogram;
pub use requests::{Group, Requests, RouteTable};

/// All counters of a process.
#[derive(Debug)]
pub struct Metrics {
    /// When the process started.
    pub started: SystemTime,
    /// The connections of the address that the site is served at.
    pub connections: Arc<Connections>,
    /// Requests and their answers.
    pub requests: Requests,
    /// How long templates take to become text.
    pub templates: Histogram,
    /// Look-ups in the cache.
    pub cache: Lookups,
    /// Look-ups of the sessions that cookies name.
    pub sessions: Lookups,
}

/// What is counted about connections.
#[derive(Debug, Default)]
pub struct Connections {
    /// Those that were taken.
    pub accepted: Counter,
    /// Those that are there.
    pub open: Gauge,
    /// The most that may be there at one time: `server.max_connections`.
    pub limit: Gauge,
    /// Bytes that clients sent, heads of requests included.
    pub received: Counter,
    /// Bytes that were sent to clients, heads of answers included.
    pub sent: Counter,
}

impl Connections {
    /// Counts a connection that was taken; it is open until the value is dropped.
    pub fn begin(self: &Arc<Self>) -> Open {
        self.accepted.increment();
        self.open.up();
        Open(Arc::clone(self))
    }
}

/// A connection that is there.
#[derive(Debug)]
pub struct Open(Arc<Connections>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.down();
    }
}

/// Look-ups that found something, and those that did not.
#[derive(Debug, Default)]
pub struct Lookups {
    /// Something was there.
    pub hits: Counter,
    /// Nothing was there.
    pub misses: Counter,
}

impl Lookups {
    /// Counts a look-up.
    pub fn count(&self, is_hit: bool) {
        match is_hit {
            true => self.hits.increment(),
            false => self.misses.increment(),
        }
    }
}

impl Default for Metrics {
    /// The counters of a process that starts now.
    fn default() -> Self {
        Metrics {
            started: SystemTime::now(),
            connections: Arc::default(),
            requests: Requests::default(),
            templates: Histogram::default(),
            cache: Lookups::default(),
            sessions: Lookups::default(),
        }
    }
}
