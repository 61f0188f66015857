//! What SIGHUP does to a process that serves: it makes its site anew, from all that lies outside the binary, and swaps it in.
//!
//! All or nothing: a site that cannot be made is refused with its mistakes in the log, and the old one stays. Requests in flight end with
//! the site that they began with. The work is done on a thread of its own kind, one reload after the other; signals that come meanwhile are
//! answered by one more reload, which begins after the last of them.

use std::io::{IsTerminal, stderr};
use std::sync::Arc;
use std::time::Instant;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::at_start;
use crate::cli::log;
use crate::error::{Error, one_line};
use crate::server::{Pipeline, Serving};
use crate::site::Site;

/// Makes what is served, from all that may have changed outside.
pub(crate) type Load = dyn Fn() -> Result<Serving, Error> + Send + Sync;

/// How a reload goes, for who wants to know it.
#[derive(Debug)]
pub(crate) enum Reload<'a> {
    /// A signal has come.
    Begins,
    /// What is served is up to date.
    Taken,
    /// The old site stays.
    Refused(&'a Error),
}

/// Receives SIGHUP, which from here on does not end the process.
#[derive(Debug)]
pub(crate) struct Hangups {
    signal: Signal,
    had_terminal: bool,
}

impl Hangups {
    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`] where the system lets no signal be received.
    pub(crate) fn listen() -> Result<Hangups, Error> {
        let signal = signal(SignalKind::hangup());
        let signal = signal.map_err(|error| Error::Listen(format!("signals cannot be received: {error}")))?;
        Ok(Hangups { signal, had_terminal: stderr().is_terminal() })
    }

    /// Answers each signal by a reload and tells how it goes; without `load` there is nothing to be reloaded, and a line says so. Ends when
    /// the signal came from a terminal that has been closed: whoever started the process there would not find it again.
    pub(crate) async fn follow(
        mut self,
        pipeline: Arc<Pipeline>,
        load: Option<Arc<Load>>,
        tell: impl Fn(Reload<'_>) + Send + Sync,
    ) {
        while self.signal.recv().await.is_some() {
            if self.had_terminal && !stderr().is_terminal() {
                return;
            }
            tell(Reload::Begins);
            let Some(load) = load.clone() else {
                tracing::info!(
                    "SIGHUP reloads nothing here: edits in the site's folder are shown anyway, and settings from outside count at the next start"
                );
                tell(Reload::Taken);
                continue;
            };
            let pipeline = pipeline.clone();
            // A panic has been logged where it happened, and the old site is still in its place.
            let done = tokio::task::spawn_blocking(move || reload(&pipeline, &*load)).await;
            let done = done.unwrap_or_else(|_| Err(Error::Service("a panic, see the log".to_string())));
            tell(done.as_ref().map_or_else(Reload::Refused, |()| Reload::Taken));
        }
    }
}

fn reload(pipeline: &Pipeline, load: &Load) -> Result<(), Error> {
    let start = Instant::now();
    let old = pipeline.serving();
    let new = load().and_then(|new| same_environment(old.site(), new)).and_then(with_log);
    let (new, log) = new.inspect_err(tell_refused)?;
    log.install();
    at_start::tell(&old.site().settings, &new.site().settings);
    pipeline.replace(new);
    tracing::info!("reloaded in {:.1} ms", start.elapsed().as_secs_f64() * 1000.0);
    Ok(())
}

fn tell_refused(error: &Error) {
    tracing::error!("the reload is refused, and the site stays as it was:");
    let text = error.to_string();
    text.lines().filter(|line| !line.is_empty()).for_each(|line| tracing::error!("{}", one_line(line)));
}

/// A wrong `log.level` refuses the reload like any other mistake.
fn with_log(new: Serving) -> Result<(Serving, log::Ready), Error> {
    let log = log::ready_again(&new.site().settings)?;
    Ok((new, log))
}

/// Who may connect, and what error pages show, was decided at the start by the environment.
fn same_environment(old: &Site, new: Serving) -> Result<Serving, Error> {
    match old.settings.is_prod() == new.site().settings.is_prod() {
        true => Ok(new),
        false => {
            let name = new.site().settings.name("environment.is_prod");
            Err(Error::Setting(format!("{name} cannot change while the process runs; restart it")))
        }
    }
}
