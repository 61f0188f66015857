//! What a process answers at `server.admin`, the address for its operator and for what watches it: whether it is well, in full, and its
//! figures. It is asked by few and trusts them, so it says more than the site's own address does, but has no say in anything.
//!
//! A page in the operator's browser may ask any port of the operator's machine, and once its own name leads there also read the answer
//! (DNS rebinding). So over TCP a request must be for `localhost` or an address, which no page can have as its name; else it is a 421.
//!
//! It answers from the moment at which the address is bound until the process ends, also while requests in flight are being finished.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use serde::Serialize;

use super::{Answer, Answered, Arrival, Options, Over, Peer, Replied, body};
use crate::http::{Client, RequestIds, host};
use crate::metrics::Gathered;
use crate::process::{Phase, Process, Readiness, ShownCheck};
use crate::site::without_port;

/// What `/` says.
const LIST: &str = "/healthz  whether the process is alive\n\
                    /readyz   whether requests should be sent to it, as JSON\n\
                    /metrics  its figures, for Prometheus\n";

/// Looks at what is not counted, for a scrape.
pub type Gather = fn(Process) -> BoxFuture<'static, Gathered>;

/// Answers at `server.admin`.
#[derive(Clone)]
pub struct Admin {
    /// Set when the process is there; it listens here before.
    process: Arc<OnceLock<Process>>,
    #[cfg_attr(not(feature = "metrics"), allow(dead_code, reason = "without the feature nothing is shown"))]
    gather: Gather,
    ids: Arc<RequestIds>,
}

impl Admin {
    /// What answers before there is a process: alive, but not ready.
    pub fn new(gather: Gather) -> Admin {
        Admin { process: Arc::default(), gather, ids: Arc::new(RequestIds::new()) }
    }

    /// Says, once, which process it is.
    pub fn set_process(&self, process: Process) {
        // A second one has nothing to add.
        let _ = self.process.set(process);
    }

    /// Limits for few who are known: none of them needs many connections, or sends much.
    pub fn options() -> Options {
        Options {
            header_timeout: Duration::from_secs(10),
            // Longer than the pause between two scrapes, which may come over one connection.
            idle_timeout: Duration::from_secs(90),
            max_header_size: 16_384,
            max_connections: 64,
            shutdown_timeout: Duration::ZERO,
        }
    }

    async fn readiness(self) -> http::Response<Bytes> {
        let readiness = match self.process.get() {
            Some(process) => process.readiness().await,
            None => Readiness::in_phase(Phase::Starting),
        };
        let status = if readiness.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let text = serde_json::to_vec(&Shown::of(&readiness)).expect("texts, numbers and truth values are JSON");
        page(status, "application/json", text)
    }

    #[cfg(feature = "metrics")]
    async fn metrics(self, accept: String) -> http::Response<Bytes> {
        use crate::metrics::exposition::{Format, expose};
        let Some(process) = self.process.get() else {
            return text(StatusCode::SERVICE_UNAVAILABLE, "the process is still starting\n");
        };
        let (format, gathered) = (Format::for_accept(&accept), (self.gather)(process.clone()).await);
        page(StatusCode::OK, format.content_type(), expose(Arc::clone(process.metrics()), gathered, format))
    }

    #[cfg(not(feature = "metrics"))]
    #[allow(clippy::unused_async, reason = "it is asked as with the feature")]
    async fn metrics(self, _accept: String) -> http::Response<Bytes> {
        text(StatusCode::NOT_FOUND, "this binary was built without Kalgan's feature `metrics`\n")
    }
}

impl Answer for Admin {
    fn answer(&self, parts: Parts, _body: body::Incoming, arrival: &Arrival) -> Answered {
        if arrival.client.peer.is_some() && !is_for_this_machine(&parts) {
            let reason = "over TCP only requests for `localhost` or an IP address are answered here\n";
            return Answered::AtOnce(text(StatusCode::MISDIRECTED_REQUEST, reason));
        }
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here\n");
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return Answered::AtOnce(response);
        }
        let admin = self.clone();
        match parts.uri.path() {
            "/" => Answered::AtOnce(text(StatusCode::OK, LIST)),
            "/healthz" => Answered::AtOnce(text(StatusCode::OK, "ok")),
            "/readyz" => Answered::Later(admin.readiness().map(replied).boxed()),
            "/metrics" => {
                let accept = parts.headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
                let accept = accept.collect::<Vec<_>>().join(",");
                Answered::Later(admin.metrics(accept).map(replied).boxed())
            }
            _ => {
                let mut list = String::from("there is nothing here; what there is:\n");
                list.write_str(LIST).expect("a text takes all that is written to it");
                Answered::AtOnce(text(StatusCode::NOT_FOUND, list))
            }
        }
    }

    fn arrival(&self, _: &Parts, peer: Peer) -> Arrival {
        Arrival { id: self.ids.next(), client: Client::direct(peer.address) }
    }

    /// What the operator's own programs ask every few seconds is nobody's visit.
    fn over(&self, _: &Over<'_>) {}
}

/// Whether a request is for `localhost` or a literal address. One that names no host at all, as HTTP/1.0 allows, comes from no browser.
fn is_for_this_machine(parts: &Parts) -> bool {
    if parts.uri.authority().is_none() && !parts.headers.contains_key(header::HOST) {
        return true;
    }
    let host = without_port(host(parts));
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    host.eq_ignore_ascii_case("localhost")
        || inside.map_or_else(|| host.parse::<Ipv4Addr>().is_ok(), |host| host.parse::<Ipv6Addr>().is_ok())
}

fn replied(response: http::Response<Bytes>) -> Replied {
    response.map(Into::into).into()
}

/// What `/readyz` says.
#[derive(Serialize)]
struct Shown<'a> {
    ready: bool,
    /// `starting`, `serving` or `stopping`.
    phase: &'static str,
    checks: Vec<ShownCheck<'a>>,
}

impl<'a> Shown<'a> {
    fn of(readiness: &'a Readiness) -> Shown<'a> {
        let phase = match readiness.phase {
            Phase::Starting => "starting",
            Phase::Serving => "serving",
            Phase::Stopping => "stopping",
        };
        let checks = readiness.checks.iter().map(|check| check.shown(true)).collect();
        Shown { ready: readiness.is_ready(), phase, checks }
    }
}

fn text(status: StatusCode, text: impl Into<String>) -> http::Response<Bytes> {
    page(status, "text/plain; charset=utf-8", text.into())
}

/// An answer that no cache keeps, and that no browser takes for something else.
fn page(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> http::Response<Bytes> {
    let mut response = http::Response::new(body.into());
    *response.status_mut() = status;
    let fields = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    response.headers_mut().extend(fields.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Check;

    #[tokio::test]
    async fn before_there_is_a_process_it_is_alive_but_not_ready() {
        let admin = Admin::new(|_| async { Gathered::default() }.boxed());
        let readiness = admin.clone().readiness().await;
        assert_eq!(readiness.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(readiness.body(), r#"{"ready":false,"phase":"starting","checks":[]}"#);
        let metrics = admin.metrics(String::new()).await;
        let expected = if cfg!(feature = "metrics") { 503 } else { 404 };
        assert_eq!(metrics.status(), expected);
    }

    #[test]
    fn no_page_of_another_name_may_ask() {
        let is_taken = |host: &str| {
            let request = http::Request::get("/metrics").header("host", host).body(()).unwrap();
            is_for_this_machine(&request.into_parts().0)
        };
        for host in ["localhost", "LocalHost:9091", "127.0.0.1:9091", "10.0.0.1", "[::1]:9091", "[fd00::1]"] {
            assert!(is_taken(host), "{host}");
        }
        for host in
            ["evil.example", "evil.example:9091", "127.0.0.1.evil.example", "localhost.evil.example", "127.1", ""]
        {
            assert!(!is_taken(host), "{host}");
        }
        assert!(is_for_this_machine(&http::Request::get("/metrics").body(()).unwrap().into_parts().0));
        let absolute = http::Request::get("http://evil.example/metrics").header("host", "localhost").body(()).unwrap();
        assert!(!is_for_this_machine(&absolute.into_parts().0));
    }

    #[test]
    fn a_service_that_fails_is_named_with_its_reason() {
        let well = Check { name: "cache", reason: None, duration: Duration::from_millis(2) };
        let ill = Check { name: "database", reason: Some("gone".to_string()), duration: Duration::from_secs(3) };
        let readiness = Readiness { phase: Phase::Serving, checks: Arc::from([well, ill]) };
        let text = serde_json::to_string(&Shown::of(&readiness)).unwrap();
        let checks = r#"[{"name":"cache","ok":true,"milliseconds":2},{"name":"database","ok":false,"milliseconds":3000,"reason":"gone"}]"#;
        assert_eq!(text, format!(r#"{{"ready":false,"phase":"serving","checks":{checks}}}"#));
    }
}
