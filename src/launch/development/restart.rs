//! Settings that count only when a process starts: an edit of one is named, so that nobody waits for it to take effect.

use crate::site::{Outside, Settings};
use crate::snapshot::Snapshot;

/// The setting that is decided before all others, once.
pub(super) const IS_PROD: &str = "environment.is_prod";

/// What the listener, its connections and the threads are made with.
const AT_START: [&str; 8] = [
    "server.address",
    "server.header_timeout",
    "server.idle_timeout",
    "server.max_connections",
    "server.max_header_size",
    "server.number_of_workers",
    "server.port",
    "server.shutdown_timeout",
];

/// Writes a line for each such setting that an edit has changed.
pub(super) fn tell(old: &Settings, new: &Settings) {
    let value = |settings: &Settings, key: &str| settings.get::<Option<String>>(key).unwrap_or_default();
    for key in AT_START.iter().filter(|key| value(old, key) != value(new, key)) {
        tracing::warn!("`{key}` was changed; it counts when the process is started again");
    }
}

/// Whether the site's files, and the layers from outside as they were given, say that this is production.
pub(super) fn wants_production(snapshot: &Snapshot, outside: &Outside) -> bool {
    Settings::load(snapshot, outside.clone()).is_ok_and(|settings| settings.is_prod())
}

/// Writes that a process in development stays there (B39).
pub(super) fn tell_production() {
    tracing::warn!("`{IS_PROD}` was set to true; this process stays in development until it is started again");
}
