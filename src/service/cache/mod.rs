//! Values that are kept for a while, because they take long to make: in the process's memory or, where `cache.server` is set, in a Redis
//! server that several processes share.
//!
//! ```
//! use std::time::Duration;
//! use kalgan::{BoxError, Request, Response, cache};
//!
//! # async fn count_posts() -> Result<u64, BoxError> { Ok(7) }
//! async fn home(request: Request) -> Result<Response, BoxError> {
//!     let cache = cache::of(&request)?;
//!     let posts: u64 = cache.get_or_compute("posts", Duration::from_secs(60), || count_posts()).await?;
//!     Ok(Response::text(format!("{posts} posts")))
//! }
//! ```
//!
//! | Kalgan 0.9 (B117) | Here |
//! |---|---|
//! | `Cache::new(url)` | [`of`]; the address is the setting `cache.server` |
//! | `insert(key, value)` | [`Cache::set`], with a time to live |
//! | `get(key)` | [`Cache::get`], of any type that serde reads |
//! | `exists(key)` | [`Cache::exists`] |
//! | `delete(key)` | [`Cache::delete`] |
//!
//! Values are JSON inside. In Redis each key stands behind the site's name and `:cache:`, so nothing but what the cache wrote can be
//! read through it (B115, B118).

mod flight;
mod memory;
#[cfg(feature = "redis")]
mod redis;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Start;
use crate::error::{BoxError, Error};
use crate::http::Failure;
use crate::metrics::Metrics;
use crate::process::{AsProcess, Process};
use flight::Flights;
use memory::Memory;

/// Longer than this nothing is kept: times beyond it do not fit into what Redis reckons with.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Where values are kept for a while. It is cheap to clone; all clones are the same cache.
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

struct Inner {
    engine: Engine,
    flights: Flights,
    metrics: Arc<Metrics>,
}

enum Engine {
    Memory(Memory),
    #[cfg(feature = "redis")]
    Redis(self::redis::Server),
}

/// The cache of the process.
///
/// # Errors
///
/// [`Error::Service`] for a request that was made outside of any process, by [`testing::request`](crate::testing::request).
pub fn of(process: &impl AsProcess) -> Result<Cache, Error> {
    let cache = process.process().service::<Cache>();
    cache.cloned().ok_or_else(|| Error::Service("there is no cache here: its process was not started".to_string()))
}

/// Makes the cache.
///
/// # Errors
///
/// [`Error::Setting`] where `cache.max_size` does not fit.
pub(super) fn start(start: &mut Start) -> Result<(), Error> {
    let (engine, metrics) = (engine(start)?, Arc::clone(&start.metrics));
    start.states.insert(Cache(Arc::new(Inner { engine, flights: Flights::default(), metrics })));
    Ok(())
}

fn engine(start: &Start) -> Result<Engine, Error> {
    #[cfg(feature = "redis")]
    if let Some(server) = start.states.get::<super::redis::Redis>() {
        return Ok(Engine::Redis(self::redis::Server::new(server.clone(), &start.site.name)));
    }
    Ok(Engine::Memory(Memory::new(start.settings().get("cache.max_size")?)))
}

/// Whether the cache can be reached.
///
/// # Errors
///
/// [`Error::Service`] where it cannot.
pub(crate) async fn check(process: &Process) -> Result<(), Error> {
    match process.service::<Cache>().map(|cache| &cache.0.engine) {
        None | Some(Engine::Memory(_)) => Ok(()),
        #[cfg(feature = "redis")]
        Some(Engine::Redis(server)) => server.check().await,
    }
}

impl Cache {
    /// The value of a key; `None` where there is none, its time is over, or it is of another type, as after a change of the program.
    ///
    /// # Errors
    ///
    /// [`Error::Service`] where the Redis server does not answer; answered with 503.
    pub async fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        let text = self.text(key).await?;
        let value = text.and_then(|text| serde_json::from_str(&text).ok());
        self.0.metrics.cache.count(value.is_some());
        Ok(value)
    }

    /// Keeps a value for as long as `ttl`, in place of an earlier one. A `ttl` of nothing deletes it, one of more than ten years is ten
    /// years. In memory it may be dropped earlier, when `cache.max_size` is reached.
    ///
    /// # Errors
    ///
    /// [`Error::Value`] where the value cannot be serialised, [`Error::Service`] where the Redis server does not answer.
    pub async fn set(&self, key: &str, value: &(impl Serialize + ?Sized), ttl: Duration) -> Result<(), Error> {
        let text = json(key, value)?;
        self.0.flights.forget(key);
        self.put(key, text, ttl).await
    }

    /// Deletes a value, if there is one. What [`Cache::get_or_compute`] is about to compute for the key is not kept either.
    ///
    /// # Errors
    ///
    /// [`Error::Service`] where the Redis server does not answer.
    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        self.0.flights.forget(key);
        match &self.0.engine {
            Engine::Memory(memory) => memory.delete(key).await,
            #[cfg(feature = "redis")]
            Engine::Redis(server) => server.delete(key).await?,
        }
        Ok(())
    }

    /// Whether there is a value.
    ///
    /// # Errors
    ///
    /// [`Error::Service`] where the Redis server does not answer.
    pub async fn exists(&self, key: &str) -> Result<bool, Error> {
        match &self.0.engine {
            Engine::Memory(memory) => Ok(memory.exists(key)),
            #[cfg(feature = "redis")]
            Engine::Redis(server) => server.exists(key).await,
        }
    }

    /// The value of a key; where there is none, what `compute` makes, which is then kept for as long as `ttl`.
    ///
    /// Of callers that ask for one key at the same time in one process, one computes and the others wait for its value, or for its error.
    /// An error is not kept. Of several processes with one Redis server, each may compute once. Where a caller is dropped while it
    /// computes (its visitor has gone), another one that waits computes in its place.
    ///
    /// # Errors
    ///
    /// What `compute` gives, as [`Failure::from_error`] makes a failure of it; [`Error::Service`] (503) where the Redis server does not
    /// answer; 500 where the value cannot be serialised.
    pub async fn get_or_compute<T, C, F, E>(&self, key: &str, ttl: Duration, compute: C) -> Result<T, Failure>
    where
        T: Serialize + DeserializeOwned,
        C: FnOnce() -> F,
        F: Future<Output = Result<T, E>>,
        E: Into<BoxError>,
    {
        if let Some(value) = self.get(key).await.map_err(Failure::from_error)? {
            return Ok(value);
        }
        let flight = self.0.flights.join(key);
        let text = flight.value(|| self.computed(key, ttl, &flight, compute)).await?;
        serde_json::from_str(&text).map_err(|error| {
            Failure::new(500, format!("the value `{key}` of the cache was computed as another type: {error}"))
        })
    }

    /// Adds one to a counter and gives what it is then; it begins with 0. Its time begins with the first count and is not made longer by
    /// the next ones, so a counter of one minute is a limit per minute. Many may count at the same time, and each counts.
    ///
    /// [`Cache::get`] reads a counter as a number without counting.
    ///
    /// # Errors
    ///
    /// [`Error::Service`] where the Redis server does not answer, [`Error::Value`] where the key has a value that is no number.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use kalgan::{Failure, Request, cache};
    /// async fn limit(request: &mut Request) -> Result<(), kalgan::BoxError> {
    ///     let key = format!("search:{:?}", request.client_address());
    ///     let count = cache::of(request)?.increment(&key, Duration::from_secs(60)).await?;
    ///     if count > 30 {
    ///         return Err(Failure::new(429, "more than 30 searches in a minute").into());
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn increment(&self, key: &str, ttl: Duration) -> Result<u64, Error> {
        let count = match &self.0.engine {
            Engine::Memory(memory) => memory.increment(key, ttl.min(LONGEST)).await,
            #[cfg(feature = "redis")]
            Engine::Redis(server) => server.increment(key, ttl.min(LONGEST)).await?,
        };
        count.ok_or_else(|| Error::Value(format!("the value `{key}` of the cache is no counter")))
    }

    async fn text(&self, key: &str) -> Result<Option<Arc<str>>, Error> {
        match &self.0.engine {
            Engine::Memory(memory) => Ok(memory.get(key).await),
            #[cfg(feature = "redis")]
            Engine::Redis(server) => server.get(key).await,
        }
    }

    async fn put(&self, key: &str, text: Arc<str>, ttl: Duration) -> Result<(), Error> {
        let ttl = ttl.min(LONGEST);
        match &self.0.engine {
            Engine::Memory(memory) => memory.set(key, text, ttl).await,
            #[cfg(feature = "redis")]
            Engine::Redis(server) => server.set(key, &text, ttl).await?,
        }
        Ok(())
    }

    /// The value as it is kept, computed by the one caller of several that does.
    async fn computed<T, F, E>(
        &self,
        key: &str,
        ttl: Duration,
        flight: &flight::Ticket<'_>,
        compute: impl FnOnce() -> F,
    ) -> Result<Arc<str>, Failure>
    where
        T: Serialize + DeserializeOwned,
        F: Future<Output = Result<T, E>>,
        E: Into<BoxError>,
    {
        // It may have been computed between this caller's look and its turn.
        let there = self.text(key).await.map_err(Failure::from_error)?;
        if let Some(text) = there.filter(|text| serde_json::from_str::<T>(text).is_ok()) {
            return Ok(text);
        }
        let value = compute().await.map_err(Failure::from_error)?;
        let text = json(key, &value).map_err(Failure::from_error)?;
        if flight.is_wanted() {
            self.put(key, Arc::clone(&text), ttl).await.map_err(Failure::from_error)?;
        }
        Ok(text)
    }
}

fn json(key: &str, value: &(impl Serialize + ?Sized)) -> Result<Arc<str>, Error> {
    let text = serde_json::to_string(value);
    text.map(Arc::from).map_err(|error| Error::Value(format!("the value `{key}` cannot be kept in the cache: {error}")))
}

impl std::fmt::Debug for Cache {
    /// Without what is in it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cache").finish_non_exhaustive()
    }
}
