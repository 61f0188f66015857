//! A session as controllers see it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::id;
use super::state::State;
use crate::error::Error;

/// What stands before the names of values, and of messages for the next page.
pub(super) const VALUE: &str = "v:";
const FLASH: &str = "f:";

/// A session of the visitor whose request it is. It is cheap to clone; all clones, and all that [`of`](super::of) gives for one request,
/// are the same session.
///
/// What is written is seen at once by whoever reads in this request (B116), and kept when the answer is made: also that of an error page,
/// but not what happens later, while the pieces of a stream are made. Of two requests that come at the same time and set different keys,
/// both are kept; of two that set one key, the later.
#[derive(Clone)]
pub struct Session(Arc<State>);

/// A message for the visitor's next page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// What kind of message it is, such as `success` or `error`; a template may make a class of it.
    pub kind: String,
    /// The text.
    pub text: String,
}

impl Session {
    pub(super) fn new(state: Arc<State>) -> Self {
        Session(state)
    }

    /// The value of a key; `None` where there is none, or it is of another type.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        serde_json::from_str(self.0.inner().values.get(&named(key))?).ok()
    }

    /// Whether there is a value.
    pub fn contains(&self, key: &str) -> bool {
        self.0.inner().values.contains_key(&named(key))
    }

    /// Sets a value, in place of an earlier one. Sessions are loaded by every request that uses them, so they are for little: an id, a few
    /// choices, not for pictures.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] where the value cannot be serialised.
    pub fn insert(&self, key: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        let text = serde_json::to_string(value).map_err(|error| {
            Error::Value(format!("the value `{key}` cannot be kept in the session `{}`: {error}", self.0.rules.name))
        })?;
        self.0.inner().set(named(key), Some(text));
        Ok(())
    }

    /// Removes a value, if there is one.
    pub fn remove(&self, key: &str) {
        self.0.inner().set(named(key), None);
    }

    /// Removes all values and messages. The session goes on.
    pub fn clear(&self) {
        self.0.inner().clear();
    }

    /// Gives the session a new id and keeps its values; the old id is worth nothing from then on. To be called whenever a visitor gets more
    /// rights, at sign-in above all: so nobody has them who knew the id before (session fixation). A site with tokens
    /// in its forms calls `csrf::rotate` beside it.
    pub fn renew(&self) {
        self.0.inner().is_renewed = true;
    }

    /// Ends the session: the store forgets it and the browser's cookie is removed. What is written afterwards, such as a message for the
    /// next page, begins a new session with a new id.
    pub fn destroy(&self) {
        self.0.inner().destroy();
    }

    /// Whether the store has no such session: the visitor has none yet, or it was ended.
    pub fn is_new(&self) -> bool {
        self.0.inner().stored.is_none()
    }

    /// Leaves a message for the page that the visitor sees next, after a redirection say. It is kept until a template reads the variable
    /// `flash` or [`Session::take_flash`] is called.
    pub fn flash(&self, kind: impl Into<String>, text: impl Into<String>) {
        let message = Flash { kind: kind.into(), text: text.into() };
        // Names follow each other by time, and those of two requests differ, so that both messages are kept.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let mut inner = self.0.inner();
        let name = format!("{FLASH}{since:030}:{:04}:{}", inner.values.len(), id::random(6).unwrap_or_default());
        // Two texts are always JSON.
        inner.set(name, serde_json::to_string(&message).ok());
    }

    /// The messages that are there, in the order in which they were left; from now on they are not there any more.
    pub fn take_flash(&self) -> Vec<Flash> {
        let mut inner = self.0.inner();
        let names = inner.values.range(FLASH.to_string()..).map(|(name, _)| name);
        let names: Vec<String> = names.take_while(|name| name.starts_with(FLASH)).cloned().collect();
        let mut messages = Vec::new();
        for name in names {
            messages.extend(inner.values.get(&name).and_then(|text| serde_json::from_str(text).ok()));
            inner.set(name, None);
        }
        messages
    }

    /// All values, for templates.
    pub(super) fn values(&self) -> serde_json::Map<String, serde_json::Value> {
        let inner = self.0.inner();
        let values = inner
            .values
            .iter()
            .filter_map(|(name, text)| Some((name.strip_prefix(VALUE)?.to_string(), serde_json::from_str(text).ok()?)));
        values.collect()
    }

    pub(super) fn name(&self) -> &str {
        &self.0.rules.name
    }
}

fn named(key: &str) -> String {
    format!("{VALUE}{key}")
}

impl std::fmt::Debug for Session {
    /// Without id and values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("name", &self.name()).finish_non_exhaustive()
    }
}
