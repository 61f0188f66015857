//! Tasks beside the requests, and their orderly end.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::error::{one_line, panic_text};

/// The tasks of a process.
#[derive(Debug)]
pub(super) struct Tasks {
    running: Mutex<Vec<(&'static str, JoinHandle<()>)>>,
    stage: watch::Sender<Stage>,
}

/// How far a process has come with stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Running,
    /// It was asked to stop; requests in flight are still being answered.
    Asked,
    /// All requests are answered.
    Stopping,
}

impl Default for Tasks {
    fn default() -> Self {
        Tasks { running: Mutex::default(), stage: watch::Sender::new(Stage::Running) }
    }
}

impl Tasks {
    pub(super) fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let task = caught(name, task);
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|(_, handle)| !handle.is_finished());
        running.push((name, tokio::spawn(task)));
    }

    /// Ends when the process has come so far, at once when that was before.
    pub(super) async fn reached(&self, stage: Stage) {
        // The sender lives as long as `self`, so this cannot fail.
        let _ = self.stage.subscribe().wait_for(|now| *now >= stage).await;
    }

    /// Whether the process was asked to stop.
    pub(super) fn is_asked(&self) -> bool {
        *self.stage.borrow() >= Stage::Asked
    }

    /// Tells that the process was asked to stop.
    pub(super) fn tell_asked(&self) {
        self.stage.send_if_modified(|now| std::mem::replace(now, (*now).max(Stage::Asked)) == Stage::Running);
    }

    /// Gives the names of the tasks that did not end in time; they are dropped.
    pub(super) async fn stop(&self, patience: Duration) -> Vec<&'static str> {
        self.stage.send_replace(Stage::Stopping);
        let deadline = Instant::now() + patience;
        let mut late = Vec::new();
        // A task may begin others while it ends.
        loop {
            let running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
            if running.is_empty() {
                return late;
            }
            for (name, mut handle) in running {
                if timeout_at(deadline, &mut handle).await.is_err() {
                    handle.abort();
                    late.push(name);
                }
            }
        }
    }
}

/// Runs a task; a panic in it goes to the log and ends nothing else.
pub(super) async fn caught(name: &'static str, task: impl Future<Output = ()>) {
    if let Err(panic) = AssertUnwindSafe(task).catch_unwind().await {
        tracing::error!(task = name, "a background task panicked: {}", one_line(panic_text(&*panic)));
    }
}
