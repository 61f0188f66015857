//! What is noted about an answer while it is made, and decides how it may be sent: that it is for once only, that it must not be
//! compressed. Controllers note it on the response; middleware, services and templates, which have none, on the request.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// What was noted about one answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// It has something in it that was made for this answer alone, so it can be neither compared with another one nor replaced by it.
    pub(crate) for_once: bool,
    /// Its length, once compressed, must not tell what is in it.
    pub(crate) uncompressed: bool,
    /// The source of the one style of a page that is the framework's own.
    pub(crate) style: Option<&'static str>,
    /// Its stream has no end of its own, so it ends when the process is asked to stop.
    pub(crate) until_shutdown: bool,
}

impl Marks {
    /// What either of two says.
    pub(crate) fn or(self, other: Marks) -> Marks {
        Marks {
            for_once: self.for_once || other.for_once,
            uncompressed: self.uncompressed || other.uncompressed,
            style: self.style.or(other.style),
            until_shutdown: self.until_shutdown || other.until_shutdown,
        }
    }
}

/// Marks that all clones of one request share: a controller's clone and the one that its template is rendered with are two.
#[derive(Debug, Default)]
pub(super) struct SharedMarks {
    for_once: AtomicBool,
    uncompressed: AtomicBool,
}

impl SharedMarks {
    pub(super) fn mark_for_once(&self) {
        // Relaxed: nothing else is told by these notes, and whoever waits for the answer sees all that led to it.
        self.for_once.store(true, Relaxed);
    }

    pub(super) fn mark_uncompressed(&self) {
        self.uncompressed.store(true, Relaxed);
    }

    pub(super) fn get(&self) -> Marks {
        Marks {
            for_once: self.for_once.load(Relaxed),
            uncompressed: self.uncompressed.load(Relaxed),
            style: None,
            until_shutdown: false,
        }
    }
}
