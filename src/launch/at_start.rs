//! Settings that count only when a process starts: a change of one is named, so that nobody waits for it to take effect.

use std::collections::BTreeSet;

use crate::site::Settings;

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

/// The groups of settings that services read when they are made. What has a name of the site's own in it, such as `session.<name>.ttl`,
/// is among them.
const GROUPS: [&str; 7] = ["cache", "csrf", "data", "db", "mailer", "password", "session"];

/// Writes a line for each such setting that has another value than before.
pub(super) fn tell(old: &Settings, new: &Settings) {
    for key in changed(old, new) {
        tracing::warn!("`{key}` was changed; it counts when the process is started again");
    }
}

fn changed(old: &Settings, new: &Settings) -> BTreeSet<String> {
    let mut groups: BTreeSet<String> = GROUPS.map(str::to_string).into();
    let mut keys: BTreeSet<String> = KEYS.map(str::to_string).into();
    for settings in [old, new] {
        groups.extend(cookies_of_sessions(settings));
    }
    for (group, settings) in groups.iter().flat_map(|group| [(group, old), (group, new)]) {
        // What nobody sets has its default in both.
        keys.extend(settings.below(group).map(|key| format!("{group}.{key}")));
    }
    keys.retain(|key| value(old, key) != value(new, key));
    keys
}

/// The groups that describe the cookies of sessions, which are read with these.
fn cookies_of_sessions(settings: &Settings) -> impl Iterator<Item = String> {
    let names = settings.below("session").filter_map(|key| Some(key.split_once('.')?.0));
    names.map(|name| {
        let named = settings.get::<Option<String>>(&format!("session.{name}.cookie")).ok().flatten();
        format!("cookie.{}", named.as_deref().filter(|id| !id.is_empty()).unwrap_or(name))
    })
}

/// A value, which may be a list, in a form that can be compared.
fn value(settings: &Settings, key: &str) -> (Option<String>, Option<Vec<String>>) {
    (settings.get(key).ok(), settings.get(key).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::Outside;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        let flags = pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        Settings::load(&crate::testing::empty(), Outside { flags, ..Outside::default() }).unwrap()
    }

    #[test]
    fn settings_with_a_name_of_the_sites_own_are_named_too() {
        let old = settings(&[
            ("session.main.ttl", "60"),
            ("session.main.cookie", "login"),
            ("cookie.login.name", "sid"),
            ("cookie.other.name", "a"),
            ("csrf.trusted_origins", "https://a.example"),
        ]);
        let new = settings(&[
            ("session.main.ttl", "90"),
            ("session.main.cookie", "login"),
            ("session.second.max_age", "600"),
            ("cookie.login.name", "id"),
            ("cookie.other.name", "b"),
            ("cookie.second.path", "/x"),
            ("csrf.trusted_origins", "https://a.example,https://b.example"),
            ("cache.max_size", "1"),
            ("server.port", "1"),
            ("static.max_age", "1"),
        ]);
        let named = [
            "cache.max_size",
            "cookie.login.name",
            "cookie.second.path",
            "csrf.trusted_origins",
            "server.port",
            "session.main.ttl",
            "session.second.max_age",
        ];
        assert_eq!(Vec::from_iter(changed(&old, &new)), named);
        assert!(changed(&new, &new).is_empty());
    }
}
