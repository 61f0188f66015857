//! The least time between two refreshes (`environment.refresh_config_timeout`).

use std::time::{Duration, Instant};

use crate::source::workspace::Touched;

/// Keeps what was touched until it may be told.
#[derive(Debug)]
pub(super) struct Pause {
    least: Duration,
    last: Option<Instant>,
    kept: Option<Touched>,
}

impl Pause {
    /// Lets this much time pass between two tellings; zero tells at once.
    pub(super) fn new(least: Duration) -> Pause {
        Pause { least, last: None, kept: None }
    }

    /// The time that passes between two tellings.
    pub(super) fn least(&self) -> Duration {
        self.least
    }

    /// Another time from here on, also for what is kept already.
    pub(super) fn set(&mut self, least: Duration) {
        self.least = least;
    }

    /// Adds to what is to be told.
    pub(super) fn keep(&mut self, touched: Touched) {
        self.kept = Some(match (self.kept.take(), touched) {
            (Some(Touched::Paths(mut kept)), Touched::Paths(more)) => {
                kept.extend(more);
                Touched::Paths(kept)
            }
            (Some(Touched::All), _) | (Some(_), Touched::All) => Touched::All,
            (None, touched) => touched,
        });
    }

    /// What is kept, if the time is over.
    pub(super) fn take(&mut self, now: Instant) -> Option<Touched> {
        if self.kept.is_none() || self.due().is_some_and(|due| now < due) {
            return None;
        }
        self.last = Some(now);
        self.kept.take()
    }

    /// When what is kept may be told; `None` where nothing is kept.
    pub(super) fn due(&self) -> Option<Instant> {
        self.kept.as_ref()?;
        Some(self.last? + self.least)
    }
}
