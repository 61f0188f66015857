//! The accept loop: takes connections up to the limit, outlives every error of the system, and winds up when asked to stop.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::connection::{self, Connections, Ending};
use super::listener::Socket;
use super::{Answer, Listener, Options, Peer};

/// How long accepting rests when the system has no more descriptors or memory; trying at once again would only use up a core.
const REST: Duration = Duration::from_millis(100);

/// The least time between two lines in the log about the same trouble.
const QUIET: Duration = Duration::from_secs(60);

/// How much longer than the time for stopping a connection may take to notice that it was cut. Only one whose controller blocks its
/// thread needs longer.
const GRACE: Duration = Duration::from_secs(1);

/// How long connections that are idle are kept when the process stops with a pause: long enough that a proxy which is about to send a
/// request on one still gets an answer. NGINX does not send a POST again on another connection.
const PAUSE: Duration = Duration::from_secs(1);

/// How long no connection is taken, while a process that stops waits for those that it took last.
const ROUND: Duration = Duration::from_secs(1);

/// In which way a server stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Connections that are idle are closed at once.
    AtOnce,
    /// Connections that are idle are kept for a second, or for [`Options::shutdown_timeout`] if that is less. A request that comes on one is
    /// answered, and the answer says that it was the last. The pause ends when no connection is open.
    WithPause,
}

/// Serves connections until `stop` is ready. Then requests in flight are answered, the listener is closed, and what is not done
/// after [`Options::shutdown_timeout`] is cut. Gives how many connections were cut.
pub async fn serve(
    listener: Listener,
    options: Options,
    answer: Arc<dyn Answer>,
    stop: impl Future<Output = Stop> + Send,
) -> usize {
    // A limit of 0 would take no connection at all, and a semaphore counts to `u32::MAX` at once.
    let limit = u32::try_from(options.max_connections).unwrap_or(u32::MAX).max(1);
    let places = Arc::new(Semaphore::new(limit as usize));
    let connections = Arc::new(Connections::new(options, answer));
    let early = Round::default();
    let stop = accept_until(&listener, &places, (&connections, &early), stop).await;
    let now = Instant::now();
    let cut_at = now + options.shutdown_timeout;
    let idle_until = if stop == Stop::WithPause { cut_at.min(now + PAUSE) } else { now };
    connections.wind_up(Ending { idle_until, cut_at });
    if listener.outlives_process() {
        let until = now + options.shutdown_timeout * 3 / 4;
        // Nobody waits for the next process then who could be answered by this one.
        let _ = tokio::time::timeout_at(until, accept_meanwhile(&listener, &places, &connections, early)).await;
    }
    drop(listener);
    let all = places.acquire_many(limit);
    let stuck = match tokio::time::timeout_at(cut_at + GRACE, all).await {
        Ok(_) => 0,
        Err(_) => limit as usize - places.available_permits(),
    };
    connections.cut() + stuck
}

async fn accept_until(
    listener: &Listener,
    places: &Arc<Semaphore>,
    (connections, early): (&Arc<Connections>, &Round),
    stop: impl Future<Output = Stop> + Send,
) -> Stop {
    let mut stop = pin!(stop);
    let mut full = Seldom::default();
    let mut trouble = Seldom::default();
    let stop = loop {
        let place = tokio::select! {
            biased;
            stop = &mut stop => break stop,
            place = next_place(places, connections.options.max_connections, &mut full) => place,
        };
        tokio::select! {
            biased;
            stop = &mut stop => break stop,
            accepted = listener.accept() => take(connections, accepted, (place, early), &mut trouble).await,
        }
    };
    // Connections that wait in the system's queue were made in good faith, and closing the listener would reset them; a shared one
    // leaves them to the process that takes over.
    while listener.is_alone()
        && let Ok(place) = places.clone().try_acquire_owned()
        && let Some(Ok(connection)) = listener.accept().now_or_never()
    {
        start(connections, connection, place, early);
    }
    stop
}

/// Takes further connections from a socket that systemd holds, each for one request, while one is open that was there before the stop: the
/// next process starts when the last has ended, and a slow request or a WebSocket must not keep everybody else waiting for that.
///
/// Then no more are taken, and those that were get the time to end. Where that takes long, because one of them is slow as well, the next
/// round begins. Who calls this sets an end to it, so that those who came last are answered before what is left is cut.
async fn accept_meanwhile(
    listener: &Listener,
    places: &Arc<Semaphore>,
    connections: &Arc<Connections>,
    mut before: Round,
) {
    let mut trouble = Seldom::default();
    loop {
        let meanwhile = Round::default();
        while before.is_open() {
            let place = places.clone().try_acquire_owned();
            tokio::select! {
                biased;
                () = connections.one_has_ended() => {}
                accepted = listener.accept(), if place.is_ok() => {
                    if let Ok(place) = place {
                        take(connections, accepted, (place, &meanwhile), &mut trouble).await;
                    }
                }
            }
        }
        if tokio::time::timeout(ROUND, meanwhile.end(connections)).await.is_ok() {
            return;
        }
        before = meanwhile;
    }
}

/// Connections that began in the same part of a server's life.
#[derive(Clone, Default)]
struct Round(Arc<()>);

impl Round {
    /// Whether one of them is open.
    fn is_open(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Ends when none of them is open.
    async fn end(&self, connections: &Connections) {
        while self.is_open() {
            connections.one_has_ended().await;
        }
    }
}

/// A connection that has begun. It has come to its end when this goes, also where that is because of a panic.
struct Begun {
    connections: Arc<Connections>,
    /// Given back before anybody hears of the end.
    held: Option<(OwnedSemaphorePermit, Round)>,
}

impl Drop for Begun {
    fn drop(&mut self) {
        drop(self.held.take());
        self.connections.note_end();
    }
}

/// Serves what was accepted; where that was an error, rests a while if the next one would fail as well.
async fn take(
    connections: &Arc<Connections>,
    accepted: io::Result<(Socket, Peer)>,
    (place, round): (OwnedSemaphorePermit, &Round),
    trouble: &mut Seldom,
) {
    match accepted {
        Ok(connection) => start(connections, connection, place, round),
        Err(error) if concerns_one_connection(&error) => {
            tracing::debug!("a connection was gone before it was taken: {error}")
        }
        Err(error) => {
            if trouble.is_due() {
                tracing::error!(
                    "no connection can be taken: {error}; trying again (raise `LimitNOFILE=` of the service if it is out of files)"
                );
            }
            tokio::time::sleep(REST).await;
        }
    }
}

/// A place for one more connection, as soon as there is one.
async fn next_place(places: &Arc<Semaphore>, limit: usize, full: &mut Seldom) -> OwnedSemaphorePermit {
    if let Ok(place) = places.clone().try_acquire_owned() {
        return place;
    }
    if full.is_due() {
        tracing::warn!("all {limit} connections are in use, further ones wait; see `server.max_connections`");
    }
    places.clone().acquire_owned().await.expect("the semaphore is never closed")
}

fn start(connections: &Arc<Connections>, (socket, peer): (Socket, Peer), place: OwnedSemaphorePermit, round: &Round) {
    let connection = connection::run(connections.clone(), socket, peer);
    let begun = Begun { connections: connections.clone(), held: Some((place, round.clone())) };
    tokio::spawn(async move {
        let _begun = begun;
        connection.await;
    });
}

/// Whether an error of `accept` is about the connection that was to be taken, so that the next one may well succeed.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::Interrupted
    )
}

/// Keeps a line that could be written thousands of times a second from filling the log.
#[derive(Default)]
struct Seldom {
    last: Option<Instant>,
}

impl Seldom {
    fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let due = self.last.is_none_or(|last| now.duration_since(last) >= QUIET);
        if due {
            self.last = Some(now);
        }
        due
    }
}
