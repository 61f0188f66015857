//! Work that is not to be left half done when the process is asked to stop.

use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard};

/// Tells whether such work goes on. It is cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unbroken(Arc<Mutex<()>>);

impl Unbroken {
    /// From here on, until what is given goes, nothing is to be broken off.
    #[allow(dead_code, reason = "without a database nothing is done that must be done whole")]
    pub(crate) async fn begin(&self) -> MutexGuard<'_, ()> {
        self.0.lock().await
    }

    /// Ends when no such work goes on.
    pub(crate) async fn between(&self) {
        if self.0.try_lock().is_err() {
            tracing::info!("asked to stop; the migrations that have begun are finished first");
            drop(self.0.lock().await);
        }
    }
}
