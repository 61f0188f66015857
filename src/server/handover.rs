//! A connection that a WebSocket has taken over: it still counts as one, and it still ends when the time for stopping is over.
//!
//! hyper hands the socket to whoever asked for it, on another task, and is done. So the socket carries this along: the connection's task
//! waits here until the socket is gone, and cuts it here when it must.

use std::future::poll_fn;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

/// What the two tasks tell each other. Until something has begun, reading and writing cost a look at one flag.
#[derive(Debug, Default)]
pub(super) struct Handover {
    begun: AtomicBool,
    cut: AtomicBool,
    gone: AtomicBool,
    /// Who is to be woken: reading, writing, and the connection's task.
    reader: AtomicWaker,
    writer: AtomicWaker,
    watcher: AtomicWaker,
}

/// What a task wants to do with the socket.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    Read,
    Write,
}

impl Handover {
    /// The connection's next bytes are no longer HTTP.
    pub(super) fn begin(&self) {
        self.begun.store(true, SeqCst);
    }

    /// Whether the socket was cut; else the task is woken when it is.
    pub(super) fn is_cut(&self, cx: &mut Context<'_>, side: Side) -> bool {
        if !self.begun.load(Relaxed) {
            return false;
        }
        match side {
            Side::Read => self.reader.register(cx.waker()),
            Side::Write => self.writer.register(cx.waker()),
        }
        self.cut.load(SeqCst)
    }

    /// From here on nothing can be read or written.
    pub(super) fn cut(&self) {
        self.cut.store(true, SeqCst);
        self.reader.wake();
        self.writer.wake();
    }

    /// The socket is gone.
    pub(super) fn end(&self) {
        self.gone.store(true, SeqCst);
        self.watcher.wake();
    }

    /// Ends when the socket is gone.
    pub(super) async fn ended(&self) {
        poll_fn(|cx| {
            self.watcher.register(cx.waker());
            if self.gone.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}
