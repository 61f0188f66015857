//! Numbers that many threads count at the same time.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A number that only grows. After 2^64 it begins again at 0, as monitoring systems expect of a counter that was reset.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds one.
    pub fn increment(&self) {
        self.add(1);
    }

    /// Adds some.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Relaxed);
    }

    /// What it is now.
    pub fn value(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A number that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// One more.
    pub fn up(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    /// One less. Whoever goes down has gone up before.
    pub fn down(&self) {
        self.0.fetch_sub(1, Relaxed);
    }

    /// Sets it.
    pub fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }

    /// What it is now.
    pub fn value(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
