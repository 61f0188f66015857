//! What systemd is told of a process that serves (`sd_notify(3)`): that it is ready, what it does, that it is alive.
//!
//! Without the variable `NOTIFY_SOCKET` nothing is told. The processes that Kalgan starts itself do not inherit it ([`FOR_THIS_PROCESS`]).

use std::time::Duration;

use sd_notify::NotifyState;

use crate::error::{Error, one_line};
use crate::launch::Reload;

/// Variables by which systemd speaks to one process and none of its children.
#[cfg(feature = "overlay")]
pub(super) const FOR_THIS_PROCESS: [&str; 6] =
    ["LISTEN_FDNAMES", "LISTEN_FDS", "LISTEN_PID", "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"];

/// The most characters of an error that a status line shows; the log has all of it.
const LONGEST: usize = 300;

/// Tells systemd how a process does.
#[derive(Debug)]
pub(super) struct Notifier {
    /// What is said while all is well.
    serving: String,
}

impl Notifier {
    /// A notifier that describes the process by this line, such as `serving unix:/run/site/http.sock, 3 workers`.
    pub(super) fn new(serving: String) -> Notifier {
        Notifier { serving }
    }

    /// Connections are answered from now on.
    pub(super) fn ready(&self) {
        send(&[NotifyState::Ready, NotifyState::Status(&self.serving)]);
    }

    /// A reload begins or ends. systemd waits for both where the unit says `Type=notify-reload`.
    pub(super) fn reload(&self, reload: &Reload<'_>) {
        let status = match reload {
            Reload::Begins => {
                // Without the time systemd could not tell whether this is the answer to its signal.
                let Ok(now) = NotifyState::monotonic_usec_now() else { return };
                return send(&[NotifyState::Reloading, now, NotifyState::Status("reloading")]);
            }
            Reload::Taken => format!("{}; reloaded", self.serving),
            Reload::Refused(error) => {
                format!("{}, as before; the reload was refused: {}", self.serving, first_line(error))
            }
        };
        send(&[NotifyState::Ready, NotifyState::Status(&status)]);
    }

    /// The process was asked to stop and will have done so within this time, however short the time is that the unit grants.
    pub(super) fn stopping(&self, within: Duration) {
        let within = u32::try_from(within.as_micros()).unwrap_or(u32::MAX);
        let status = NotifyState::Status("stopping: requests in flight are answered");
        send(&[NotifyState::Stopping, status, NotifyState::ExtendTimeoutUsec(within)]);
    }

    /// The last request has been answered.
    pub(super) fn winding_up(&self) {
        send(&[NotifyState::Status("stopping: hooks and tasks come to their end")]);
    }
}

/// The process does not start, or ends because of an error: what `systemctl status` shows of a failed unit.
pub(super) fn failed(error: &Error) {
    send(&[NotifyState::Status(&first_line(error))]);
}

/// Shows systemd, twice in each `WATCHDOG_USEC`, that the process still does what it is asked: a task like those of requests, so it says
/// nothing when all workers are stuck.
pub(super) fn watch() {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    tokio::spawn(async move {
        let mut beat = tokio::time::interval((limit / 2).max(Duration::from_millis(1)));
        loop {
            beat.tick().await;
            send(&[NotifyState::Watchdog]);
        }
    });
}

/// The first line of an error that says something, at a length that fits a status.
fn first_line(error: &Error) -> String {
    let text = error.to_string();
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    one_line(line).chars().take(LONGEST).collect()
}

/// A message that does not arrive is told once: systemd will say more about what it has missed.
fn send(states: &[NotifyState]) {
    static TOLD: std::sync::Once = std::sync::Once::new();
    if let Err(error) = sd_notify::notify(states) {
        TOLD.call_once(|| tracing::warn!("systemd cannot be told how the process does (`NOTIFY_SOCKET`): {error}"));
    }
}
