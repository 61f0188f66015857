//! Which files of a site's folder have changed, without reading the folder on each request.
//!
//! - [`events`]: the file events of Linux. The kernel queues one before the call that caused it returns, so whoever reads the queue
//!   after a save has finished is told of it.
//! - [`poll`]: a thread that looks at all files again and again, where the file system gives no events.
//! - [`entries`]: what belongs to the folder; it follows the rules of [`crate::source::files`].
//! - [`folders`]: only when, for the sources of the binary, which lie anywhere.
//! - [`pause`]: keeps back what was touched where refreshes must not follow each other too closely.
//!
//! What an edit means is the business of [`crate::source::workspace`].

mod entries;
#[cfg(target_os = "linux")]
mod events;
mod folders;
mod pause;
mod poll;
mod signal;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::source::workspace::Touched;
#[cfg(target_os = "linux")]
use events::Events;
pub use folders::Folders;
use pause::Pause;
use poll::Poll;
pub use signal::Signal;

/// How edits are noticed: the setting `environment.watch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// By the events of the file system where it gives any, else by looking.
    #[default]
    Auto,
    /// By events only.
    Events,
    /// By looking at all files every 50 milliseconds.
    Poll,
}

/// When and how edits are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Noticing {
    /// The setting `environment.watch`.
    pub mode: Mode,
    /// The setting `environment.refresh_config_timeout`: least time between two refreshes. Zero is none.
    pub pause: Duration,
}

/// Watches a site's folder; ends when it is dropped.
#[derive(Debug)]
pub struct Watch {
    folder: PathBuf,
    mode: Mode,
    source: Source,
    pause: Pause,
    /// Rung when there is something to be asked for that no file event tells of.
    bell: Arc<Notify>,
}

#[derive(Debug)]
enum Source {
    #[cfg(target_os = "linux")]
    Events(Box<Events>),
    Poll(Poll),
}

impl FromStr for Mode {
    type Err = String;

    /// Reads the value of `environment.watch`; the error names the values that are allowed.
    fn from_str(text: &str) -> Result<Mode, String> {
        match text {
            "auto" => Ok(Mode::Auto),
            "events" => Ok(Mode::Events),
            "poll" => Ok(Mode::Poll),
            _ => Err(format!("is `{text}`; it may be `auto`, `events` or `poll`")),
        }
    }
}

impl Watch {
    /// Watches a folder from here on.
    ///
    /// # Errors
    ///
    /// Events are asked for by name, and this system gives none; the text says what to do.
    pub fn start(folder: &Path, noticing: Noticing) -> Result<Watch, String> {
        let bell = Arc::new(Notify::new());
        let source = Source::start(folder, noticing.mode, &bell)?;
        let pause = Pause::new(noticing.pause);
        Ok(Watch { folder: folder.to_path_buf(), mode: noticing.mode, source, pause, bell })
    }

    /// Watches as these settings say from here on.
    ///
    /// # Errors
    ///
    /// As [`Watch::start`]; then everything is as it was.
    pub fn set(&mut self, noticing: Noticing) -> Result<(), String> {
        if noticing == (Noticing { mode: self.mode, pause: self.pause.least() }) {
            return Ok(());
        }
        if noticing.mode != self.mode {
            self.source = Source::start(&self.folder, noticing.mode, &self.bell)?;
            self.mode = noticing.mode;
            // What was edited between the last look of the one and the first of the other is known to neither.
            self.pause.keep(Touched::All);
        }
        self.pause.set(noticing.pause);
        // Whoever waits has to wait for something else now.
        self.bell.notify_one();
        Ok(())
    }

    /// What was touched since the last call; `None` where nothing was, or where it is too soon to tell.
    ///
    /// With events it takes one short system call where nothing has happened. A request that arrives after a save has finished is
    /// told of it. With polling that takes up to 100 milliseconds.
    pub fn touched(&mut self) -> Option<Touched> {
        let touched = self.source.touched();
        let is_new = touched.is_some();
        touched.into_iter().for_each(|touched| self.pause.keep(touched));
        self.poll_instead();
        let told = self.pause.take(Instant::now());
        if is_new && told.is_none() {
            // Whoever waits does not know yet that there is a time to wait for.
            self.bell.notify_one();
        }
        told
    }

    /// What was touched while the files that [`Watch::touched`] has told were read; `None` where nothing was. Where one of them is being
    /// written again, it may have been read by half: then this waits a moment for the end of that.
    pub fn touched_meanwhile(&mut self, told: &Touched) -> Option<Touched> {
        match &mut self.source {
            #[cfg(target_os = "linux")]
            Source::Events(events) => events.touched_meanwhile(told),
            // It looks until files rest.
            Source::Poll(_) => None,
        }
    }

    /// Something to wait with for the next time that [`Watch::touched`] should be asked.
    pub fn signal(&self) -> Signal {
        Signal::new(self.source.descriptor(), Arc::clone(&self.bell), self.pause.due())
    }

    /// Where folders were made that cannot be watched any more.
    fn poll_instead(&mut self) {
        #[cfg(target_os = "linux")]
        if let Source::Events(events) = &mut self.source
            && let Some(reason) = events.take_exhausted()
        {
            if self.mode == Mode::Events {
                tracing::error!("edits in new folders are not noticed: {reason}");
                return;
            }
            tracing::warn!("the site's files are looked at every {} ms: {reason}", poll::INTERVAL.as_millis());
            self.source = Source::Poll(Poll::start(&self.folder, &self.bell));
            self.pause.keep(Touched::All);
        }
    }
}

impl Source {
    #[cfg(target_os = "linux")]
    fn start(folder: &Path, mode: Mode, bell: &Arc<Notify>) -> Result<Source, String> {
        let polling = || Ok(Source::Poll(Poll::start(folder, bell)));
        if mode == Mode::Poll || (mode == Mode::Auto && events::are_missing(folder)) {
            return polling();
        }
        match Events::start(folder) {
            Ok(events) => Ok(Source::Events(Box::new(events))),
            Err(reason) if mode == Mode::Events => Err(reason),
            Err(reason) => {
                tracing::warn!("the site's files are looked at every {} ms: {reason}", poll::INTERVAL.as_millis());
                polling()
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn start(folder: &Path, mode: Mode, bell: &Arc<Notify>) -> Result<Source, String> {
        match mode {
            Mode::Events => Err("only Linux gives file events; set `environment.watch: auto`".to_string()),
            Mode::Auto | Mode::Poll => Ok(Source::Poll(Poll::start(folder, bell))),
        }
    }

    fn touched(&mut self) -> Option<Touched> {
        match self {
            #[cfg(target_os = "linux")]
            Source::Events(events) => events.touched(),
            Source::Poll(poll) => poll.touched(),
        }
    }

    /// What becomes readable when there is an event.
    fn descriptor(&self) -> Option<Arc<std::os::fd::OwnedFd>> {
        match self {
            #[cfg(target_os = "linux")]
            Source::Events(events) => Some(events.descriptor()),
            Source::Poll(_) => None,
        }
    }
}
