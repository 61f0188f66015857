//! Mails that wait to be sent: in memory, or in a table of the site's database, where they outlive the process.
//!
//! In the queue each recipient has a mail of its own, so that one whom the server refuses keeps it from nobody else.

mod memory;
#[cfg(feature = "db")]
mod statements;
#[cfg(feature = "db")]
mod table;
#[cfg(test)]
mod tests;
mod worker;

use std::time::Duration;

use bytes::Bytes;
use lettre::address::{Address, Envelope};
use tokio::sync::Notify;

use super::message::Outgoing;
use crate::error::Error;
pub(super) use memory::Memory;
#[cfg(feature = "db")]
pub(super) use table::Table;
pub(super) use worker::work;

/// A mail that waits.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) sender: Option<Address>,
    pub(super) recipient: Address,
    /// For the log.
    pub(super) subject: String,
    pub(super) message: Bytes,
}

/// A mail that nobody else may send for the moment.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) id: i64,
    pub(super) entry: Entry,
    /// How often the server has put it off.
    pub(super) attempts: u32,
    /// How long it has been waiting.
    pub(super) age: Duration,
    /// The name of the claim; empty in memory, where nobody else could have it.
    #[cfg_attr(not(feature = "db"), allow(dead_code, reason = "only other processes need to know it"))]
    pub(super) claim: String,
}

/// What becomes of a mail that was claimed.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It was accepted.
    Sent,
    /// It is tried again after this time; `counts` where it was the mail that was put off, and not the server that was away.
    Later { after: Duration, counts: bool },
    /// It is given up, for this reason.
    Failed(String),
}

/// Where mails wait.
pub(super) struct Queue {
    pub(super) store: Store,
    /// Wakes the worker.
    pub(super) news: Notify,
}

/// What keeps them.
pub(super) enum Store {
    Memory(Memory),
    #[cfg(feature = "db")]
    Table(Box<Table>),
}

impl Queue {
    pub(super) fn new(store: Store) -> Self {
        Queue { store, news: Notify::new() }
    }

    /// Takes a mail in; when this returns, it is kept.
    ///
    /// # Errors
    ///
    /// [`Error::Service`] where too many wait.
    pub(super) async fn add(&self, outgoing: &Outgoing) -> Result<(), Error> {
        let entries = outgoing.envelope.to().iter().map(|recipient| Entry {
            sender: outgoing.envelope.from().cloned(),
            recipient: recipient.clone(),
            subject: outgoing.subject.clone(),
            message: outgoing.bytes.clone(),
        });
        let entries: Vec<_> = entries.collect();
        match &self.store {
            Store::Memory(memory) => memory.add(entries),
            #[cfg(feature = "db")]
            Store::Table(table) => table.add(&entries).await,
        }?;
        self.news.notify_one();
        Ok(())
    }
}

impl Store {
    /// Takes up to so many mails that are due, for this process alone. They are one claim.
    async fn claim(&self, most: u32) -> Result<Vec<Claimed>, Error> {
        match self {
            Store::Memory(memory) => Ok(memory.claim(most)),
            #[cfg(feature = "db")]
            Store::Table(table) => table.claim(most).await,
        }
    }

    /// How long it is until the next mail is due; `None` where none waits.
    async fn next_due(&self) -> Result<Option<Duration>, Error> {
        match self {
            Store::Memory(memory) => Ok(memory.next_due()),
            #[cfg(feature = "db")]
            Store::Table(table) => table.next_due().await,
        }
    }

    /// How many mails wait, those that are being sent among them.
    pub(super) async fn waiting(&self) -> Result<u64, Error> {
        match self {
            Store::Memory(memory) => Ok(memory.count()),
            #[cfg(feature = "db")]
            Store::Table(table) => table.count().await,
        }
    }

    /// Says what becomes of a mail that was claimed.
    async fn settle(&self, mail: &Claimed, verdict: &Verdict) -> Result<(), Error> {
        match self {
            Store::Memory(memory) => {
                memory.settle(mail.id, verdict);
                Ok(())
            }
            #[cfg(feature = "db")]
            Store::Table(table) => table.settle(mail, verdict).await,
        }
    }

    /// Makes everything due that would be lost otherwise: the process stops.
    fn hurry(&self) {
        match self {
            Store::Memory(memory) => memory.hurry(),
            #[cfg(feature = "db")]
            Store::Table(_) => {}
        }
    }

    /// Whether a mail that is given up can still be looked at here.
    fn keeps_failed(&self) -> bool {
        match self {
            Store::Memory(_) => false,
            #[cfg(feature = "db")]
            Store::Table(_) => true,
        }
    }

    /// Takes out what would be lost with the process, also what was being sent.
    pub(super) fn leftovers(&self) -> Vec<Entry> {
        match self {
            Store::Memory(memory) => memory.take_all(),
            #[cfg(feature = "db")]
            Store::Table(_) => Vec::new(),
        }
    }

    /// Keeps mails claimed for as long as the future is polled; it never ends.
    async fn keep_claimed(&self, claimed: &[Claimed]) {
        match (self, claimed.first()) {
            #[cfg(feature = "db")]
            (Store::Table(table), Some(first)) => table.renew(&first.claim).await,
            _ => std::future::pending().await,
        }
    }
}

impl Entry {
    /// From whom and to whom.
    fn envelope(&self) -> Result<Envelope, Error> {
        Envelope::new(self.sender.clone(), vec![self.recipient.clone()])
            .map_err(|error| Error::Service(format!("a mail of the queue has no recipient: {error}")))
    }
}

/// The queue is full.
fn full(size: u32) -> Error {
    Error::Service(format!("{size} mails wait to be sent already (`mailer.queue_size`), and no more are taken"))
}
