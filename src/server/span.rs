//! The span of a request, which gives all lines that are logged while it is answered the request's id.
//!
//! A span costs a seventh of a small page, and most requests log nothing. So where the log can wait for it ([`wait`]), the thread that
//! works on a request only knows its id, and the span is made when somebody could see that it is not there ([`begin`]). A site whose
//! `main` has a subscriber of its own gets the span at once.

use std::cell::RefCell;
use std::mem::take;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use tracing::Span;

use crate::http::RequestId;

/// Whether the log asks for the span when it needs it.
static IS_AWAITED: AtomicBool = AtomicBool::new(false);

thread_local! {
    /// The request that this thread works on.
    static CURRENT: RefCell<RequestSpan> = const { RefCell::new(RequestSpan::None) };
}

/// The log calls [`begin`] in time from here on.
pub(crate) fn wait() {
    IS_AWAITED.store(true, Relaxed);
}

/// Makes the span of the request that this thread works on and enters it, where that has not been done.
pub(crate) fn begin() {
    // A thread that ends has no current request any more, but may still log.
    let pending = CURRENT.try_with(|current| {
        let mut current = current.try_borrow_mut().ok()?;
        match &*current {
            RequestSpan::Pending(_) => Some(take(&mut *current)),
            RequestSpan::None | RequestSpan::Made(_) => None,
        }
    });
    if let Ok(Some(RequestSpan::Pending(id))) = pending {
        let span = made(&id);
        span.with_subscriber(|(id, subscriber)| subscriber.enter(id));
        CURRENT.set(RequestSpan::Made(span));
    }
}

/// It has the level of errors, so that it is there wherever anything is logged at all.
fn made(id: &RequestId) -> Span {
    tracing::error_span!(target: "kalgan::request", "request", request_id = %id)
}

/// The span of one request.
#[derive(Debug, Default)]
pub(super) enum RequestSpan {
    /// It has left it, or never had one.
    #[default]
    None,
    /// It is made when it is needed.
    Pending(RequestId),
    /// It is there.
    Made(Span),
}

impl RequestSpan {
    pub(super) fn new(id: &RequestId) -> Self {
        match IS_AWAITED.load(Relaxed) {
            true => RequestSpan::Pending(id.clone()),
            false => RequestSpan::Made(made(id)),
        }
    }

    /// Does a piece of the request's work.
    pub(super) fn in_scope<T>(&mut self, work: impl FnOnce() -> T) -> T {
        match self {
            RequestSpan::None => work(),
            RequestSpan::Made(span) => span.in_scope(work),
            RequestSpan::Pending(_) => {
                let _scope = Scope { outer: CURRENT.replace(take(self)), own: self };
                work()
            }
        }
    }
}

/// While it is there, the thread works on the request; also a panic ends that.
struct Scope<'s> {
    own: &'s mut RequestSpan,
    outer: RequestSpan,
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        *self.own = CURRENT.replace(take(&mut self.outer));
        if let RequestSpan::Made(span) = &*self.own {
            span.with_subscriber(|(id, subscriber)| subscriber.exit(id));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::captured_log::CapturedLog;

    #[test]
    fn the_span_is_there_from_the_first_look_to_the_end_of_the_request_and_only_while_it_is_worked_on() {
        let log = CapturedLog::start();
        let mut span = RequestSpan::Pending(RequestId::default());
        span.in_scope(|| tracing::info!("unseen"));
        assert!(matches!(span, RequestSpan::Pending(_)));
        let ended = catch_unwind(AssertUnwindSafe(|| {
            span.in_scope(|| {
                begin();
                begin();
                tracing::info!("first");
                panic!("on purpose");
            });
        }));
        assert!(ended.is_err() && matches!(span, RequestSpan::Made(_)));
        begin();
        tracing::info!("outside");
        span.in_scope(|| tracing::info!("again"));
        let id = format!("request{{request_id={}}}: ", RequestId::default());
        let seen: Vec<_> = log.take().iter().map(|line| line.contains(&id)).collect();
        assert_eq!(seen, [false, true, false, true]);
    }
}
