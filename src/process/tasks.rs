//! Tasks beside the requests, and their orderly end.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// The tasks of a process.
#[derive(Debug)]
pub(super) struct Tasks {
    running: Mutex<Vec<(&'static str, JoinHandle<()>)>>,
    /// Becomes true when the process stops.
    stopping: watch::Sender<bool>,
}

impl Default for Tasks {
    fn default() -> Self {
        Tasks { running: Mutex::default(), stopping: watch::Sender::new(false) }
    }
}

impl Tasks {
    pub(super) fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let task = AssertUnwindSafe(task).catch_unwind().map(move |ended| {
            if ended.is_err() {
                tracing::error!(task = name, "a background task ended by a panic");
            }
        });
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|(_, handle)| !handle.is_finished());
        running.push((name, tokio::spawn(task)));
    }

    pub(super) async fn stopping(&self) {
        // The sender lives as long as `self`, so this cannot fail.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    /// Gives the names of the tasks that did not end in time; they are dropped.
    pub(super) async fn stop(&self, patience: Duration) -> Vec<&'static str> {
        self.stopping.send_replace(true);
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
