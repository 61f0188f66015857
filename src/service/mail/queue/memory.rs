//! The queue of a site without a database.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Claimed, Entry, Verdict, full};
use crate::error::Error;

/// Mails in memory. What is left when the process stops is taken out again by [`Memory::take_all`].
pub(in crate::service::mail) struct Memory {
    size: u32,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    last_id: i64,
    /// By the time when they are due, and their number.
    due: BTreeMap<(Instant, i64), Item>,
    /// Those that are being sent.
    claimed: HashMap<i64, Item>,
}

#[derive(Debug, Clone)]
struct Item {
    entry: Entry,
    attempts: u32,
    since: Instant,
}

impl Memory {
    pub(in crate::service::mail) fn new(size: u32) -> Self {
        Memory { size, waiting: Mutex::default() }
    }

    pub(super) fn add(&self, entries: Vec<Entry>) -> Result<(), Error> {
        let mut waiting = self.waiting();
        if waiting.due.len() + waiting.claimed.len() + entries.len() > self.size as usize {
            return Err(full(self.size));
        }
        let since = Instant::now();
        for entry in entries {
            waiting.last_id += 1;
            let key = (since, waiting.last_id);
            waiting.due.insert(key, Item { entry, attempts: 0, since });
        }
        Ok(())
    }

    pub(super) fn claim(&self, most: u32) -> Vec<Claimed> {
        let (mut waiting, now) = (self.waiting(), Instant::now());
        let mut claimed = Vec::new();
        while claimed.len() < most as usize {
            let Some(first) = waiting.due.first_entry().filter(|first| first.key().0 <= now) else { break };
            let ((_, id), item) = first.remove_entry();
            let (entry, attempts) = (item.entry.clone(), item.attempts);
            claimed.push(Claimed { id, entry, attempts, age: now - item.since, claim: String::new() });
            waiting.claimed.insert(id, item);
        }
        claimed
    }

    pub(super) fn next_due(&self) -> Option<Duration> {
        let waiting = self.waiting();
        waiting.due.first_key_value().map(|((due, _), _)| due.saturating_duration_since(Instant::now()))
    }

    pub(super) fn settle(&self, id: i64, verdict: &Verdict) {
        let mut waiting = self.waiting();
        let Some(mut item) = waiting.claimed.remove(&id) else { return };
        if let Verdict::Later { after, counts } = verdict {
            item.attempts += u32::from(*counts);
            waiting.due.insert((Instant::now() + *after, id), item);
        }
    }

    /// How many there are, with those that are being sent.
    pub(super) fn count(&self) -> u64 {
        let waiting = self.waiting();
        (waiting.due.len() + waiting.claimed.len()) as u64
    }

    /// Makes everything due: the process stops, and there is no later.
    pub(super) fn hurry(&self) {
        let mut waiting = self.waiting();
        let now = Instant::now();
        let due = std::mem::take(&mut waiting.due);
        waiting.due = due.into_iter().map(|((_, id), item)| ((now, id), item)).collect();
    }

    /// Takes out what is left, also what was being sent.
    pub(super) fn take_all(&self) -> Vec<Entry> {
        let waiting = std::mem::take(&mut *self.waiting());
        let claimed = waiting.claimed.into_values();
        waiting.due.into_values().chain(claimed).map(|item| item.entry).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
