//! Where sessions are kept between requests. A store knows keys, names and texts; what they mean is the business of its user.
//!
//! Several requests of one session may come at the same time, so a request never writes back a whole session: it hands over what it
//! changed ([`Changes`]), and the store applies that to what is there then, in one step. A session that is gone stays gone.

mod memory;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;

use super::id::Key;
use crate::error::Error;
use crate::service::Start;

/// A session as a store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// When it was made, in milliseconds since 1970.
    pub(super) created: u64,
    /// When it ends unless it is used before, in milliseconds since 1970.
    pub(super) expires: u64,
    /// The texts by name.
    pub(super) values: Values,
}

pub(super) type Values = BTreeMap<String, String>;

/// What a request did to a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Whether all values that were there are removed first.
    pub(super) clear: bool,
    /// The values that are set, or removed.
    pub(super) values: BTreeMap<String, Option<String>>,
}

/// What every store does. Errors are [`Error::Service`]: the store cannot be reached or cannot be written to.
pub(super) trait Store: Send + Sync {
    /// The session of a key.
    fn load<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Record>, Error>>;

    /// Keeps a session that is not there yet.
    fn create<'a>(&'a self, key: &'a Key, record: Record) -> BoxFuture<'a, Result<(), Error>>;

    /// Applies changes to a session, and lets it end at another time. `false` where it is gone.
    fn change<'a>(&'a self, key: &'a Key, changes: &'a Changes, expires: u64) -> BoxFuture<'a, Result<bool, Error>>;

    /// The same, and gives the session another key. `false` where it is gone.
    fn renew<'a>(
        &'a self,
        keys: (&'a Key, &'a Key),
        changes: &'a Changes,
        expires: u64,
    ) -> BoxFuture<'a, Result<bool, Error>>;

    /// Removes a session, if it is there.
    fn remove<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), Error>>;

    /// Whether the store can be reached.
    fn check(&self) -> BoxFuture<'_, Result<(), Error>>;

    /// Removes what has ended, for a store that does not by itself.
    fn sweep(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Whether [`Store::sweep`] does something.
    fn needs_sweeping(&self) -> bool {
        false
    }

    /// Closes what is open.
    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        !self.clear && self.values.is_empty()
    }

    /// Applies them.
    pub(super) fn apply(&self, values: &mut Values) {
        if self.clear {
            values.clear();
        }
        for (name, value) in &self.values {
            match value {
                Some(value) => drop(values.insert(name.clone(), value.clone())),
                None => drop(values.remove(name)),
            }
        }
    }
}

/// The time, in milliseconds since 1970.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The store that `session.store` names.
///
/// # Errors
///
/// [`Error::Setting`] where there is none of that name, the binary was built without it, or it lacks a setting; [`Error::File`] and
/// [`Error::Service`] where its file cannot be used.
pub(super) async fn open(start: &Start<'_>) -> Result<Box<dyn Store>, Error> {
    const KEY: &str = "session.store";
    let settings = start.settings();
    let wrong = |what: String| Error::Setting(format!("{} is {what}", settings.name(KEY)));
    match settings.get_string(KEY)?.as_str() {
        "memory" if settings.get::<u32>("server.instances")? > 1 => Err(wrong(format!(
            "`memory`, but {} says that several processes serve the site, and each would have sessions of its own; take `redis`, or \
             `sqlite` where all run on one machine",
            settings.name("server.instances")
        ))),
        "memory" => Ok(Box::new(memory::Memory::new(settings.get("session.max_size")?))),
        #[cfg(feature = "sqlite")]
        "sqlite" => Ok(Box::new(sqlite::File::open(start.data.file("sessions.sqlite3")?).await?)),
        #[cfg(feature = "redis")]
        "redis" => match start.states.get::<crate::service::redis::Redis>() {
            Some(redis) => Ok(Box::new(self::redis::Server::new(redis.clone(), &start.site.name))),
            None => Err(wrong("`redis`, but `cache.server` does not say where the Redis server is".to_string())),
        },
        #[cfg(not(feature = "sqlite"))]
        "sqlite" => Err(wrong("`sqlite`, but this binary was built without Kalgan's feature `sqlite`".to_string())),
        #[cfg(not(feature = "redis"))]
        "redis" => Err(wrong("`redis`, but this binary was built without Kalgan's feature `redis`".to_string())),
        other => Err(wrong(format!("`{}` and must be `memory`, `sqlite` or `redis`", other.escape_debug()))),
    }
}
