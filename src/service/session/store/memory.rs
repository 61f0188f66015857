//! Sessions in the process's memory: gone when it ends, and unknown to other processes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use moka::Expiry;
use moka::future::Cache;
use moka::ops::compute::{CompResult, Op};
use moka::policy::EvictionPolicy;

use super::{Changes, Record, Store, now};
use crate::error::Error;
use crate::service::session::id::Key;

/// What a session and each of its values take beside their texts: places in maps and lists.
const OVERHEAD: usize = 300;
const OVERHEAD_OF_VALUE: usize = 80;

pub(super) struct Memory(Cache<Key, Arc<Record>>);

struct Times;

impl Expiry<Key, Arc<Record>> for Times {
    fn expire_after_create(&self, _: &Key, record: &Arc<Record>, _: Instant) -> Option<Duration> {
        Some(Duration::from_millis(record.expires.saturating_sub(now())))
    }

    fn expire_after_update(
        &self,
        key: &Key,
        record: &Arc<Record>,
        at: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        self.expire_after_create(key, record, at)
    }
}

impl Memory {
    /// A store that holds at most so many bytes. Those that were used longest ago are dropped first; a new session is always taken.
    pub(super) fn new(max_size: u64) -> Self {
        let cache = Cache::builder().max_capacity(max_size).weigher(size).expire_after(Times);
        Memory(cache.eviction_policy(EvictionPolicy::lru()).build())
    }

    /// Changes and removals of one key come one after the other, because they all go through this.
    async fn compute(&self, key: &Key, compute: impl FnOnce(Option<&Record>) -> Op<Arc<Record>> + Send) -> Done {
        let computed = self.0.entry_by_ref(key).and_compute_with(|entry| {
            let record = entry.map(moka::Entry::into_value);
            std::future::ready(compute(record.as_deref()))
        });
        computed.await
    }

    /// Drops what is too much, which else happens now and then.
    #[cfg(test)]
    pub(super) async fn settle(&self) {
        self.0.run_pending_tasks().await;
    }
}

type Done = CompResult<Key, Arc<Record>>;

fn size(key: &Key, record: &Arc<Record>) -> u32 {
    let values = record.values.iter().map(|(name, value)| name.len() + value.len() + OVERHEAD_OF_VALUE);
    u32::try_from(key.as_str().len() + OVERHEAD + values.sum::<usize>()).unwrap_or(u32::MAX)
}

/// The session as it is after the changes.
fn changed(record: &Record, changes: &Changes, expires: u64) -> Arc<Record> {
    let mut record = record.clone();
    changes.apply(&mut record.values);
    Arc::new(Record { expires, ..record })
}

impl Store for Memory {
    fn load<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Record>, Error>> {
        async move { Ok(self.0.get(key).await.map(|record| (*record).clone())) }.boxed()
    }

    fn create<'a>(&'a self, key: &'a Key, record: Record) -> BoxFuture<'a, Result<(), Error>> {
        async move {
            self.0.insert(key.clone(), Arc::new(record)).await;
            Ok(())
        }
        .boxed()
    }

    fn change<'a>(&'a self, key: &'a Key, changes: &'a Changes, expires: u64) -> BoxFuture<'a, Result<bool, Error>> {
        async move {
            let done = self.compute(key, |record| match record {
                Some(record) => Op::Put(changed(record, changes, expires)),
                None => Op::Nop,
            });
            Ok(matches!(done.await, CompResult::ReplacedWith(_)))
        }
        .boxed()
    }

    fn renew<'a>(
        &'a self,
        (old, new): (&'a Key, &'a Key),
        changes: &'a Changes,
        expires: u64,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        async move {
            // Nobody knows the new key yet, so nobody misses the session between the two steps.
            let CompResult::Removed(entry) = self.compute(old, |_| Op::Remove).await else { return Ok(false) };
            self.0.insert(new.clone(), changed(entry.value(), changes, expires)).await;
            Ok(true)
        }
        .boxed()
    }

    fn remove<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), Error>> {
        async move {
            self.compute(key, |_| Op::Remove).await;
            Ok(())
        }
        .boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        std::future::ready(Ok(())).boxed()
    }
}
