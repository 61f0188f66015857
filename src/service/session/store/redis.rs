//! Sessions in a Redis server: a hash per session, which the server removes when its time is over. Every change is one script, so it is
//! done as a whole or not at all.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Changes, Record, Store};
use crate::error::Error;
use crate::service::redis::{Again, Redis, Script, ScriptInvocation, cmd};
use crate::service::session::id::Key;

/// The fields of the hash that are no values. Names of values have a colon in them (`session::state`), so they are never these.
const CREATED: &str = "created";
const EXPIRES: &str = "expires";

/// `ARGV`: when it was made, when it ends, names and values by turns.
static CREATE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        redis.call('DEL', KEYS[1])
        redis.call('HSET', KEYS[1], 'created', ARGV[1], 'expires', ARGV[2])
        for i = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
        redis.call('PEXPIREAT', KEYS[1], ARGV[2])
        return 1",
    )
});

/// `KEYS`: that of the session and, where it gets another one, the new one. `ARGV`: when it ends, whether all values go first, how many
/// names are removed, these names, names and values by turns. The second time, after a connection broke, the session has the new key.
static CHANGE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local key = KEYS[1]
        if KEYS[2] then
            if redis.call('EXISTS', key) == 1 then redis.call('RENAME', key, KEYS[2]) end
            key = KEYS[2]
        end
        local created = redis.call('HGET', key, 'created')
        if not created then return 0 end
        if ARGV[2] == '1' then
            redis.call('DEL', key)
            redis.call('HSET', key, 'created', created)
        end
        local first = 4 + tonumber(ARGV[3])
        for i = 4, first - 1 do redis.call('HDEL', key, ARGV[i]) end
        for i = first, #ARGV, 2 do redis.call('HSET', key, ARGV[i], ARGV[i + 1]) end
        redis.call('HSET', key, 'expires', ARGV[1])
        redis.call('PEXPIREAT', key, ARGV[1])
        return 1",
    )
});

pub(super) struct Server {
    redis: Redis,
    /// What stands before every key, so that nothing but sessions of this site can be read as one (B115).
    prefix: String,
}

impl Server {
    pub(super) fn new(redis: Redis, site: &str) -> Self {
        Server { redis, prefix: format!("{site}:session:") }
    }

    fn key(&self, key: &Key) -> String {
        format!("{}{}", self.prefix, key.as_str())
    }

    async fn apply(&self, keys: &[&Key], changes: &Changes, expires: u64) -> Result<bool, Error> {
        let mut script = CHANGE.prepare_invoke();
        for key in keys {
            script.key(self.key(key));
        }
        let removed: Vec<_> = changes.values.iter().filter(|(_, value)| value.is_none()).collect();
        script.arg(expires).arg(u8::from(changes.clear)).arg(removed.len());
        for (name, _) in removed {
            script.arg(name);
        }
        let set = changes.values.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        add_pairs(&mut script, set);
        self.redis.run(&script, Again::Harmless).await
    }
}

fn add_pairs<'v>(script: &mut ScriptInvocation<'_>, pairs: impl Iterator<Item = (&'v String, &'v String)>) {
    for (name, value) in pairs {
        script.arg(name).arg(value);
    }
}

impl Store for Server {
    fn load<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Record>, Error>> {
        async move {
            let mut command = cmd("HGETALL");
            command.arg(self.key(key));
            let mut values: BTreeMap<String, String> = self.redis.ask(&command, Again::Harmless).await?;
            let mut time = |name| values.remove(name).and_then(|text| text.parse().ok());
            let (created, expires) = (time(CREATED), time(EXPIRES));
            Ok(created.zip(expires).map(|(created, expires)| Record { created, expires, values }))
        }
        .boxed()
    }

    fn create<'a>(&'a self, key: &'a Key, record: Record) -> BoxFuture<'a, Result<(), Error>> {
        async move {
            let mut script = CREATE.prepare_invoke();
            script.key(self.key(key)).arg(record.created).arg(record.expires);
            add_pairs(&mut script, record.values.iter());
            self.redis.run(&script, Again::Harmless).await
        }
        .boxed()
    }

    fn change<'a>(&'a self, key: &'a Key, changes: &'a Changes, expires: u64) -> BoxFuture<'a, Result<bool, Error>> {
        async move { self.apply(&[key], changes, expires).await }.boxed()
    }

    fn renew<'a>(
        &'a self,
        (old, new): (&'a Key, &'a Key),
        changes: &'a Changes,
        expires: u64,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        async move { self.apply(&[old, new], changes, expires).await }.boxed()
    }

    fn remove<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), Error>> {
        async move { self.redis.ask(cmd("DEL").arg(self.key(key)), Again::Harmless).await }.boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        self.redis.check().boxed()
    }
}
