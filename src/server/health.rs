//! `/healthz` and `/readyz` at the site's own address, for load balancers and supervisors.
//!
//! They answer where no route of the site does, so a site that has such pages of its own keeps them, and no other request pays for a
//! look. Whoever asks here may be anybody: the answer is one word.

use http::Method;

use super::pipeline::Serving;
use crate::http::{Failure, Request, Response};
use crate::process::Process;
use crate::site::Found;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Probe {
    /// `/healthz`: whether the process is alive, which it shows by answering.
    Live,
    /// `/readyz`: whether requests should be sent to it.
    Ready,
}

impl Probe {
    /// What a path asks for.
    pub(super) fn of(path: &str) -> Option<Probe> {
        match path {
            "/healthz" => Some(Probe::Live),
            "/readyz" => Some(Probe::Ready),
            _ => None,
        }
    }

    /// The answer, 200 or 503 (RFC 9110 section 15.6.4), which no cache keeps.
    pub(super) async fn answer(self, process: &Process) -> Response {
        let (status, word) = match self {
            Probe::Live => (200, "ok"),
            Probe::Ready if process.readiness().await.is_ready() => (200, "ready"),
            Probe::Ready => (503, "not ready"),
        };
        Response::text(word).with_status(status).with_cache("no-store")
    }
}

impl Serving {
    /// What a request that no route answers asks about the process; none where it is an ordinary one.
    ///
    /// # Errors
    ///
    /// 405 for methods that do not only read.
    pub(super) fn probe(&self, request: &Request) -> Result<Option<Probe>, Failure> {
        let Some(probe) = Probe::of(request.uri().path()).filter(|_| self.rules.health) else { return Ok(None) };
        match *request.method() {
            Method::GET | Method::HEAD => Ok(Some(probe)),
            _ => Err(Failure::new(405, "this address answers to GET and HEAD only").with_header("allow", "GET, HEAD")),
        }
    }

    /// The same for a request to a host that is none of `server.hosts`: load balancers ask by address. A site that has such a page of
    /// its own answers for its own hosts only.
    pub(super) fn probe_of_other_host(&self, request: &Request) -> Option<Probe> {
        let probe = self.probe(request).ok().flatten()?;
        let found = self.site.router.find(request.method(), request.host(), request.uri().path());
        matches!(found, Found::NotFound).then_some(probe)
    }
}
