//! What a connection is doing, noted where it happens: bytes here, requests and answers in [`exchange`](super::exchange).
//!
//! hyper tells nobody whether a connection is idle or in the middle of a head, so [`Wire`] sits between hyper and the socket and
//! keeps [`Activity`] up to date. One task drives a connection, so the orders are relaxed: the atomics only make the notes shareable.

use std::io;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::handover::{Handover, Side};
use crate::metrics::Connections;

/// Where a connection is between two requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// Nothing has come at all.
    New,
    /// No byte of the next request has come.
    Waiting,
    /// The head of a request has begun and is not complete.
    Head,
    /// A request is being answered, until the last piece of its answer is handed to hyper.
    Busy,
}

/// The notes about one connection.
#[derive(Debug, Default)]
pub(super) struct Activity {
    phase: AtomicU8,
    /// Something happened that starts the time limit of the phase anew.
    moved: AtomicBool,
    /// The client does not take what is to be sent.
    write_blocked: AtomicBool,
    /// The client has closed its side.
    ended: AtomicBool,
    /// The latest request has a body that was not read to its end.
    unread_body: AtomicBool,
    /// The process stops, so the next answer is the last.
    stopping: AtomicBool,
    /// What holds once a WebSocket has taken the connection over.
    handover: Handover,
}

impl Activity {
    pub(super) fn handover(&self) -> &Handover {
        &self.handover
    }

    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Relaxed) {
            0 => Phase::New,
            1 => Phase::Waiting,
            2 => Phase::Head,
            _ => Phase::Busy,
        }
    }

    /// Whether no request has begun.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.phase(), Phase::New | Phase::Waiting)
    }

    fn set_phase(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
        self.moved.store(true, Relaxed);
    }

    /// A request's head is complete.
    pub(super) fn begin(&self, has_body: bool) {
        self.unread_body.store(has_body, Relaxed);
        self.set_phase(Phase::Busy);
    }

    /// The answer to a request is complete, though perhaps not sent.
    pub(super) fn finish(&self) {
        self.set_phase(Phase::Waiting);
    }

    /// The process stops.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Relaxed);
    }

    /// Whether the process stops.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Relaxed)
    }

    /// Whether the time limit starts anew; asking clears it.
    pub(super) fn take_moved(&self) -> bool {
        // Two plain steps: only the task that drives the connection asks, and it is the one that notes as well.
        let moved = self.moved.load(Relaxed);
        if moved {
            self.moved.store(false, Relaxed);
        }
        moved
    }

    pub(super) fn is_write_blocked(&self) -> bool {
        self.write_blocked.load(Relaxed)
    }

    /// Whether the client may still be sending a body that nobody reads.
    pub(super) fn may_be_sending(&self) -> bool {
        self.has_unread_body() && !self.ended.load(Relaxed)
    }

    /// Whether a part of the latest request's body is unread.
    pub(super) fn has_unread_body(&self) -> bool {
        self.unread_body.load(Relaxed)
    }

    /// The latest request's body was read to its end.
    pub(super) fn note_body_end(&self) {
        self.unread_body.store(false, Relaxed);
    }

    /// Whether the client has closed its side.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Relaxed)
    }

    fn note_read(&self, count: usize) {
        if count == 0 {
            self.ended.store(true, Relaxed);
        } else if self.is_idle() {
            self.set_phase(Phase::Head);
        }
    }

    fn note_write(&self, result: &Poll<io::Result<usize>>) {
        self.write_blocked.store(result.is_pending(), Relaxed);
        // Sending the end of an answer gives the next head, which is coming in meanwhile, no more time.
        if result.is_ready() && self.phase() != Phase::Head {
            self.moved.store(true, Relaxed);
        }
    }
}

/// A socket that notes what passes.
#[derive(Debug)]
pub(super) struct Wire<S> {
    socket: S,
    activity: Noted,
    figures: Arc<Connections>,
}

/// Notes when the socket is gone.
#[derive(Debug)]
struct Noted(Arc<Activity>);

impl Deref for Noted {
    type Target = Activity;

    fn deref(&self) -> &Activity {
        &self.0
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.0.handover.end();
    }
}

impl<S> Wire<S> {
    pub(super) fn new(socket: S, activity: Arc<Activity>, figures: Arc<Connections>) -> Self {
        Wire { socket, activity: Noted(activity), figures }
    }

    /// The error of a socket that was cut.
    fn cut<T>(&self, cx: &mut Context<'_>, side: Side) -> Option<Poll<io::Result<T>>> {
        let is_cut = self.activity.handover.is_cut(cx, side);
        is_cut.then(|| Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the process stops"))))
    }

    fn note_write(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.activity.note_write(&result);
        if let Poll::Ready(Ok(count)) = result {
            self.figures.sent.add(count as u64);
        }
        result
    }

    pub(super) fn into_socket(self) -> S {
        self.socket
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if let Some(cut) = self.cut(cx, Side::Read) {
            return cut;
        }
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.socket).poll_read(cx, buffer);
        if let Poll::Ready(Ok(())) = result {
            let count = buffer.filled().len() - before;
            self.activity.note_read(count);
            self.figures.received.add(count as u64);
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(cut) = self.cut(cx, Side::Write) {
            return cut;
        }
        let result = Pin::new(&mut self.socket).poll_write(cx, buffer);
        self.note_write(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Some(cut) = self.cut(cx, Side::Write) {
            return cut;
        }
        let result = Pin::new(&mut self.socket).poll_write_vectored(cx, buffers);
        self.note_write(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
