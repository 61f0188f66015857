//! What the settings say of sessions, and the store that they name.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::id::Id;
use super::store::{self, Record, Store, now};
use crate::error::Error;
use crate::hint;
use crate::http::{Cookie, cookies};
use crate::process::Process;
use crate::service::Start;
use crate::site::Settings;

/// Milliseconds between two lines in the log about a store that does not answer, so that many requests do not fill it.
const BETWEEN_COMPLAINTS: u64 = 10_000;

/// All sessions that the settings name, and their store.
pub(super) struct Sessions {
    rules: BTreeMap<String, Arc<Rules>>,
    /// Not opened where no session is named.
    store: Option<Box<dyn Store>>,
    pub(super) on_error: OnError,
    /// When the log was last told that the store does not answer, in milliseconds since 1970.
    complained: AtomicU64,
}

/// What happens where the store does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnError {
    /// The request is answered with 503.
    Refuse,
    /// It goes on as without a session.
    Anonymous,
}

/// What holds for the sessions of one name.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) name: String,
    /// The cookie without its value.
    pub(super) cookie: Cookie<'static>,
    /// Milliseconds after which one ends that is not used.
    ttl: u64,
    /// Milliseconds after which one ends however much it is used.
    max_age: u64,
}

impl Sessions {
    /// Reads the settings and opens the store.
    ///
    /// # Errors
    ///
    /// As [`super::start`].
    pub(super) async fn new(start: &Start<'_>) -> Result<Self, Error> {
        let settings = start.settings();
        let on_error = on_error(settings)?;
        let mut rules = BTreeMap::<String, Arc<Rules>>::new();
        for name in settings.below("session").filter_map(|key| Some(key.split_once('.')?.0)) {
            if !rules.contains_key(name) {
                let new = Rules::new(settings, name)?;
                check_cookie(&rules, &new)?;
                rules.insert(name.to_string(), Arc::new(new));
            }
        }
        // A setting of the store that does not fit is told whether there is a session or not.
        let is_set = settings.exists("session.store");
        let store = if rules.is_empty() && !is_set { None } else { Some(store::open(start).await?) };
        Ok(Sessions { rules, store, on_error, complained: AtomicU64::new(0) })
    }

    /// The sessions of a process.
    ///
    /// # Errors
    ///
    /// [`Error::Service`] for a request that was made outside of any process.
    pub(super) fn of(process: &Process) -> Result<&Arc<Self>, Error> {
        let sessions = process.service();
        sessions.ok_or_else(|| Error::Service("there are no sessions here: the process was not started".to_string()))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Rules>> {
        self.rules.values()
    }

    /// What holds for the sessions of a name.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where the settings do not name it (B113).
    pub(super) fn rules(&self, name: &str) -> Result<&Arc<Rules>, Error> {
        self.rules.get(name).ok_or_else(|| {
            let near = hint::nearest(name, self.rules.keys().map(String::as_str));
            let near = near.map(|near| format!("did you mean `{near}`, or ")).unwrap_or_default();
            Error::Setting(format!(
                "the settings name no session `{name}`; {near}is `session.{name}.cookie` or another setting of it missing?"
            ))
        })
    }

    /// The store; there is one where there are rules.
    ///
    /// # Errors
    ///
    /// [`Error::Service`] where there is none.
    pub(super) fn store(&self) -> Result<&dyn Store, Error> {
        let store = self.store.as_deref();
        store.ok_or_else(|| Error::Service("there is no store of sessions: the settings name none".to_string()))
    }

    /// The session of an id, where it has not ended.
    ///
    /// # Errors
    ///
    /// As [`Store::load`].
    pub(super) async fn load(&self, id: &Id, rules: &Rules) -> Result<Option<Record>, Error> {
        let record = self.store()?.load(&id.key(&rules.name)).await?;
        Ok(record.filter(|record| rules.ends(record).min(record.expires) > now()))
    }

    /// Tells the log that the store does not answer, now and then.
    pub(super) fn complain(&self, error: &Error) {
        let (now, last) = (now(), self.complained.load(Relaxed));
        let is_due = now.saturating_sub(last) >= BETWEEN_COMPLAINTS || last == 0;
        if is_due && self.complained.compare_exchange(last, now, Relaxed, Relaxed).is_ok() {
            tracing::error!("requests are answered as without a session (`session.on_error: anonymous`): {error}");
        }
    }

    pub(super) fn needs_sweeping(&self) -> bool {
        self.store.as_ref().is_some_and(|store| store.needs_sweeping())
    }

    pub(super) async fn sweep(&self) -> Result<(), Error> {
        self.store()?.sweep().await
    }

    pub(super) async fn check(&self) -> Result<(), Error> {
        match &self.store {
            Some(store) => store.check().await,
            None => Ok(()),
        }
    }

    pub(super) async fn close(&self) {
        if let Some(store) = &self.store {
            store.close().await;
        }
    }
}

impl Rules {
    fn new(settings: &Settings, name: &str) -> Result<Self, Error> {
        let milliseconds = |key| settings.get::<u64>(&format!("session.{name}.{key}")).map(|seconds| seconds * 1000);
        let (ttl, max_age) = (milliseconds("ttl")?, milliseconds("max_age")?);
        Ok(Rules { name: name.to_string(), cookie: cookie(settings, name)?, ttl, max_age })
    }

    /// When a session ends however much it is used.
    pub(super) fn ends(&self, record: &Record) -> u64 {
        record.created.saturating_add(self.max_age)
    }

    /// When a session ends that is used now.
    pub(super) fn expires(&self, created: u64) -> u64 {
        now().saturating_add(self.ttl).min(created.saturating_add(self.max_age))
    }

    /// Whether a session that is used now gets more time: when a tenth of it has passed, so that not every request writes. Where the
    /// browser counts as well, its time is what counts if it is the shorter one.
    pub(super) fn is_worth_extending(&self, expires: u64, then: u64) -> bool {
        let own = self.cookie.max_age().and_then(|time| u64::try_from(time.whole_milliseconds()).ok());
        let step = own.map_or(self.ttl, |own| own.min(self.ttl)) / 10;
        then > expires.saturating_add(step)
    }

    /// The cookie that gives an id to the browser.
    pub(super) fn cookie_of(&self, id: &Id) -> Cookie<'static> {
        let mut cookie = self.cookie.clone();
        cookie.set_value(id.secret().to_string());
        cookie
    }
}

/// The cookie of a session. One that the settings do not describe at all gets, in production, a name by which browsers take it from this
/// very host over HTTPS only, so that no other host of the domain can give a visitor a session of its own (RFC 6265bis section 4.1.3.2).
fn cookie(settings: &Settings, name: &str) -> Result<Cookie<'static>, Error> {
    let key = format!("session.{name}.cookie");
    let named = settings.get::<Option<String>>(&key)?.filter(|id| !id.is_empty());
    let id = named.as_deref().unwrap_or(name);
    let is_described = settings.below("cookie").any(|key| key.split_once('.').is_some_and(|(first, _)| first == id));
    if named.is_some() && id != name && !is_described {
        let name = settings.name(&key);
        return Err(Error::Setting(format!(
            "{name} is `{id}`, but the settings describe no cookie of that id: `cookie.{id}.…`"
        )));
    }
    let mut cookie = cookies::of_settings(settings, id)?;
    if !is_described && settings.is_prod() {
        cookie.set_name(format!("__Host-{}", cookie.name()));
        cookie.set_secure(true);
    }
    Ok(cookie)
}

/// Two sessions with one cookie would take each other's id away (B115).
fn check_cookie(rules: &BTreeMap<String, Arc<Rules>>, new: &Rules) -> Result<(), Error> {
    let other = rules.values().find(|other| other.cookie.name() == new.cookie.name());
    other.map_or(Ok(()), |other| {
        Err(Error::Setting(format!(
            "the sessions `{}` and `{}` have one cookie, `{}`; give each its own by `session.<name>.cookie`",
            other.name,
            new.name,
            new.cookie.name()
        )))
    })
}

fn on_error(settings: &Settings) -> Result<OnError, Error> {
    const KEY: &str = "session.on_error";
    match settings.get_string(KEY)?.as_str() {
        "refuse" => Ok(OnError::Refuse),
        "anonymous" => Ok(OnError::Anonymous),
        other => Err(Error::Setting(format!(
            "{} is `{}` and must be `refuse` or `anonymous`",
            settings.name(KEY),
            other.escape_debug()
        ))),
    }
}
