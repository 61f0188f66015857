//! The cache in the process's memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache;
use moka::ops::compute::{CompResult, Op};

/// What an entry takes beside key and value: the two places of it in the map and the lists of what is used how often.
const OVERHEAD: usize = 200;

/// Values by key, each with a time of its own.
pub(super) struct Memory(Cache<String, Entry>);

#[derive(Clone)]
struct Entry {
    text: Arc<str>,
    ttl: Duration,
    /// Whether its time goes on when another value takes its place, as that of a counter does.
    keeps_time: bool,
}

struct Times;

impl Expiry<String, Entry> for Times {
    fn expire_after_create(&self, _: &String, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(entry.ttl)
    }

    fn expire_after_update(&self, _: &String, entry: &Entry, _: Instant, left: Option<Duration>) -> Option<Duration> {
        if entry.keeps_time { left } else { Some(entry.ttl) }
    }
}

impl Memory {
    /// A cache that holds at most so many bytes; none keeps nothing.
    pub(super) fn new(max_size: u64) -> Self {
        let size =
            |key: &String, entry: &Entry| u32::try_from(key.len() + entry.text.len() + OVERHEAD).unwrap_or(u32::MAX);
        Memory(Cache::builder().max_capacity(max_size).weigher(size).expire_after(Times).build())
    }

    pub(super) async fn get(&self, key: &str) -> Option<Arc<str>> {
        self.0.get(key).await.map(|entry| entry.text)
    }

    pub(super) async fn set(&self, key: &str, text: Arc<str>, ttl: Duration) {
        match ttl.is_zero() {
            true => self.delete(key).await,
            false => self.0.insert(key.to_string(), Entry { text, ttl, keeps_time: false }).await,
        }
    }

    pub(super) async fn delete(&self, key: &str) {
        self.0.invalidate(key).await;
    }

    pub(super) fn exists(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// `None` where the value is no number.
    pub(super) async fn increment(&self, key: &str, ttl: Duration) -> Option<u64> {
        let counted = self.0.entry_by_ref(key).and_compute_with(|entry| {
            let count = entry.map_or(Some(0), |entry| entry.value().text.parse::<u64>().ok());
            let next = count.and_then(|count| count.checked_add(1));
            std::future::ready(
                next.map_or(Op::Nop, |next| Op::Put(Entry { text: next.to_string().into(), ttl, keeps_time: true })),
            )
        });
        match counted.await {
            CompResult::Inserted(entry) | CompResult::ReplacedWith(entry) => entry.value().text.parse().ok(),
            _ => None,
        }
    }

    /// How many bytes the values take, after what is to be dropped has been.
    #[cfg(test)]
    pub(super) async fn size(&self) -> u64 {
        self.0.run_pending_tasks().await;
        self.0.weighted_size()
    }
}
