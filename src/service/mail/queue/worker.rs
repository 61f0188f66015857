//! The task that sends what waits.
//!
//! 1. It takes a few mails that are due and sends them side by side.
//! 2. A mail that the server puts off comes again later and later, up to an hour apart; one that it refuses for good, or that is too old,
//!    is given up.
//! 3. While the server is away no mail is to blame: all of them wait, and the server is tried with growing pauses.
//! 4. When the process stops, what is due is tried as long as there is time.

use std::time::Duration;

use futures_util::future::join_all;

use super::{Claimed, Queue, Store, Verdict};
use crate::error::Error;
use crate::process::Process;
use crate::service::mail::folder::Folder;
use crate::service::mail::smtp::{Fault, Smtp, Undelivered};
use crate::service::mail::{Mailer, Way, keep_undelivered};
use crate::service::random;

/// So many mails are sent side by side; servers allow one client few connections.
const AT_ONCE: u32 = 4;

/// The first pause before a mail that was put off comes again. Servers that put off every stranger once want a minute or more, others
/// only a moment.
const FIRST: Duration = Duration::from_secs(15);

/// The longest such pause.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// A mail that has not been taken for so long is given up (RFC 5321 section 4.5.4.1 advises four to five days).
const TOO_OLD: Duration = Duration::from_secs(4 * 24 * 60 * 60);

/// The first pause when the server is away, and the longest.
const AWAY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Without news the store is looked at so often: another process may have put mails into it, or left some behind.
const LOOK: Duration = Duration::from_secs(15);

/// How a round went.
enum Round {
    /// Mails were sent or put off; there may be more.
    Busy,
    /// Nothing is due for so long.
    Idle(Duration),
    /// No mail can be sent, for this reason.
    Away(String),
}

/// What there is to do.
enum Taken {
    Some(Vec<Claimed>),
    /// Nothing, for so long.
    None(Duration),
}

/// Sends what waits until the process stops, and then what is due.
pub(in crate::service::mail) async fn work(process: Process) {
    let Some(Mailer { way: Way::Smtp(smtp, waiting), undelivered, .. }) = process.service() else { return };
    let queue = waiting.queue(&process);
    let worker = Worker { smtp, queue, undelivered };
    let stopping = process.stopping();
    tokio::pin!(stopping);
    let mut failures = 0;
    loop {
        let (pause, hears) = match worker.round().await {
            Round::Busy => {
                failures = 0;
                (Duration::ZERO, true)
            }
            Round::Idle(pause) => (pause, true),
            Round::Away(reason) => {
                let pause = growing(AWAY.0, failures, AWAY.1);
                failures += 1;
                tracing::warn!("no mail can be sent, and the next try is in {:.1} s: {reason}", pause.as_secs_f64());
                (pause, false)
            }
        };
        tokio::select! {
            biased;
            () = &mut stopping => break,
            () = queue.news.notified(), if hears => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    queue.store.hurry();
    while matches!(worker.round().await, Round::Busy) {}
}

/// What the task works with.
struct Worker<'p> {
    smtp: &'p Smtp,
    queue: &'p Queue,
    undelivered: &'p Folder,
}

impl Worker<'_> {
    /// Step 1: sends a few mails.
    async fn round(&self) -> Round {
        let claimed = match take(&self.queue.store).await {
            Ok(Taken::Some(claimed)) => claimed,
            Ok(Taken::None(pause)) => return Round::Idle(pause),
            Err(error) => return Round::Away(error.to_string()),
        };
        let sending = join_all(claimed.iter().map(|mail| self.send(mail)));
        let away = tokio::select! {
            away = sending => away,
            () = self.queue.store.keep_claimed(&claimed) => Vec::new(),
        };
        away.into_iter().flatten().next().map_or(Round::Busy, Round::Away)
    }

    /// Sends one mail and settles it. Gives the reason where none could be sent.
    async fn send(&self, mail: &Claimed) -> Option<String> {
        let delivered = match mail.entry.envelope() {
            Ok(envelope) => self.smtp.deliver(&envelope, &mail.entry.message).await,
            Err(error) => Err(Undelivered { fault: Fault::Mail, reason: error.to_string() }),
        };
        let verdict = match &delivered {
            Ok(()) => Verdict::Sent,
            Err(undelivered) => verdict(mail, undelivered),
        };
        tell(mail, &verdict, delivered.as_ref().err());
        if matches!(verdict, Verdict::Failed(_)) && !self.queue.store.keeps_failed() {
            keep_undelivered(self.undelivered, &mail.entry).await;
        }
        if let Err(error) = settle(&self.queue.store, mail, &verdict).await {
            return Some(error.to_string());
        }
        delivered.err().filter(|undelivered| undelivered.fault == Fault::Server).map(|undelivered| undelivered.reason)
    }
}

/// Takes what is due.
async fn take(store: &Store) -> Result<Taken, Error> {
    let pause = store.next_due().await?.unwrap_or(LOOK).min(LOOK);
    if !pause.is_zero() {
        return Ok(Taken::None(pause));
    }
    let claimed = store.claim(AT_ONCE).await?;
    // Another process may have been faster.
    Ok(if claimed.is_empty() { Taken::None(Duration::from_millis(100)) } else { Taken::Some(claimed) })
}

/// Step 2.
fn verdict(mail: &Claimed, undelivered: &Undelivered) -> Verdict {
    match undelivered.fault {
        Fault::Mail => Verdict::Failed(undelivered.reason.clone()),
        _ if mail.age > TOO_OLD => Verdict::Failed(format!("too old; {}", undelivered.reason)),
        Fault::Temporary => Verdict::Later { after: growing(FIRST, mail.attempts, LONGEST), counts: true },
        Fault::Server => Verdict::Later { after: Duration::ZERO, counts: false },
    }
}

/// A line about one mail, without what it says.
fn tell(mail: &Claimed, verdict: &Verdict, undelivered: Option<&Undelivered>) {
    let (recipient, subject) = (mail.entry.recipient.to_string(), &*mail.entry.subject);
    let reason = undelivered.map_or("", |undelivered| &undelivered.reason);
    match verdict {
        Verdict::Sent => tracing::info!(recipient, subject, "a mail was sent"),
        Verdict::Later { counts: false, .. } => {}
        Verdict::Later { after, .. } => {
            tracing::warn!(
                recipient,
                subject,
                "a mail was put off, and is tried again in {} s: {reason}",
                after.as_secs()
            );
        }
        Verdict::Failed(reason) => tracing::error!(recipient, subject, "a mail was given up: {reason}"),
    }
}

/// Keeps the verdict. That a mail was sent is worth some patience: else it is sent twice.
async fn settle(store: &Store, mail: &Claimed, verdict: &Verdict) -> Result<(), Error> {
    const TRIES: u32 = 3;
    for _ in 1..TRIES {
        if store.settle(mail, verdict).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    store.settle(mail, verdict).await
}

/// A pause that doubles with each failure, more or less by half, so that not everything comes again at one time.
fn growing(first: Duration, failures: u32, longest: Duration) -> Duration {
    first.saturating_mul(1 << failures.min(16)).min(longest).mul_f64(jitter())
}

/// A number from 0.5 to 1.5, so that what failed together is not tried again together.
fn jitter() -> f64 {
    // Without random bytes there is no jitter, and nothing else is lost.
    0.5 + random::bytes().map_or(0.5, |bytes| f64::from(u32::from_ne_bytes(bytes)) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour() {
        let between = |failures: u32, least: f64, most: f64| {
            let pause = growing(FIRST, failures, LONGEST).as_secs_f64();
            assert!((least..=most).contains(&pause), "after {failures} failures: {pause} s");
        };
        between(0, 7.5, 22.5);
        between(3, 60.0, 180.0);
        between(8, 1800.0, 5400.0);
        between(u32::MAX, 1800.0, 5400.0);
    }
}
