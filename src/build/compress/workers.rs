//! One function on many items, on several threads.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Calls `work` once for each item, on up to `threads` threads that take the items in their order. The results are in the order of
/// the items, whichever is done first.
pub(super) fn map<T: Sync, R: Send + Sync>(items: &[T], threads: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Vec<OnceLock<R>> = items.iter().map(|_| OnceLock::new()).collect();
    thread::scope(|scope| {
        for _ in 0..threads.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                while let index = next.fetch_add(1, Ordering::Relaxed)
                    && let Some(item) = items.get(index)
                {
                    results[index].get_or_init(|| work(item));
                }
            });
        }
    });
    let done = results.into_iter().map(OnceLock::into_inner);
    done.map(|result| result.expect("the threads end when every item is taken, and each does what it took")).collect()
}
