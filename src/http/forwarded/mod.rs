//! Who asks, where proxies stand between the visitor and this process.
//!
//! Anybody can write a header, so what one says of the visitor counts only where a proxy said it that `server.trusted_proxies` names:
//!
//! 1. A peer that is not trusted is the visitor, whatever its headers say.
//! 2. What a trusted peer added is at the right end of a list, and says who spoke to it. Where that is a trusted proxy as well, what
//!    comes next to the left was added by it, and so on; everything further to the left anybody may have written.
//! 3. So the visitor is the first address from the right that is not trusted, or the last of all where all are. Scheme and host are
//!    those that the outermost trusted proxy was asked for.
//! 4. What cannot be read is not guessed at: the address is then unknown.
//!
//! `Forwarded` (RFC 7239) and the `X-Forwarded-…` family are read alike ([`told`]). Where both come with one request they must say the
//! same, else it is refused: a proxy that writes only the one would otherwise pass on what a visitor wrote as the other.

mod networks;
mod told;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};

use http::request::Parts;

use self::networks::Network;
use self::told::Told;
use super::host;
use crate::error::Error;
use crate::site::Settings;

const KEY: &str = "server.trusted_proxies";

/// The item of the setting that means every peer on a socket file.
const UNIX: &str = "unix";

/// The proxies that are believed: the setting `server.trusted_proxies`, read.
#[derive(Debug, Default)]
pub(crate) struct Proxies {
    networks: Vec<Network>,
    unix: bool,
}

/// Who asks, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    /// The other end of the connection; none where it came over a socket file.
    pub(crate) peer: Option<SocketAddr>,
    /// The visitor's address, an IPv4 address always in its short form; none where nobody knows it.
    pub(crate) address: Option<IpAddr>,
    /// How the visitor speaks to the outermost trusted proxy; none where no trusted proxy says it.
    pub(crate) scheme: Option<Scheme>,
    /// The host that the visitor asked the outermost trusted proxy for, where it is another than the request's own.
    pub(crate) host: Option<Box<str>>,
    /// Whether a trusted proxy passed on two accounts of the visitor that cannot both be true.
    pub(crate) is_contradictory: bool,
}

impl Client {
    /// Whether the visitor's connection is encrypted, as far as a trusted proxy says it.
    pub(crate) fn is_secure(&self) -> bool {
        self.scheme == Some(Scheme::Https)
    }
}

/// How a visitor speaks to a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Proxies {
    /// Reads the setting.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] with the first item that is neither an address nor a network nor `unix`.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Error> {
        Proxies::of(&settings.get_vec(KEY)?).map_err(|wrong| Error::Setting(format!("{} {wrong}", settings.name(KEY))))
    }

    /// Reads the items of the setting; gives what is wrong with the first that does not fit, as the end of a sentence.
    fn of(items: &[String]) -> Result<Self, String> {
        let mut proxies = Proxies::default();
        for item in items.iter().map(|item| item.trim()).filter(|item| !item.is_empty()) {
            if item == UNIX {
                proxies.unix = true;
                continue;
            }
            let network = Network::parse(item);
            proxies.networks.push(network.map_err(|wrong| format!("has `{}`, {wrong}", item.escape_debug()))?);
        }
        Ok(proxies)
    }

    /// Whether a peer is believed what it says of the visitor; `None` is one on a socket file.
    pub(crate) fn is_trusted(&self, peer: Option<SocketAddr>) -> bool {
        peer.map_or(self.unix, |peer| self.has(peer.ip().to_canonical()))
    }

    /// Who asks, by the head of a request and the peer that sent it. Without trusted proxies that costs one look.
    pub(crate) fn client(&self, head: &Parts, peer: Option<SocketAddr>) -> Client {
        match self.is_trusted(peer) {
            true => self.client_of_proxy(head, peer),
            false => Client::direct(peer),
        }
    }

    fn client_of_proxy(&self, head: &Parts, peer: Option<SocketAddr>) -> Client {
        let is_trusted = |address| self.has(address);
        let told = Told::by_forwarded(&head.headers, is_trusted);
        match (told, Told::by_x_forwarded(&head.headers, is_trusted)) {
            (None, None) => Client::direct(peer),
            (Some(one), Some(other)) if !one.agrees_with(&other) => {
                Client { address: None, is_contradictory: true, ..Client::direct(peer) }
            }
            (Some(told), _) | (None, Some(told)) => {
                let other_host = told.host.filter(|told| *told != host(head));
                let host = other_host.map(Box::from);
                Client { peer, address: told.address, scheme: told.scheme, host, is_contradictory: false }
            }
        }
    }

    fn has(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }
}

impl Client {
    /// A visitor who is connected to this process, or of whom no trusted proxy says anything.
    pub(crate) fn direct(peer: Option<SocketAddr>) -> Self {
        let address = peer.map(|address| address.ip().to_canonical());
        Client { peer, address, scheme: None, host: None, is_contradictory: false }
    }
}

impl Scheme {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }
}
