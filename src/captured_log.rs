//! What a test's own thread logs, for the unit tests that look at the log.
//!
//! There is one subscriber for the whole process. One per test does not work: when a place that logs is first reached on a thread
//! without a subscriber while another thread has one, `tracing` takes it as wanted by nobody, and that test misses its line.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

/// The log of the thread that started it, down to debug, for as long as this value lives.
pub(crate) struct CapturedLog(());

impl CapturedLog {
    /// Starts to keep what this thread logs.
    pub(crate) fn start() -> Self {
        static SUBSCRIBER: Once = Once::new();
        SUBSCRIBER.call_once(|| {
            let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_ansi(false);
            subscriber.with_writer(|| ThisThread).init();
            // Another thread may have reached a place that logs while the subscriber was made but not yet everybody's.
            tracing::callsite::rebuild_interest_cache();
        });
        KEPT.with_borrow_mut(|kept| *kept = Some(Vec::new()));
        CapturedLog(())
    }

    /// The lines since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        let bytes = KEPT.with_borrow_mut(|kept| kept.as_mut().map(std::mem::take)).unwrap_or_default();
        String::from_utf8(bytes).expect("the log is text").lines().map(str::to_string).collect()
    }
}

impl Drop for CapturedLog {
    fn drop(&mut self) {
        KEPT.with_borrow_mut(|kept| *kept = None);
    }
}

thread_local! {
    static KEPT: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Keeps what is written where the thread asked for it.
struct ThisThread;

impl io::Write for ThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        KEPT.with_borrow_mut(|kept| kept.as_mut().map(|kept| kept.extend_from_slice(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
