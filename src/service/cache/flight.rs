//! Values that are being computed at this moment, so that nobody computes one a second time meanwhile.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use crate::http::Failure;

/// What comes of a computation: the value as it is kept.
type Computed = Result<Arc<str>, Failure>;

/// The computations that are going on, by key.
#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<String, Arc<OnceCell<Computed>>>>);

/// One caller's part in a computation.
pub(super) struct Ticket<'f> {
    flights: &'f Flights,
    key: &'f str,
    computing: Arc<OnceCell<Computed>>,
}

impl Flights {
    /// Takes part in the computation of a key, which begins with the first who does.
    pub(super) fn join<'f>(&'f self, key: &'f str) -> Ticket<'f> {
        let mut all = self.all();
        let computing = match all.get(key) {
            Some(computing) => Arc::clone(computing),
            None => Arc::clone(all.entry(key.to_string()).or_default()),
        };
        Ticket { flights: self, key, computing }
    }

    /// What is being computed for a key is out of date: who asks from now on computes it anew.
    pub(super) fn forget(&self, key: &str) {
        self.all().remove(key);
    }

    /// Whether nothing is being computed.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.all().is_empty()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, Arc<OnceCell<Computed>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket<'_> {
    /// What `compute` gives to the first caller. Where that one is dropped before it has it, the next one computes.
    pub(super) async fn value<F: Future<Output = Computed>>(&self, compute: impl FnOnce() -> F) -> Computed {
        self.computing.get_or_init(compute).await.clone()
    }

    /// Whether the value may be kept: nobody has set or deleted the key meanwhile.
    pub(super) fn is_wanted(&self) -> bool {
        self.is_current(&self.flights.all())
    }

    fn is_current(&self, all: &HashMap<String, Arc<OnceCell<Computed>>>) -> bool {
        all.get(self.key).is_some_and(|current| Arc::ptr_eq(current, &self.computing))
    }
}

impl Drop for Ticket<'_> {
    /// A computation that has its value is over, and so is one that nobody else takes part in.
    fn drop(&mut self) {
        let mut all = self.flights.all();
        // This ticket and the map hold one each.
        let is_over = self.computing.initialized() || Arc::strong_count(&self.computing) == 2;
        if is_over && self.is_current(&all) {
            all.remove(self.key);
        }
    }
}
