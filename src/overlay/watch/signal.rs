//! Waiting for an edit without asking for it again and again.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::Notify;

/// Ends its waiting when somebody should ask what was touched. It holds nothing but the means to wait: who waits keeps neither the
/// watch nor the site alive.
#[derive(Debug)]
pub struct Signal {
    descriptor: Option<Arc<OwnedFd>>,
    bell: Arc<Notify>,
    due: Option<Instant>,
}

impl Signal {
    /// Waits for a file event, the bell, or the time at which what is kept back may be told.
    pub(super) fn new(descriptor: Option<Arc<OwnedFd>>, bell: Arc<Notify>, due: Option<Instant>) -> Signal {
        Signal { descriptor, bell, due }
    }

    /// Waits, on a runtime of tokio. It may end without an edit: somebody else may have been told of it.
    pub async fn wait(self) {
        let time = async {
            match self.due {
                Some(due) => tokio::time::sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = readable(self.descriptor) => {}
            () = self.bell.notified() => {}
            () = time => {}
        }
    }
}

async fn readable(descriptor: Option<Arc<OwnedFd>>) {
    let Some(descriptor) = descriptor else { return std::future::pending().await };
    let waited = match registered(descriptor) {
        Ok(waiting) => waiting.readable().await.map(drop),
        Err(error) => Err(error),
    };
    if waited.is_err() {
        // Open pages are told later then; requests ask by themselves.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// A descriptor that was readable before it was registered wakes at once.
#[expect(
    deprecated,
    reason = "the other way is unsafe; this one is unsound for types that lie about their descriptor, and this type does not"
)]
fn registered(descriptor: Arc<OwnedFd>) -> std::io::Result<AsyncFd<Arc<OwnedFd>>> {
    AsyncFd::with_interest(descriptor, Interest::READABLE)
}
