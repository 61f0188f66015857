//! A thread that writes, and the lines that wait for it.
//!
//! All that waits is one text. A line is copied to its end, and the thread takes the whole of it: a line costs neither an allocation nor
//! a message of its own. After each writing the thread lets lines gather for a moment, so on a busy site it is seldom woken and writes many
//! at once: to wake it for each line costs as much as half of a small answer.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// Most lines that wait: some megabytes.
const MOST: usize = 16_384;

/// How long the end waits for what is still to be written: whoever reads the log may stand still.
const END: Duration = Duration::from_secs(1);

/// How long a line that may be the last is waited for.
const MOMENT: Duration = Duration::from_millis(100);

/// How long lines gather. One that comes after a rest is written at once.
const GATHER: Duration = Duration::from_millis(5);

/// So many lines are written before that time is over.
const MANY: usize = MOST / 4;

/// The room for lines that is kept when a burst is over.
const KEPT: usize = 1 << 20;

/// Most bytes that are written at once where a line is not longer: a pipe takes so many whole, so that no line of another process gets into
/// one of ours (pipe(7)), and nobody who writes to standard error at once has to wait for long.
const PIECE: usize = 4096;

/// A thread that writes what is given to it. What still waits is written when this goes.
#[derive(Debug)]
pub(super) struct Queue {
    shared: Arc<Shared>,
    thread: ThreadId,
}

impl Queue {
    /// # Errors
    ///
    /// Where the system has no thread to give.
    pub(super) fn new(writer: impl Write + Send + 'static) -> io::Result<Queue> {
        let shared = Arc::new(Shared::default());
        let writing = Arc::clone(&shared);
        let thread = thread::Builder::new().name("log".to_string()).spawn(move || writing.write_all_to(writer))?;
        Ok(Queue { shared, thread: thread.thread().id() })
    }

    /// Puts a line with its line break behind the others.
    pub(super) fn push(&self, line: &[u8]) {
        let mut waiting = self.shared.waiting();
        if waiting.count >= MOST {
            waiting.dropped += 1;
            return;
        }
        waiting.text.extend_from_slice(line);
        waiting.count += 1;
        let is_enough = !waiting.is_gathering || waiting.count == MANY;
        self.wake(waiting, is_enough);
    }

    /// Waits a moment until no line waits. Where that was in vain it is not done again before the thread gets on, so that a writer which stands
    /// still keeps nobody waiting twice.
    pub(super) fn settle(&self) {
        let mut waiting = self.shared.waiting();
        if waiting.is_stuck || thread::current().id() == self.thread {
            return;
        }
        waiting.is_awaited = true;
        self.shared.filled.notify_one();
        let written = &self.shared.written;
        let result = written.wait_timeout_while(waiting, MOMENT, |waiting| {
            waiting.is_awaited = waiting.is_writing || !waiting.text.is_empty();
            waiting.is_awaited
        });
        let (mut waiting, result) = result.unwrap_or_else(PoisonError::into_inner);
        waiting.is_stuck = result.timed_out();
    }

    /// Has the writer flushed, even when no line waits.
    pub(super) fn flush(&self) {
        let mut waiting = self.shared.waiting();
        waiting.is_asked = true;
        self.wake(waiting, true);
    }

    /// Wakes the thread where it waits for lines and there are enough. To tell a thread that is awake would be a call of the system for
    /// nothing.
    fn wake(&self, mut waiting: MutexGuard<'_, Waiting>, is_enough: bool) {
        if is_enough && std::mem::take(&mut waiting.is_asleep) {
            drop(waiting);
            self.shared.filled.notify_one();
        }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let mut waiting = self.shared.waiting();
        waiting.is_last = true;
        self.shared.filled.notify_one();
        // A line of the thread's own can be the last to know of the queue.
        if thread::current().id() != self.thread {
            let ended = &self.shared.ended;
            let result = ended.wait_timeout_while(waiting, END, |waiting| !waiting.is_ended);
            drop(result.unwrap_or_else(PoisonError::into_inner));
        }
    }
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// There is something to do for the thread.
    filled: Condvar,
    /// No line waits, and somebody wants to know.
    written: Condvar,
    /// The thread has written all and is no more.
    ended: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    text: Vec<u8>,
    count: usize,
    /// Lines for which there was no room.
    dropped: usize,
    /// The thread waits and has to be told when there are lines.
    is_asleep: bool,
    /// It does so for a moment only, after which it looks by itself.
    is_gathering: bool,
    is_writing: bool,
    /// Somebody waits until all is written.
    is_awaited: bool,
    /// Somebody has waited in vain since the thread took something.
    is_stuck: bool,
    is_asked: bool,
    is_last: bool,
    is_ended: bool,
}

impl Waiting {
    /// Whether somebody waits for the thread.
    fn is_urgent(&self) -> bool {
        self.is_asked || self.is_awaited || self.is_last || self.count >= MANY
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the thread does.
    fn write_all_to(&self, mut writer: impl Write) {
        let mut text = Vec::new();
        while let Some(dropped) = self.take(&mut text) {
            // What cannot be written is lost, and a file says so itself.
            let _ = pieces(&text).try_for_each(|piece| writer.write_all(piece)).and_then(|()| writer.flush());
            text.clear();
            text.shrink_to(KEPT);
            if dropped > 0 {
                tracing::warn!("{dropped} lines of the log were dropped: they came faster than they could be written");
            }
        }
        self.waiting().is_ended = true;
        self.ended.notify_all();
    }

    /// Waits for lines and takes them all. Gives how many were dropped; none at the end.
    fn take(&self, text: &mut Vec<u8>) -> Option<usize> {
        let mut waiting = self.waiting();
        let has_written = std::mem::take(&mut waiting.is_writing);
        waiting.is_stuck = false;
        self.tell_written(&mut waiting);
        if has_written {
            waiting = self.gather(waiting);
        }
        while waiting.text.is_empty() && !waiting.is_asked {
            self.tell_written(&mut waiting);
            if waiting.is_last {
                return None;
            }
            waiting.is_asleep = true;
            waiting = self.filled.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::swap(&mut waiting.text, text);
        (waiting.count, waiting.is_asleep, waiting.is_asked, waiting.is_writing) = (0, false, false, true);
        Some(std::mem::take(&mut waiting.dropped))
    }

    /// Tells whoever waits for it that no line waits.
    fn tell_written(&self, waiting: &mut Waiting) {
        if waiting.text.is_empty() && std::mem::take(&mut waiting.is_awaited) {
            self.written.notify_all();
        }
    }

    /// Lets more lines come, unless somebody waits for those that are there.
    fn gather<'w>(&self, mut waiting: MutexGuard<'w, Waiting>) -> MutexGuard<'w, Waiting> {
        (waiting.is_asleep, waiting.is_gathering) = (true, true);
        let result = self.filled.wait_timeout_while(waiting, GATHER, |waiting| !waiting.is_urgent());
        let (mut waiting, _) = result.unwrap_or_else(PoisonError::into_inner);
        (waiting.is_asleep, waiting.is_gathering) = (false, false);
        waiting
    }
}

/// The text in pieces of whole lines.
fn pieces(mut text: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let is_end = |byte: &u8| *byte == b'\n';
        let room = &text[..text.len().min(PIECE)];
        let last = room.iter().rposition(is_end).or_else(|| text.iter().position(is_end));
        let (piece, rest) = text.split_at(last.map_or(text.len(), |last| last + 1));
        text = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// Tells of each piece, and goes on when it may.
    struct Slow(Sender<Vec<u8>>, Receiver<()>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
            self.1.recv().map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_that_come_while_one_is_written_are_written_together_up_to_a_limit() {
        let ((told, pieces), (go_on, waiting)) = (channel(), channel());
        let queue = Queue::new(Slow(told, waiting)).unwrap();
        queue.push(b"one\n");
        assert_eq!(pieces.recv().unwrap(), b"one\n");
        for _ in 0..MOST + 3 {
            queue.push(b"x\n");
        }
        assert_eq!(queue.shared.waiting().dropped, 3);
        for _ in 0..=MOST * 2 / PIECE {
            go_on.send(()).unwrap();
        }
        let written: Vec<_> = pieces.iter().take(MOST * 2 / PIECE).collect();
        assert_eq!(written.concat(), b"x\n".repeat(MOST));
        queue.push(b"last\n");
        assert_eq!(pieces.recv().unwrap(), b"last\n");
        go_on.send(()).unwrap();
        drop(queue);
        assert!(pieces.recv().is_err(), "the thread has ended");
    }

    #[test]
    fn a_writer_that_stands_still_is_waited_for_once() {
        let ((told, pieces), (go_on, waiting)) = (channel(), channel());
        let queue = Queue::new(Slow(told, waiting)).unwrap();
        queue.settle();
        assert!(!queue.shared.waiting().is_stuck, "nothing waits");
        queue.push(b"one\n");
        queue.settle();
        assert!(queue.shared.waiting().is_stuck);
        queue.shared.waiting().is_awaited = false;
        queue.settle();
        assert!(!queue.shared.waiting().is_awaited, "it is not waited for twice");
        go_on.send(()).unwrap();
        while queue.shared.waiting().is_stuck {
            thread::yield_now();
        }
        assert_eq!(pieces.recv().unwrap(), b"one\n");
        let letting_go = thread::spawn(move || {
            let piece = pieces.recv();
            go_on.send(()).unwrap();
            (piece, pieces, go_on)
        });
        queue.push(b"two\n");
        queue.settle();
        assert_eq!(letting_go.join().unwrap().0.unwrap(), b"two\n");
        let waiting = queue.shared.waiting();
        assert!(waiting.is_stuck || !waiting.is_writing, "it is written, unless this machine stood still");
    }

    #[test]
    fn lines_are_written_whole() {
        let (short, long) = (b"x\n".repeat(3000), [&[b'y'; 5000][..], b"\nz\n"].concat());
        let text = [&*short, &long].concat();
        let lengths: Vec<_> = pieces(&text).map(<[u8]>::len).collect();
        assert_eq!(lengths, [4096, 1904, 5001, 2]);
        assert_eq!(pieces(&text).collect::<Vec<_>>().concat(), text);
        assert_eq!(pieces(b"").count(), 0);
    }
}
