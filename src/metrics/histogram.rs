//! How long something takes, as numbers of times that were no longer than so much.

use std::time::Duration;

use super::Counter;

/// The longest time of each bucket, in seconds; one more takes what is longer. From what a page out of memory takes to what nobody waits for.
pub(super) const BOUNDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The same in nanoseconds, which are compared without rounding.
const BOUNDS_NANOS: [u64; 14] = [
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// Times in buckets.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [Counter; BOUNDS.len() + 1],
    nanoseconds: Counter,
}

/// What a histogram is at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Times {
    /// The sum of all times, in seconds.
    pub sum: f64,
    /// How many times there were.
    pub count: u64,
    /// The longest time of each bucket, the last one infinite, and how many times fell into this bucket and no smaller one.
    pub buckets: Vec<(f64, u64)>,
}

impl Histogram {
    /// Counts a time.
    pub fn observe(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_NANOS.iter().position(|bound| nanoseconds <= *bound).unwrap_or(BOUNDS_NANOS.len());
        self.buckets[bucket].increment();
        self.nanoseconds.add(nanoseconds);
    }

    /// What was counted so far. The count is that of the buckets, so the two never disagree.
    pub fn times(&self) -> Times {
        let bounds = BOUNDS.into_iter().chain([f64::INFINITY]);
        let buckets: Vec<_> = bounds.zip(self.buckets.iter().map(Counter::value)).collect();
        let count = buckets.iter().map(|(_, count)| count).sum();
        Times { sum: Duration::from_nanos(self.nanoseconds.value()).as_secs_f64(), count, buckets }
    }
}
