//! `/healthz` and `/readyz` at the site's own address, for load balancers and supervisors.
//!
//! They answer where no route of the site does, so a site that has such pages of its own keeps them, and no other request pays for a
//! look. Whoever asks here may be anybody: the answer is one word.

use http::Method;

use super::pipeline::Serving;
use crate::http::{Failure, Request, Response};
use crate::process::{AsProcess, Process};
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

    /// The answer to a request for a host that is none of `server.hosts`. Load balancers ask by address, so probes are answered; but a site
    /// that has such a page of its own has it for its own hosts only.
    ///
    /// # Errors
    ///
    /// 421 for all others.
    pub(super) async fn answer_other_host(&self, request: &Request) -> Result<Response, Failure> {
        let (host, path) = (request.host(), request.uri().path());
        let is_free = || matches!(self.site.router.find(request.method(), host, path), Found::NotFound);
        match self.probe(request).ok().flatten().filter(|_| is_free()) {
            Some(probe) => Ok(probe.answer(request.process()).await),
            None => Err(Failure::new(421, format!("`{host}` is not one of `server.hosts`"))),
        }
    }
}
