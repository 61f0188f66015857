//! One connection, from the first byte to the last: driven by hyper, ended by us where the client is too slow or the process stops.
//!
//! hyper's own header timeout also closes connections that are idle, so it is off. There is one timer for each connection. It is set
//! again only when it has run out or must run out sooner, never for each request: a request costs one look at the clock.

use std::error::Error as _;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use http::StatusCode;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep};

use super::wire::{Activity, Phase, Wire};
use super::{Answer, Options, Over, Peer, exchange};
use crate::metrics;

/// What a client that sends its head too slowly is told.
const REQUEST_TIMEOUT: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// What a client that begins with HTTP/2 is told. To all else that it cannot read hyper answers itself.
const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// How long a client that was refused may go on sending before its connection is cut.
const LINGER: Duration = Duration::from_secs(5);

/// How long a connection on which nothing has come yet is kept when idle ones are closed: its first request may be on the way, and
/// clients do not try again on a new connection as they do on one that was idle for long.
const FIRST_BYTE: Duration = Duration::from_millis(250);

/// The least that a connection which comes after the process was asked to stop is given for its first request: the proxy that has made it
/// may be busy, and has no other process to ask yet.
const LATE_FIRST_BYTE: Duration = Duration::from_secs(1);

/// How many bytes of what a refused client goes on sending are thrown away before its connection is cut.
const LINGER_BYTES: usize = 64 << 20;

/// What all connections share.
pub(super) struct Connections {
    pub(super) options: Options,
    pub(super) answer: Arc<dyn Answer>,
    http: http1::Builder,
    /// Set once the process is asked to stop.
    ending: OnceLock<Ending>,
    stop: Notify,
    /// A connection has come to its end.
    ended: Notify,
    cut: AtomicUsize,
    /// What is counted.
    figures: Arc<metrics::Connections>,
}

/// When connections end once the process is asked to stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending {
    /// Until then a connection may be idle.
    pub(super) idle_until: Instant,
    /// Then whatever is left is cut.
    pub(super) cut_at: Instant,
}

impl Connections {
    pub(super) fn new(options: Options, answer: Arc<dyn Answer>) -> Self {
        let mut http = http1::Builder::new();
        http.header_read_timeout(None)
            .max_header_size(options.max_header_size)
            // hyper's own limit of the buffer would otherwise come first.
            .max_buf_size(options.max_header_size.max(DEFAULT_BUFFER))
            // A client that has closed its sending side still wants its answer, and a controller is not stopped halfway because its
            // client has gone.
            .half_close(true);
        let figures = answer.connections();
        figures.limit.set(options.max_connections as u64);
        let (stop, ended) = (Notify::new(), Notify::new());
        Connections { options, answer, http, ending: OnceLock::new(), stop, ended, cut: AtomicUsize::new(0), figures }
    }

    /// Ends every connection: idle ones at the given time, new ones if no request comes soon after that or after they began, the others after
    /// their answer, and at the second time whatever is left.
    pub(super) fn wind_up(&self, ending: Ending) {
        if self.ending.set(ending).is_ok() {
            self.stop.notify_waiters();
        }
    }

    /// Ends when a connection has come to its end since this was asked last.
    pub(super) async fn one_has_ended(&self) {
        self.ended.notified().await;
    }

    /// A connection has come to its end.
    pub(super) fn note_end(&self) {
        self.ended.notify_one();
    }

    /// How many connections were cut in the middle of a request.
    pub(super) fn cut(&self) -> usize {
        self.cut.load(Ordering::Relaxed)
    }
}

/// hyper's default for the most bytes that one connection buffers.
const DEFAULT_BUFFER: usize = 8_192 + 4_096 * 100;

/// Why a connection came to its end.
#[derive(Debug)]
enum End {
    /// One side closed it between two requests, or after an answer that said so.
    Closed,
    /// The client sent something malformed, or was gone too early.
    Failed(hyper::Error),
    /// The head of a request took too long.
    HeadTimeout,
    /// No further request came in time.
    IdleTimeout,
    /// The client stopped taking its answer.
    Stalled,
    /// The process stops and the time for it was over.
    Cut,
    /// As `Cut`, when a WebSocket had taken it over.
    UpgradedCut,
}

/// Serves one connection to its end. Whatever goes wrong is this connection's affair: at most one line in the log.
pub(super) async fn run<S>(connections: Arc<Connections>, socket: S, peer: Peer)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = Arc::new(Activity::default());
    let service = exchange::service(connections.answer.clone(), activity.clone(), peer);
    let _open = connections.figures.begin();
    let wire = TokioIo::new(Wire::new(socket, activity.clone(), connections.figures.clone()));
    let mut connection = connections.http.serve_connection(wire, service).with_upgrades();
    let mut stop = pin!(connections.stop.notified());
    let mut limit = Limit::new(connections.options, connections.ending.get().is_some());
    let mut draining = false;
    // Registers the task's waker, and once is enough: a task keeps its waker. A stop that came before is seen below.
    poll_fn(|cx| Poll::Ready(stop.as_mut().poll(cx).is_ready())).await;
    let end = poll_fn(|cx| {
        let ending = connections.ending.get();
        if ending.is_some() {
            activity.stop();
        }
        if ending.is_some_and(|ending| ending.idle_until <= Instant::now()) && !draining {
            // What has arrived is read before an idle connection is closed, for it may be a request.
            if activity.is_idle()
                && let Poll::Ready(result) = Pin::new(&mut connection).poll(cx)
            {
                return Poll::Ready(End::from(result));
            }
            // hyper would close on half a head as well; the answer to it will end the connection. So will that to a first request.
            if !matches!(activity.phase(), Phase::Head | Phase::New) {
                draining = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
        match Pin::new(&mut connection).poll(cx) {
            Poll::Ready(result) => Poll::Ready(End::from(result)),
            Poll::Pending => limit.poll_end(cx, &activity, ending),
        }
    })
    .await;
    let parts = connection.into_parts();
    let end = if parts.is_some() { end } else { end_of_upgraded(&connections, &activity, stop).await };
    end.log(peer);
    if let Some(status) = end.status(&activity) {
        connections.answer.over(&Over::unreadable(status, peer));
    }
    if matches!(end, End::Cut | End::UpgradedCut) {
        connections.cut.fetch_add(1, Ordering::Relaxed);
    }
    if let (Some(parts), Some(last_words)) = (parts, end.last_words(&activity)) {
        let socket = parts.io.into_inner().into_socket();
        // The client is told as well as it lets itself be told.
        let _ = tokio::time::timeout(LINGER, linger(socket, last_words)).await;
    }
}

/// Waits until whoever took a connection over has done with it. No time limit of HTTP holds for it any more, only that of a process that
/// stops.
async fn end_of_upgraded(connections: &Connections, activity: &Activity, stop: impl Future<Output = ()>) -> End {
    let time_is_over = async {
        if connections.ending.get().is_none() {
            stop.await;
        }
        if let Some(ending) = connections.ending.get() {
            tokio::time::sleep_until(ending.cut_at).await;
        }
    };
    tokio::select! {
        biased;
        () = activity.handover().ended() => End::Closed,
        () = time_is_over => {
            activity.handover().cut();
            End::UpgradedCut
        }
    }
}

/// Sends the last words, then throws away what the client is still sending. A socket that is closed with bytes unread is reset, and
/// a reset can destroy an answer that the client has not read yet.
async fn linger<S: AsyncRead + AsyncWrite + Unpin>(mut socket: S, last_words: &[u8]) -> io::Result<()> {
    socket.write_all(last_words).await?;
    socket.shutdown().await?;
    let mut thrown_away = 0;
    let mut buffer = vec![0; 16 << 10];
    while thrown_away < LINGER_BYTES {
        match socket.read(&mut buffer).await? {
            0 => break,
            count => thrown_away += count,
        }
    }
    Ok(())
}

impl From<hyper::Result<()>> for End {
    fn from(result: hyper::Result<()>) -> Self {
        result.map_or_else(End::Failed, |()| End::Closed)
    }
}

impl End {
    /// What is to be sent before an orderly end where the client may still be sending; none where the socket can just be closed.
    fn last_words(&self, activity: &Activity) -> Option<&'static [u8]> {
        match self {
            End::HeadTimeout => Some(REQUEST_TIMEOUT),
            End::Failed(error) if error.is_parse_version_h2() => Some(BAD_REQUEST),
            End::Failed(error) if error.is_parse() && !activity.has_ended() => Some(b""),
            End::Closed if activity.may_be_sending() => Some(b""),
            _ => None,
        }
    }

    /// The status of a request that was refused before there was one.
    fn status(&self, activity: &Activity) -> Option<StatusCode> {
        match self {
            // What is malformed is the body.
            _ if activity.phase() == Phase::Busy => None,
            End::HeadTimeout => Some(StatusCode::REQUEST_TIMEOUT),
            End::Failed(error) if error.is_parse_too_large() => Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
            End::Failed(error) if error.is_parse() => Some(StatusCode::BAD_REQUEST),
            _ => None,
        }
    }

    fn log(&self, peer: Peer) {
        match self {
            End::Closed => {}
            End::Failed(error) if error.is_parse() => tracing::info!(%peer, "malformed request: {}", chain(error)),
            End::Failed(error) if error.is_incomplete_message() => {
                tracing::info!(%peer, "incomplete request: the client hung up in the middle of it");
            }
            End::Failed(error) if error.is_user() => tracing::warn!(%peer, "answer broken off: {}", chain(error)),
            End::Failed(error) => tracing::debug!(%peer, "connection lost: {}", chain(error)),
            End::HeadTimeout => tracing::debug!(%peer, "connection closed: the head of a request took too long"),
            End::IdleTimeout => tracing::trace!(%peer, "connection closed: idle"),
            End::Stalled => tracing::debug!(%peer, "connection closed: the client does not take its answer"),
            End::UpgradedCut => {
                tracing::warn!(%peer, "connection cut: the process stops and its WebSocket was still open")
            }
            End::Cut => tracing::warn!(%peer, "connection cut: the process stops and a request was still in flight"),
        }
    }
}

fn chain(error: &hyper::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// The time limit of what a connection is doing, and the timer that wakes its task for it.
struct Limit {
    options: Options,
    /// The connection came after the process was asked to stop.
    is_late: bool,
    /// When the limit that holds began.
    since: Instant,
    /// When the timer wakes the task.
    armed: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Limit {
    fn new(options: Options, is_late: bool) -> Self {
        let since = Instant::now();
        // Out of date at once, so that the first look arms it.
        Limit { options, is_late, since, armed: since, timer: Box::pin(tokio::time::sleep_until(since)) }
    }

    /// Ready when the time is over. Else the task is woken when it is, at the latest, and when idle connections are to be closed.
    fn poll_end(&mut self, cx: &mut Context<'_>, activity: &Activity, ending: Option<&Ending>) -> Poll<End> {
        let now = Instant::now();
        if activity.take_moved() {
            self.since = now;
        }
        let pause_end = ending.map(|ending| ending.idle_until).filter(|end| now < *end);
        let ending = ending.filter(|_| pause_end.is_none());
        let limit = self.deadline(activity, ending);
        let wake_at = match (limit, pause_end) {
            (Some((deadline, end)), _) if deadline <= now => return Poll::Ready(end),
            (Some((deadline, _)), Some(pause_end)) => deadline.min(pause_end),
            (Some((time, _)), None) | (None, Some(time)) => time,
            (None, None) => return Poll::Pending,
        };
        // A timer that runs out early finds the new deadline here, which is cheaper than moving it along with each request.
        if now >= self.armed || wake_at < self.armed {
            self.armed = wake_at;
            self.timer.as_mut().reset(wake_at);
            if self.timer.as_mut().poll(cx).is_ready() {
                cx.waker().wake_by_ref();
            }
        }
        Poll::Pending
    }

    /// The time at which the connection ends if nothing happens, and how that is called; none while a request is being answered. In a
    /// process that stops, idle connections have been closed.
    fn deadline(&self, activity: &Activity, ending: Option<&Ending>) -> Option<(Instant, End)> {
        let limit = match (activity.phase(), activity.is_write_blocked()) {
            (Phase::New, _) if let Some(ending) = ending => {
                return Some((ending.cut_at.min(self.first_byte_until(ending)), End::IdleTimeout));
            }
            (Phase::Head, _) => Some((self.options.header_timeout, End::HeadTimeout)),
            (Phase::New, _) => Some((self.options.header_timeout, End::IdleTimeout)),
            (_, true) => Some((self.options.idle_timeout, End::Stalled)),
            (Phase::Waiting, false) => Some((self.options.idle_timeout, End::IdleTimeout)),
            (Phase::Busy, false) => None,
        };
        let limit = limit.map(|(time, end)| (self.since + time, end));
        match (limit, ending) {
            (Some((deadline, _)), Some(ending)) if ending.cut_at < deadline => Some((ending.cut_at, End::Cut)),
            (None, Some(ending)) => Some((ending.cut_at, End::Cut)),
            (limit, _) => limit,
        }
    }

    /// Until when the first request may begin in a process that stops. Nothing has happened yet, so the limit began with the connection.
    fn first_byte_until(&self, ending: &Ending) -> Instant {
        let until = self.since.max(ending.idle_until) + FIRST_BYTE;
        if self.is_late { until.max(self.since + LATE_FIRST_BYTE) } else { until }
    }
}
