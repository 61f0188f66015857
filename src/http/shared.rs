//! What all clones of one request share: the notes about its answer, what services keep for as long as it lasts, and what they do when
//! the answer is there.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;

use super::body_stream::Slot;
use super::marks::SharedMarks;
use super::policy::PolicyNotes;
use super::{Failure, Request, Response};

/// What a service does when the controller has answered and the template is rendered, before the answer is sent: keep what has
/// changed, send a cookie.
pub(crate) trait Finish: Send + Sync {
    /// Sees the answer, also that of an error page, and may add headers to it.
    fn finish<'a>(&'a self, request: &'a Request, response: &'a mut Response) -> BoxFuture<'a, Result<(), Failure>>;
}

/// What the clones share. Most requests leave it empty, so it allocates nothing by itself.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) marks: SharedMarks,
    pub(super) body: Slot,
    pub(super) policy: PolicyNotes,
    kept: Mutex<Kept>,
}

#[derive(Default)]
#[allow(dead_code, reason = "only services keep something")]
struct Kept {
    values: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    finishers: Vec<Arc<dyn Finish>>,
}

impl Shared {
    /// The value of a type that belongs to this request alone; it is made where it is not there yet.
    #[allow(dead_code, reason = "only services keep something")]
    pub(super) fn value<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let value = kept.values.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default()));
        Arc::clone(value).downcast().expect("the key is the type of the value")
    }

    #[allow(dead_code, reason = "only services do something")]
    pub(super) fn add_finisher(&self, finisher: Arc<dyn Finish>) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).finishers.push(finisher);
    }

    /// What is to be done for this request, once.
    fn take_finishers(&self) -> Vec<Arc<dyn Finish>> {
        std::mem::take(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner).finishers)
    }
}

impl Request {
    /// The value of a type that a service keeps for this request and all its clones; it is made where it is not there yet.
    #[allow(dead_code, reason = "only services keep something")]
    pub(crate) fn kept<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        self.shared().value()
    }

    /// Has something done when the answer is there.
    #[allow(dead_code, reason = "only services do something")]
    pub(crate) fn finish_with(&self, finisher: Arc<dyn Finish>) {
        self.shared().add_finisher(finisher);
    }

    /// Does what services want done for an answer. Where something fails the rest is done all the same, and the first failure is given.
    pub(crate) async fn finish(&self, response: &mut Response) -> Result<(), Failure> {
        let mut result = Ok(());
        for finisher in self.shared().take_finishers() {
            result = result.and(finisher.finish(self, response).await);
        }
        result
    }
}
