//! Whether the services of the binary can do their work: for the endpoint that a load balancer or a monitor asks.
//!
//! What is asked depends on the features: each service that has a server or a file adds a check to [`check`].

use std::time::{Duration, Instant};

use futures_util::future::{self, BoxFuture};
use serde::Serialize;

use crate::error::one_line;
use crate::http::{IntoResponse, Response};
pub use crate::process::Check;
use crate::process::{AsProcess, Process, ShownCheck};

/// So long each service is waited for where the question is whether requests should be sent here: who asks that does not wait long either.
const PATIENCE: Duration = Duration::from_secs(3);

/// A service that was asked.
struct Asked<'a> {
    name: &'static str,
    answer: BoxFuture<'a, Option<Check>>,
}

/// What all services of the process answered.
#[derive(Debug, Clone)]
pub struct Report {
    /// One per service that can be asked.
    pub checks: Vec<Check>,
    is_prod: bool,
}

impl<'a> Asked<'a> {
    /// Waits for a service's answer; what takes time is limited by the service itself. Without an answer to wait for the process does not
    /// have the service.
    #[allow(dead_code, reason = "which services can be asked is a matter of features")]
    fn new(name: &'static str, answer: impl Future<Output = Option<Result<(), String>>> + Send + 'a) -> Self {
        let answer = Box::pin(async move {
            let start = Instant::now();
            let reason = answer.await?.err();
            Some(Check { name, reason, duration: start.elapsed() })
        });
        Asked { name, answer }
    }

    /// Waits for the answer, but for [`PATIENCE`] only.
    async fn answer_soon(self) -> Option<Check> {
        let reason = || Some(format!("no answer within {} s", PATIENCE.as_secs()));
        let late = |_| Some(Check { name: self.name, reason: reason(), duration: PATIENCE });
        tokio::time::timeout(PATIENCE, self.answer).await.unwrap_or_else(late)
    }
}

/// Asks every service that the process uses, all at the same time. None of them is waited for longer than its settings say.
///
/// ```
/// use kalgan::{Request, health};
///
/// async fn show(request: Request) -> health::Report {
///     health::check(&request).await
/// }
/// ```
pub async fn check(of: &impl AsProcess) -> Report {
    let process = of.process();
    #[allow(unused_mut, reason = "which services can be asked is a matter of features")]
    let mut asked = asked_for_requests(process);
    #[cfg(feature = "mail")]
    asked.push(Asked::new("mail", super::mail::check(process)));
    let answers = asked.into_iter().map(|asked| asked.answer);
    let mut checks: Vec<Check> = future::join_all(answers).await.into_iter().flatten().collect();
    checks.sort_by_key(|check| check.name);
    Report { checks, is_prod: process.settings().is_prod() }
}

/// Asks the services that requests depend on, none of them for longer than three seconds. Mail is left out: it waits in its queue while
/// the server is away, and to ask a server of somebody else's every few seconds would be bad manners.
pub(crate) async fn dependencies(process: &Process) -> Vec<Check> {
    let answers = asked_for_requests(process).into_iter().map(Asked::answer_soon);
    future::join_all(answers).await.into_iter().flatten().collect()
}

/// The questions to the services that answers are made with.
#[allow(clippy::vec_init_then_push, unused_variables, reason = "which services can be asked is a matter of features")]
fn asked_for_requests(process: &Process) -> Vec<Asked<'_>> {
    Vec::from([
        #[cfg(feature = "cache")]
        Asked::new("cache", async { Some(super::cache::check(process).await.map_err(|error| error.to_string())) }),
        #[cfg(feature = "db")]
        Asked::new("database", super::db::ping(process)),
        #[cfg(feature = "session")]
        Asked::new("sessions", async { Some(super::session::check(process).await.map_err(|error| error.to_string())) }),
    ])
}

impl Report {
    /// Whether every service can do its work.
    pub fn is_ok(&self) -> bool {
        self.checks.iter().all(Check::is_ok)
    }
}

/// What a report is as JSON. A reason may name hosts and files, so in production the log has it and nobody else.
#[derive(Serialize)]
struct Shown<'a> {
    ok: bool,
    checks: Vec<ShownCheck<'a>>,
}

/// 200 where every service can do its work, else 503 (RFC 9110 section 15.6.4), with a JSON document that names the services. In
/// development it has reasons and times too; in production the reasons go to the log. It is never kept by a cache.
impl IntoResponse for Report {
    fn into_response(self) -> Response {
        for check in &self.checks {
            if let Some(reason) = &check.reason {
                tracing::warn!(service = check.name, "a check failed: {}", one_line(reason));
            }
        }
        let checks = self.checks.iter().map(|check| check.shown(!self.is_prod)).collect();
        let shown = Shown { ok: self.is_ok(), checks };
        let status = if self.is_ok() { 200 } else { 503 };
        Response::json(&shown).with_status(status).with_header("cache-control", "no-store")
    }
}
