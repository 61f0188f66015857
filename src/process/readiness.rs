//! Whether requests should be sent to a process: it serves, and what it depends on can work.
//!
//! Who asks may be anybody, so asking costs the services next to nothing: of many who ask at the same time one looks and the others wait
//! for what it finds, and what was found holds for a second.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Process;
use crate::error::one_line;

/// For so long a look at the services holds.
const HOLDS: Duration = Duration::from_secs(1);

/// Something that the process cannot do its work without, such as its database.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    /// What it is, such as `database`.
    pub(crate) name: &'static str,
    /// Why it cannot do its work; `None` where it can. It may name hosts and files.
    pub(crate) reason: Option<String>,
    /// How long it took to answer.
    pub(crate) duration: Duration,
}

impl Dependency {
    /// Writes a line when it has changed whether it can work: probes may ask every second, and an operator need not read it as often.
    fn tell_change(&self, before: &[Dependency]) {
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
    pub(crate) dependencies: Arc<[Dependency]>,
}

impl Readiness {
    /// The readiness of a process in this phase, of whose services nothing is known.
    pub(crate) fn in_phase(phase: Phase) -> Readiness {
        Readiness { phase, dependencies: Arc::default() }
    }

    /// Whether requests should be sent.
    pub(crate) fn is_ready(&self) -> bool {
        self.phase == Phase::Serving && self.dependencies.iter().all(|dependency| dependency.reason.is_none())
    }
}

/// Asks all services that requests depend on.
type Check = dyn Fn(Process) -> BoxFuture<'static, Vec<Dependency>> + Send + Sync;

/// What a process finds out about its readiness.
#[derive(Default)]
pub(super) struct Watch {
    /// Set when the process serves.
    check: OnceLock<Box<Check>>,
    latest: Mutex<Option<Latest>>,
}

struct Latest {
    at: Instant,
    dependencies: Arc<[Dependency]>,
}

impl Watch {
    /// Says that the process serves from now on, and how its services are asked.
    pub(super) fn serve(&self, check: impl Fn(Process) -> BoxFuture<'static, Vec<Dependency>> + Send + Sync + 'static) {
        // A process begins to serve once.
        let _ = self.check.set(Box::new(check));
    }

    pub(super) async fn readiness(&self, process: &Process) -> Readiness {
        let Some(check) = self.check.get() else { return Readiness::in_phase(Phase::Starting) };
        // Whoever waits here finds what the one before has found.
        let mut latest = self.latest.lock().await;
        let kept = latest.as_ref().filter(|latest| latest.at.elapsed() < HOLDS);
        let dependencies = match kept {
            Some(latest) => Arc::clone(&latest.dependencies),
            None => {
                let dependencies: Arc<[Dependency]> = check(process.clone()).await.into();
                let before = latest.as_ref().map_or(&[][..], |latest| &latest.dependencies);
                dependencies.iter().for_each(|dependency| dependency.tell_change(before));
                *latest = Some(Latest { at: Instant::now(), dependencies: Arc::clone(&dependencies) });
                dependencies
            }
        };
        Readiness { phase: Phase::Serving, dependencies }
    }
}
