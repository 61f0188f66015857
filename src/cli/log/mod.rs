//! Where log lines go and how they look.
//!
//! 1. [`levels`]: which lines are written at all, as `log.level` says, else `RUST_LOG`, else `info`.
//! 2. [`lines`]: how one is written: for people, for programs ([`json`]), or for the journal of systemd ([`journal`]).
//! 3. [`output`]: where it goes, and on which thread. A file is a [`file`](mod@file), the lines that wait for a thread are a [`queue`].
//!
//! What comes with each request, its span and its access line, takes a shorter way ([`recorder`], [`access`]).
//!
//! All three are chosen anew when the settings are known and when they are loaded again; a request looks at the choice without a lock.
//! Logging begins before there are settings, so that nothing that happens at the start is lost.

mod access;
mod clock;
mod file;
mod journal;
mod json;
mod levels;
mod lines;
mod output;
mod queue;
mod recorder;
#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock};

use arc_swap::ArcSwap;
use tracing_subscriber::layer::SubscriberExt;

use crate::error::{Error, one_line};
use crate::process::DataFolder;
use crate::server::span;
use crate::site::Settings;

use levels::{Chosen, Levels};
use lines::{Lines, Written};
use output::{Output, Writers};
use recorder::Recorder;

/// What counts for all lines of the process, because a process has one log.
static LOG: LazyLock<Arc<ArcSwap<Log>>> = LazyLock::new(Arc::default);

/// One choice of everything.
#[derive(Debug)]
struct Log {
    levels: Levels,
    lines: Lines,
    output: Arc<Output>,
    /// Where a relative path of a file begins; none until the settings are known.
    data: Option<DataFolder>,
}

impl Default for Log {
    /// What holds until there are settings.
    fn default() -> Self {
        let lines = Lines::new(lines::Format::Text, output::is_terminal());
        Log { levels: Levels::without_setting(), lines, output: Arc::new(Output::at_once()), data: None }
    }
}

/// What the settings say of the log, read and found to be right; it counts when it is put in its place.
#[derive(Debug)]
pub(crate) struct Ready(Log);

/// Writes what is still waiting to be written when it goes, at the end of the process or when a panic ends it.
#[derive(Debug)]
pub(super) struct Running(());

/// Starts logging, by these settings as far as they can be read already. A panic becomes a log line with its place.
///
/// A second call in a process changes nothing, nor does one where the site's `main` has a subscriber of its own.
pub(super) fn start(settings: Result<Settings, Error>) -> Running {
    // What is wrong with the settings is told when they count.
    if let Ok(log) = settings.and_then(|settings| Log::new(&settings, None)) {
        LOG.store(Arc::new(log));
    }
    let lines = tracing_subscriber::fmt::layer().event_format(Written).with_ansi(false).with_writer(Writers);
    let recorder = Recorder(tracing_subscriber::registry().with(Chosen).with(lines));
    if tracing::subscriber::set_global_default(recorder).is_ok() {
        span::wait();
        std::panic::set_hook(Box::new(|panic| {
            tracing::error!("{}", one_line(&panic.to_string()));
            // It may be the last line: a panic while another one unwinds ends the process, and so does each where a site chose that.
            LOG.load().output.settle();
        }));
    }
    Running(())
}

/// Reads the settings `log.*`; `data` is where a relative path of a file begins.
///
/// # Errors
///
/// [`Error::Setting`] where one of them does not fit, [`Error::File`] where the file cannot be opened.
pub(super) fn ready(settings: &Settings, data: DataFolder) -> Result<Ready, Error> {
    Log::new(settings, Some(data)).map(Ready)
}

/// As [`ready`], when the settings of a running process are loaded again.
///
/// # Errors
///
/// As [`ready`].
pub(crate) fn ready_again(settings: &Settings) -> Result<Ready, Error> {
    Log::new(settings, LOG.load().data.clone()).map(Ready)
}

impl Ready {
    /// From here on it counts.
    pub(crate) fn install(self) {
        let old = LOG.swap(Arc::new(self.0));
        // What `tracing` remembers of each place that logs was true of the old levels.
        tracing::callsite::rebuild_interest_cache();
        // Where this is the last use of the old output, what waits there is written now.
        drop(old);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let now = LOG.load_full();
        let (levels, data) = (now.levels.clone(), now.data.clone());
        let log = Log { levels, lines: now.lines.clone(), output: Arc::new(Output::at_once()), data };
        drop(now);
        Ready(log).install();
    }
}

/// Opens the log file anew, so that one which was moved away by `logrotate` gets no further line; without a file nothing happens.
pub(super) fn reopen() {
    LOG.load().output.reopen();
}

impl Log {
    fn new(settings: &Settings, data: Option<DataFolder>) -> Result<Log, Error> {
        let levels = Levels::new(settings)?;
        let path = settings.get::<Option<String>>("log.file")?;
        let lines = Lines::of(settings, path.is_some())?;
        let output = match (path, &data) {
            (Some(path), Some(data)) => Output::file(&path, data, settings, &LOG.load().output)?,
            _ if settings.is_prod() && data.is_some() => Output::standard_error(&LOG.load().output)?,
            _ => Arc::new(Output::at_once()),
        };
        Ok(Log { levels, lines, output, data })
    }
}
