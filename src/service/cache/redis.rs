//! The cache in a Redis server, which several processes may share.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crate::error::Error;
use crate::service::redis::{Again, Redis, Script, cmd};

/// Counts, and lets the time of a counter begin with its first count. A value that is no number gives nothing.
static INCREMENT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local value = redis.call('GET', KEYS[1])
        if value and not string.match(value, '^%d+$') then return false end
        local count = redis.call('INCR', KEYS[1])
        if not value then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
        return count",
    )
});

pub(super) struct Server {
    redis: Redis,
    /// What stands before every key.
    prefix: String,
}

impl Server {
    pub(super) fn new(redis: Redis, site: &str) -> Self {
        Server { redis, prefix: format!("{site}:cache:") }
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Arc<str>>, Error> {
        let text: Option<String> = self.redis.ask(cmd("GET").arg(self.key(key)), Again::Harmless).await?;
        Ok(text.map(Arc::from))
    }

    pub(super) async fn set(&self, key: &str, text: &str, ttl: Duration) -> Result<(), Error> {
        if ttl.is_zero() {
            return self.delete(key).await;
        }
        self.redis.ask(cmd("SET").arg(self.key(key)).arg(text).arg("PX").arg(milliseconds(ttl)), Again::Harmless).await
    }

    pub(super) async fn delete(&self, key: &str) -> Result<(), Error> {
        self.redis.ask(cmd("DEL").arg(self.key(key)), Again::Harmless).await
    }

    pub(super) async fn exists(&self, key: &str) -> Result<bool, Error> {
        self.redis.ask(cmd("EXISTS").arg(self.key(key)), Again::Harmless).await
    }

    /// `None` where the value is no number.
    pub(super) async fn increment(&self, key: &str, ttl: Duration) -> Result<Option<u64>, Error> {
        let mut script = INCREMENT.prepare_invoke();
        script.key(self.key(key)).arg(milliseconds(ttl));
        self.redis.run(&script, Again::Unsent).await
    }

    pub(super) async fn check(&self) -> Result<(), Error> {
        self.redis.check().await
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

/// Redis has no shorter times.
fn milliseconds(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1)
}
