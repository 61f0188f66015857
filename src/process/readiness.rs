//! Whether requests should be sent to a process: it serves, and what it depends on can work.
//!
//! Who asks may be anybody, so asking costs the services next to nothing: of many who ask at the same time one looks and the others wait
//! for what it finds, and what was found holds for a second.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Process;
use crate::error::one_line;

/// For so long a look at the services holds.
const HOLDS: Duration = Duration::from_secs(1);

/// What a service answered that was asked whether it can do its work.
#[derive(Debug, Clone)]
pub struct Check {
    /// The service, such as `database`.
    pub name: &'static str,
    /// Why it cannot do its work; `None` where it can. It may name hosts and files.
    pub reason: Option<String>,
    /// How long it took to answer.
    pub duration: Duration,
}

impl Check {
    /// Whether the service can do its work.
    pub fn is_ok(&self) -> bool {
        self.reason.is_none()
    }

    /// It as JSON; with details it has the reason and the time too.
    pub(crate) fn shown(&self, has_details: bool) -> ShownCheck<'_> {
        let milliseconds = u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX);
        ShownCheck {
            name: self.name,
            ok: self.is_ok(),
            milliseconds: has_details.then_some(milliseconds),
            reason: self.reason.as_deref().filter(|_| has_details),
        }
    }

    /// Writes a line when it has changed whether it can work: probes may ask every second, and an operator need not read it as often.
    fn tell_change(&self, before: &[Check]) {
        let was_well = before.iter().find(|other| other.name == self.name).is_none_or(|other| other.reason.is_none());
        match &self.reason {
            Some(reason) if was_well => {
                tracing::warn!(service = self.name, "not ready for requests: {}", one_line(reason));
            }
            None if !was_well => tracing::info!(service = self.name, "ready for requests again"),
            _ => {}
        }
    }
}

/// See [`Check::shown`].
#[derive(Debug, Serialize)]
pub(crate) struct ShownCheck<'a> {
    name: &'a str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    milliseconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

/// How far a process has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It does not take requests yet.
    Starting,
    /// It answers requests.
    Serving,
    /// It was asked to stop.
    Stopping,
}

/// Whether requests should be sent to a process, and why not.
#[derive(Debug, Clone)]
pub(crate) struct Readiness {
    pub(crate) phase: Phase,
    /// What its services answered; nothing is asked unless the process serves.
    pub(crate) checks: Arc<[Check]>,
}

impl Readiness {
    /// The readiness of a process in this phase, of whose services nothing is known.
    pub(crate) fn in_phase(phase: Phase) -> Readiness {
        Readiness { phase, checks: Arc::default() }
    }

    /// Whether requests should be sent.
    pub(crate) fn is_ready(&self) -> bool {
        self.phase == Phase::Serving && self.checks.iter().all(Check::is_ok)
    }
}

/// Asks all services that requests depend on.
type Ask = dyn Fn(Process) -> BoxFuture<'static, Vec<Check>> + Send + Sync;

/// What a process finds out about its readiness.
#[derive(Default)]
pub(super) struct Watch {
    /// Set when the process serves.
    ask: OnceLock<Box<Ask>>,
    latest: Mutex<Option<Latest>>,
}

struct Latest {
    at: Instant,
    checks: Arc<[Check]>,
}

impl Watch {
    /// Says that the process serves from now on, and how its services are asked.
    pub(super) fn serve(&self, ask: impl Fn(Process) -> BoxFuture<'static, Vec<Check>> + Send + Sync + 'static) {
        // A process begins to serve once.
        let _ = self.ask.set(Box::new(ask));
    }

    pub(super) async fn readiness(&self, process: &Process) -> Readiness {
        let Some(ask) = self.ask.get() else { return Readiness::in_phase(Phase::Starting) };
        // Whoever waits here finds what the one before has found.
        let mut latest = self.latest.lock().await;
        let kept = latest.as_ref().filter(|latest| latest.at.elapsed() < HOLDS);
        let checks = match kept {
            Some(latest) => Arc::clone(&latest.checks),
            None => {
                let checks: Arc<[Check]> = ask(process.clone()).await.into();
                let before = latest.as_ref().map_or(&[][..], |latest| &latest.checks);
                checks.iter().for_each(|check| check.tell_change(before));
                *latest = Some(Latest { at: Instant::now(), checks: Arc::clone(&checks) });
                checks
            }
        };
        Readiness { phase: Phase::Serving, checks }
    }
}
