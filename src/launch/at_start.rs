//! Settings that count only when a process starts: a change of one is named, so that nobody waits for it to take effect.

use crate::site::Settings;
use crate::snapshot::schema;

/// What the listener, its connections, the threads and the services are made with.
const KEYS: [&str; 12] = [
    "security.previous_secret_key",
    "security.secret_key",
    "server.address",
    "server.admin",
    "server.header_timeout",
    "server.idle_timeout",
    "server.instances",
    "server.max_connections",
    "server.max_header_size",
    "server.number_of_workers",
    "server.port",
    "server.shutdown_timeout",
];

/// The groups of settings that services read when they are made.
const GROUPS: [&str; 7] = ["cache.", "csrf.", "data.", "db.", "mailer.", "password.", "session."];

/// Writes a line for each such setting that has another value than before.
pub(super) fn tell(old: &Settings, new: &Settings) {
    let value = |settings: &Settings, key: &str| settings.get::<Option<String>>(key).ok();
    let names = schema::KEYS.iter().map(|key| key.name);
    let services = names.filter(|name| GROUPS.iter().any(|group| name.starts_with(group)));
    for key in KEYS.into_iter().chain(services).filter(|key| value(old, key) != value(new, key)) {
        tracing::warn!("`{key}` was changed; it counts when the process is started again");
    }
}
