//! The signals that a process which serves answers.
//!
//! | Signal | What it does |
//! |---|---|
//! | `SIGTERM` | stops, with a pause for connections that are idle |
//! | `SIGINT` | stops at once |
//! | `SIGHUP` | reloads ([`Hangups`]) |
//! | `SIGUSR1` | opens the log file again |
//!
//! The last two do not end the process even when they come before its site is loaded: they wait until there is something to do.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::log;
use crate::error::Error;
use crate::launch::Hangups;
use crate::server::Stop;

/// The signals that are received from the first moment on.
#[derive(Debug)]
pub(super) struct Early {
    pub(super) hangups: Hangups,
    reopen: Signal,
}

impl Early {
    /// Begins to receive them. What comes before they are followed is kept.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`] where the system lets no signal be received.
    pub(super) fn receive() -> Result<Early, Error> {
        // Only for registering: how many threads the runtime that serves has is told by the site, which is not loaded yet.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        let runtime = runtime.map_err(|error| Error::Listen(format!("signals cannot be received: {error}")))?;
        let _entered = runtime.enter();
        Ok(Early { hangups: Hangups::listen()?, reopen: listen(SignalKind::user_defined1())? })
    }

    /// Opens log files again at each `SIGUSR1`, beside everything else. Gives what is left.
    pub(super) fn follow_reopen(self) -> Hangups {
        let mut reopen = self.reopen;
        tokio::spawn(async move {
            while reopen.recv().await.is_some() {
                // It only asks the thread that writes, so it waits for no disk.
                log::reopen();
            }
        });
        self.hangups
    }
}

/// A future that ends when the process is asked to stop, and says how; from here on these signals no longer end it at once.
///
/// # Errors
///
/// [`Error::Listen`] where the system lets no signal be received.
pub(super) fn stop_asked(is_prod: bool) -> Result<impl Future<Output = Stop> + Send + 'static, Error> {
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            // A developer has no proxy in front that could lose a request, and does not want to wait.
            _ = terminate.recv() => if is_prod { Stop::WithPause } else { Stop::AtOnce },
            _ = interrupt.recv() => Stop::AtOnce,
        }
    })
}

fn listen(kind: SignalKind) -> Result<Signal, Error> {
    signal(kind).map_err(|error| Error::Listen(format!("signals cannot be received: {error}")))
}
