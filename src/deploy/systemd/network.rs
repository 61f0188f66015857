//! Whom the process must reach besides the proxy, as far as the settings say it: the unit opens that and nothing else.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::deploy::{Choices, Subject};
use crate::error::Error;

/// What the process may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Network {
    /// Files and socket files.
    None,
    /// These addresses, as `IPAddressAllow` writes them, and for what.
    Addresses(BTreeSet<String>, Vec<String>),
    /// Everything, and why.
    Any(Vec<String>),
}

/// One server that the settings name.
struct Peer {
    /// For comments, such as `db.server`.
    key: &'static str,
    /// The host; `None` where only the server knows it.
    host: Option<String>,
}

impl Network {
    /// What the settings and the choices ask for.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where a setting is not of its type.
    pub(super) fn of(subject: &Subject, choices: &Choices) -> Result<Self, Error> {
        let mut peers = Vec::new();
        peers.extend(cache(subject)?);
        peers.extend(database(subject)?);
        peers.extend(mailer(subject)?);
        let mut network = Network::None;
        if choices.network {
            network = network.any("`--network` was chosen".to_string());
        }
        Ok(peers.into_iter().fold(network, Network::with))
    }

    fn with(self, peer: Peer) -> Self {
        let Peer { key, host } = peer;
        let Some(host) = host else {
            return self.any(format!("`{key}` is known on the server only"));
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let address = match bare.parse::<IpAddr>() {
            Ok(address) if address.is_loopback() => "localhost".to_string(),
            Ok(address) => address.to_string(),
            Err(_) if bare.eq_ignore_ascii_case("localhost") => "localhost".to_string(),
            Err(_) => return self.any(format!("`{key}` names a host, whose addresses change and must be asked for")),
        };
        let reason = format!("`{key}`");
        match self {
            Network::None => Network::Addresses([address].into(), vec![reason]),
            Network::Addresses(mut addresses, mut reasons) => {
                addresses.insert(address);
                reasons.push(reason);
                Network::Addresses(addresses, reasons)
            }
            any => any,
        }
    }

    fn any(self, reason: String) -> Self {
        match self {
            Network::Any(mut reasons) => {
                reasons.push(reason);
                Network::Any(reasons)
            }
            _ => Network::Any(vec![reason]),
        }
    }
}

/// The value of a setting. The outer `None` says that only the server knows it, the inner one that it is not set.
fn value(subject: &Subject, key: &str) -> Result<Option<Option<String>>, Error> {
    if subject.unknown.contains(key) {
        return Ok(None);
    }
    let value = subject.settings.get::<Option<String>>(key)?;
    Ok(Some(value.filter(|value| !value.trim().is_empty())))
}

/// The server of caches and sessions.
fn cache(subject: &Subject) -> Result<Option<Peer>, Error> {
    const KEY: &str = "cache.server";
    Ok(match value(subject, KEY)? {
        None => Some(Peer { key: KEY, host: None }),
        Some(Some(address)) => of_address(KEY, &address),
        Some(None) => None,
    })
}

/// The server of the database. A folder is that of its socket file.
fn database(subject: &Subject) -> Result<Option<Peer>, Error> {
    match value(subject, "db.url")? {
        None => return Ok(Some(Peer { key: "db.url", host: None })),
        Some(Some(address)) => return Ok(of_address("db.url", &address)),
        Some(None) => {}
    }
    const KEY: &str = "db.server";
    Ok(match value(subject, KEY)? {
        None => Some(Peer { key: KEY, host: None }),
        Some(Some(host)) if host.starts_with('/') => None,
        Some(Some(host)) => Some(Peer { key: KEY, host: Some(host) }),
        // Engines with a server are asked on this machine where nobody names one.
        Some(None) => match value(subject, "db.engine")? {
            Some(Some(engine)) if engine != "sqlite" => {
                Some(Peer { key: "db.engine", host: Some("localhost".to_string()) })
            }
            _ => None,
        },
    })
}

/// The mail server, where mail goes to one.
fn mailer(subject: &Subject) -> Result<Option<Peer>, Error> {
    const KEY: &str = "mailer.server";
    let transport = value(subject, "mailer.transport")?.flatten();
    if transport.is_some_and(|transport| transport != "smtp") {
        return Ok(None);
    }
    Ok(match value(subject, KEY)? {
        None => Some(Peer { key: KEY, host: None }),
        Some(host) => host.map(|host| Peer { key: KEY, host: Some(host) }),
    })
}

/// The host of an address such as `redis://:password@host:6379/0`; none where it is that of a file. What cannot be read may be anywhere.
fn of_address(key: &'static str, address: &str) -> Option<Peer> {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((host, _)) => host,
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_file = scheme.contains("unix") || scheme.starts_with("sqlite") || address.starts_with("sqlite:");
    // An address of PostgreSQL may name the folder of its socket as the host, percent-encoded or in its query.
    let is_folder =
        host.to_ascii_lowercase().starts_with("%2f") || rest.contains("host=/") || rest.contains("socket=/");
    match is_file || is_folder {
        true => None,
        false if host.is_empty() => Some(Peer { key, host: None }),
        false => Some(Peer { key, host: Some(host.to_string()) }),
    }
}
