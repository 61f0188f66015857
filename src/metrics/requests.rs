//! Requests, counted by the name of the route that answered them.
//!
//! Each site gets a [`RouteTable`] when it is made, so that a request finds its counters by the number of its route. Tables of one process
//! share the counters of equal names: after a reload with other routes they go on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::{Counter, Gauge, Histogram};

/// What stands in place of a route's name for a static file.
pub const STATIC: &str = "(static)";

/// What stands in place of a route's name for `/healthz` and `/readyz`.
pub const HEALTH: &str = "(health)";

/// What stands in place of a route's name for answers of warp filters that the site mounts.
pub const FILTERS: &str = "(filters)";

/// What stands in place of a route's name where no route answers.
pub const UNROUTED: &str = "(unrouted)";

/// The methods that have a label of their own; the others share one, for a client may make up as many as it likes.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];

/// The label of all other methods.
const OTHER_METHOD: &str = "other";

/// The registered status codes that an answer of a website may have. Others are counted by their class.
const STATUSES: [u16; 57] = [
    101, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 305, 307, 308, 400, 401, 402, 403,
    404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426, 428, 429,
    431, 451, 500, 501, 502, 503, 504, 505, 507, 508, 511,
];

/// The labels of all other codes, by their first digit; the last is for requests that broke off before there was an answer.
const CLASSES: [&str; 7] = ["1xx", "2xx", "3xx", "4xx", "5xx", "other", "none"];

/// How many labels there are for a status.
const SLOTS: usize = STATUSES.len() + CLASSES.len();

/// All requests of a process.
#[derive(Debug)]
pub struct Requests {
    /// Those that are being answered.
    pub in_flight: Gauge,
    /// The counters of all routes that there have been, by name. Locked when a site is made and for a scrape only.
    by_name: Mutex<BTreeMap<Arc<str>, Arc<Route>>>,
    static_files: Arc<Route>,
    health: Arc<Route>,
    filters: Arc<Route>,
    unrouted: Arc<Route>,
}

/// What requests are counted together.
#[derive(Debug, Clone, Default)]
pub enum Group {
    /// Those that no route answers, among them those that cannot be read.
    #[default]
    Unrouted,
    /// Those for static files.
    Static,
    /// Those of `/healthz` and `/readyz`.
    Health,
    /// Those that a filter of the site's own answers.
    Filters,
    /// Those that this route answers.
    Route(Arc<Route>),
}

/// The requests of one route.
#[derive(Debug, Default)]
pub struct Route {
    /// By method, then by status; made with the first request of a method.
    counts: [OnceLock<Box<[Counter; SLOTS]>>; METHODS.len() + 1],
    durations: Histogram,
}

/// The counters of a site's routes, in the order of its routes.
#[derive(Debug)]
pub struct RouteTable {
    routes: Box<[Arc<Route>]>,
}

impl Default for Requests {
    fn default() -> Self {
        let fixed = || Arc::new(Route::default());
        Requests {
            in_flight: Gauge::default(),
            by_name: Mutex::default(),
            static_files: fixed(),
            health: fixed(),
            filters: fixed(),
            unrouted: fixed(),
        }
    }
}

impl Requests {
    /// The table of a site whose routes have these names.
    pub fn table<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> RouteTable {
        let mut by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        let route = |name| match by_name.get(name) {
            Some(route) => Arc::clone(route),
            None => Arc::clone(by_name.entry(Arc::from(name)).or_default()),
        };
        RouteTable { routes: names.into_iter().map(route).collect() }
    }

    /// The counters of what is counted together.
    pub fn of<'g>(&'g self, group: &'g Group) -> &'g Route {
        match group {
            Group::Unrouted => &self.unrouted,
            Group::Static => &self.static_files,
            Group::Health => &self.health,
            Group::Filters => &self.filters,
            Group::Route(route) => route,
        }
    }

    /// Each name of a route with its counters; what stands in place of a name comes first.
    pub fn routes(&self) -> Vec<(Arc<str>, Arc<Route>)> {
        let fixed = [
            (FILTERS, &self.filters),
            (HEALTH, &self.health),
            (STATIC, &self.static_files),
            (UNROUTED, &self.unrouted),
        ];
        let by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        let named = by_name.iter().map(|(name, route)| (Arc::clone(name), Arc::clone(route)));
        fixed.into_iter().map(|(name, route)| (Arc::from(name), Arc::clone(route))).chain(named).collect()
    }
}

impl RouteTable {
    /// The counters of the route at this place; none where there is no such route.
    pub fn route(&self, index: usize) -> Option<&Arc<Route>> {
        self.routes.get(index)
    }
}

impl Route {
    /// Counts a request that is over; without a status it broke off before there was an answer.
    pub fn count(&self, method: &str, status: Option<u16>, duration: Duration) {
        let method = METHODS.iter().position(|known| *known == method).unwrap_or(METHODS.len());
        let counts = self.counts[method].get_or_init(|| Box::new(std::array::from_fn(|_| Counter::default())));
        counts[slot(status)].increment();
        self.durations.observe(duration);
    }

    /// How long the requests took.
    pub fn durations(&self) -> &Histogram {
        &self.durations
    }

    /// Each method and status that there was, with the number of requests.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, String, u64)> {
        let methods = METHODS.into_iter().chain([OTHER_METHOD]).zip(&self.counts);
        let counted = methods.filter_map(|(method, counts)| Some((method, counts.get()?)));
        counted.flat_map(|(method, counts)| {
            let values = counts.iter().map(Counter::value).enumerate().filter(|(_, count)| *count > 0);
            values.map(move |(slot, count)| (method, status_label(slot), count))
        })
    }
}

/// Where a status is counted.
fn slot(status: Option<u16>) -> usize {
    let Some(status) = status else { return SLOTS - 1 };
    let class = || usize::from(status / 100).clamp(1, CLASSES.len() - 1) - 1;
    STATUSES.binary_search(&status).unwrap_or_else(|_| STATUSES.len() + class())
}

/// What a status at that place is called.
fn status_label(slot: usize) -> String {
    match STATUSES.get(slot) {
        Some(status) => status.to_string(),
        None => CLASSES[slot - STATUSES.len()].to_string(),
    }
}
