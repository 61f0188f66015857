//! Where lines go, and on which thread.
//!
//! A file is written by a thread of its own, because a disk may keep whoever writes to it waiting. So is, in production, standard error:
//! a reader that stands still would otherwise stop the site, one thread with each line. It is no different for warnings and errors, and nobody
//! waits until one is written: the thread begins with it at once, and a thread that answers requests would be as slow as the reader.
//! Only a panic is waited for, a moment, because the process may end with it.
//!
//! So lines are in the order in which they were logged. Each is in one piece, and where it has a time that is the one at which it was logged.
//!
//! Lines wait in memory. Where they come faster than they can be written for long, they are dropped and counted: a full disk or a
//! reader that stands still must not keep the site from answering.

use std::io::{self, IsTerminal, Stderr, Write};
use std::path::Path;
use std::sync::Arc;

use tracing_subscriber::fmt::MakeWriter;

use super::LOG;
use super::file::{LogFile, Reopening};
use super::queue::Queue;
use crate::error::Error;
use crate::process::DataFolder;
use crate::site::Settings;

/// The lines that there is one of for each request.
pub(super) const ACCESS: &str = "kalgan::access";

/// Whether standard error is a terminal.
pub(super) fn is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Where lines go.
#[derive(Debug)]
pub(super) enum Output {
    /// To standard error, each before the program goes on: in development, and until it is known what serves.
    AtOnce,
    /// To standard error, by a thread of its own.
    StandardError(Queue),
    /// To a file, by a thread of its own.
    File(Queue, Reopening),
}

impl Output {
    pub(super) fn at_once() -> Output {
        Output::AtOnce
    }

    /// Standard error in production; the one that is in use goes on.
    pub(super) fn standard_error(now: &Arc<Output>) -> Result<Arc<Output>, Error> {
        if matches!(**now, Output::StandardError(_)) {
            return Ok(Arc::clone(now));
        }
        Ok(Arc::new(Output::StandardError(started(io::stderr())?)))
    }

    /// The file of that path; the one that is in use goes on where it is the same.
    pub(super) fn file(
        path: &str,
        data: &DataFolder,
        settings: &Settings,
        now: &Arc<Output>,
    ) -> Result<Arc<Output>, Error> {
        let name = || settings.name("log.file");
        let path = match Path::new(path) {
            path if path.is_absolute() => path.to_path_buf(),
            path => data.file(path).map_err(|error| Error::File(format!("{}: {error}", name())))?,
        };
        match &**now {
            Output::File(_, reopening) if reopening.path() == path => return Ok(Arc::clone(now)),
            _ => {}
        }
        let file = LogFile::open(&path).map_err(|error| {
            Error::File(format!("`{}`, which {} asks for, cannot be opened: {error}", path.display(), name()))
        })?;
        let reopening = file.reopening();
        Ok(Arc::new(Output::File(started(file)?, reopening)))
    }

    /// Where lines wait; none where each is written before the program goes on.
    pub(super) fn queue(&self) -> Option<&Queue> {
        match self {
            Output::AtOnce => None,
            Output::StandardError(queue) | Output::File(queue, _) => Some(queue),
        }
    }

    /// Waits a moment until what waits is written.
    pub(super) fn settle(&self) {
        if let Some(queue) = self.queue() {
            queue.settle();
        }
    }

    /// Has the file opened anew.
    pub(super) fn reopen(&self) {
        if let Output::File(queue, reopening) = self {
            reopening.ask();
            // The thread then looks whether it was asked.
            queue.flush();
        }
    }
}

/// The thread that writes.
fn started(writer: impl Write + Send + 'static) -> Result<Queue, Error> {
    Queue::new(writer)
        .map_err(|error| Error::File(format!("the thread that writes the log cannot be started: {error}")))
}

/// Gives each line the writer that counts at the moment.
pub(super) struct Writers;

/// The writer of one line.
pub(super) enum LineWriter {
    AtOnce(Stderr),
    Queued(Arc<Output>),
}

impl<'w> MakeWriter<'w> for Writers {
    type Writer = LineWriter;

    fn make_writer(&'w self) -> LineWriter {
        let output = &LOG.load().output;
        match **output {
            Output::File(..) | Output::StandardError(_) => LineWriter::Queued(Arc::clone(output)),
            Output::AtOnce => LineWriter::AtOnce(io::stderr()),
        }
    }
}

impl Write for LineWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            LineWriter::AtOnce(stderr) => stderr.write(bytes),
            LineWriter::Queued(output) => match output.queue() {
                Some(queue) => {
                    queue.push(bytes);
                    Ok(bytes.len())
                }
                // Nobody is given such a writer.
                None => io::stderr().write_all(bytes).map(|()| bytes.len()),
            },
        }
    }

    /// One piece also where the reader takes it in several: standard error is locked for all of it.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            LineWriter::AtOnce(stderr) => stderr.write_all(bytes),
            LineWriter::Queued(_) => self.write(bytes).map(drop),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            LineWriter::AtOnce(stderr) => stderr.flush(),
            LineWriter::Queued(_) => Ok(()),
        }
    }
}
