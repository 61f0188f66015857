//! A session in one request: what was loaded, and what the request did to it.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use super::id::Id;
use super::keep::Keep;
use super::rules::Rules;
use super::store::{Changes, Record, Values, now};
use crate::error::Error;
use crate::http::Request;

/// The sessions of one request, which all its clones share.
#[derive(Default)]
pub(super) struct Held(Mutex<All>);

#[derive(Default)]
struct All {
    sessions: BTreeMap<String, Arc<OnceCell<Loaded>>>,
    /// Whether the end of the request will keep them.
    is_kept: bool,
}

/// A session, or why it cannot be loaded; it is tried once per request.
type Loaded = Result<Arc<State>, String>;

/// One session.
pub(super) struct State {
    pub(super) rules: Arc<Rules>,
    inner: Mutex<Inner>,
}

/// What is known of a session and what is to be done with it.
#[derive(Default)]
pub(super) struct Inner {
    /// What the store knows it by; none of a new session.
    pub(super) stored: Option<Stored>,
    /// The values as the request sees them. Those of the site are named `v:…`, messages for the next page `f:…`.
    pub(super) values: Values,
    /// What the store does not know yet.
    pub(super) changes: Changes,
    /// The session that was ended in this request.
    pub(super) destroyed: Option<Id>,
    /// Whether it gets a new id.
    pub(super) is_renewed: bool,
    /// Whether the browser's cookie is removed.
    pub(super) removes_cookie: bool,
    /// The store does not answer, so nothing is kept.
    pub(super) is_lost: bool,
}

/// A session that the store knows.
#[derive(Clone)]
pub(super) struct Stored {
    pub(super) id: Id,
    pub(super) created: u64,
    pub(super) expires: u64,
}

impl Held {
    /// The session of a name; `load` loads it where that has not been tried yet.
    ///
    /// # Errors
    ///
    /// What `load` gave.
    pub(super) async fn state<F: Future<Output = Result<State, Error>>>(
        &self,
        rules: &Rules,
        load: impl FnOnce() -> F,
    ) -> Result<Arc<State>, Error> {
        let cell = Arc::clone(self.all().sessions.entry(rules.name.clone()).or_default());
        let loaded = cell.get_or_init(|| async { load().await.map(Arc::new).map_err(|error| error.to_string()) });
        loaded.await.clone().map_err(Error::Service)
    }

    /// Has the sessions kept at the end of the request.
    pub(super) fn keep_for(&self, request: &Request) {
        let mut all = self.all();
        if !all.is_kept {
            all.is_kept = true;
            request.finish_with(Arc::new(Keep));
        }
    }

    /// The sessions that are to be kept now. One that is used later, by an error page, is kept again.
    pub(super) fn take_kept(&self) -> Vec<Arc<State>> {
        self.all().is_kept = false;
        self.loaded()
    }

    /// All that were loaded, in the order of their names.
    pub(super) fn loaded(&self) -> Vec<Arc<State>> {
        let all = self.all();
        all.sessions.values().filter_map(|cell| cell.get()?.as_ref().ok().cloned()).collect()
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A session that is not there yet.
    pub(super) fn new(rules: &Arc<Rules>) -> Self {
        State { rules: Arc::clone(rules), inner: Mutex::default() }
    }

    /// A session of which nobody knows what is in it, because the store does not answer.
    pub(super) fn lost(rules: &Arc<Rules>) -> Self {
        let inner = Inner { is_lost: true, ..Inner::default() };
        State { rules: Arc::clone(rules), inner: Mutex::new(inner) }
    }

    /// A session that the store has.
    pub(super) fn stored(rules: &Arc<Rules>, id: Id, record: Record) -> Self {
        let Record { created, expires, values } = record;
        let inner = Inner { stored: Some(Stored { id, created, expires }), values, ..Inner::default() };
        State { rules: Arc::clone(rules), inner: Mutex::new(inner) }
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Sets a value, or removes it.
    pub(super) fn set(&mut self, name: String, value: Option<String>) {
        match &value {
            Some(value) => drop(self.values.insert(name.clone(), value.clone())),
            None if self.values.remove(&name).is_none() => return,
            None => {}
        }
        self.changes.values.insert(name, value);
    }

    /// Removes all values.
    pub(super) fn clear(&mut self) {
        self.values.clear();
        // What is not stored has nothing that would have to go first.
        self.changes = Changes { clear: self.stored.is_some(), values: BTreeMap::new() };
    }

    /// Ends the session; what is written later begins another one.
    pub(super) fn destroy(&mut self) {
        if let Some(stored) = self.stored.take() {
            self.destroyed = Some(stored.id);
        }
        self.clear();
        self.is_renewed = false;
        self.removes_cookie = true;
    }

    /// The session as a new one.
    pub(super) fn record(&self, rules: &Rules) -> Record {
        let created = now();
        Record { created, expires: rules.expires(created), values: self.values.clone() }
    }
}
