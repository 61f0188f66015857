//! Where a request is counted: under the name of its route, or with all others of its kind.

use std::sync::{Arc, OnceLock};

use http::Method;

use super::Over;
use super::health::Probe;
use super::pipeline::Serving;
use crate::http::Request;
use crate::metrics::{Group, Metrics, Requests, RouteTable};
use crate::process::AsProcess;

/// The counters of a site's routes. They are the process's, so they are found when the site meets it.
#[derive(Debug, Clone, Default)]
pub(super) struct Counters(OnceLock<Arc<RouteTable>>);

impl Serving {
    /// Finds the counters, so that no request has to.
    pub(super) fn begin_counting(&self, metrics: &Metrics) {
        self.table(metrics);
    }

    /// Only in development may a request be the first to ask.
    fn table(&self, metrics: &Metrics) -> &RouteTable {
        let names = || self.site.router.routes().map(|route| &*route.name);
        self.counters.0.get_or_init(|| Arc::new(metrics.requests.table(names())))
    }

    /// What a request that was answered is counted under.
    pub(super) fn group(&self, request: &Request) -> Group {
        let Some(index) = request.route_index() else {
            let is_probe = self.rules.health && Probe::of(request.uri().path()).is_some();
            return if is_probe { Group::Health } else { Group::Unrouted };
        };
        let route = self.table(request.process().metrics()).route(index);
        route.map_or(Group::Unrouted, |route| Group::Route(Arc::clone(route)))
    }
}

/// Counts a request that is over.
pub(super) fn count(requests: &Requests, request: &Over<'_>) {
    // One whose head could not be read was never in flight.
    if request.id.is_some() {
        requests.in_flight.down();
    }
    let method = request.method.map_or("", Method::as_str);
    let status = request.status.map(|status| status.as_u16());
    requests.of(request.group).count(method, status, request.duration);
}
