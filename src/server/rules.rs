//! The settings that the pipeline asks for on every request, read once for each site.

use std::time::Duration;

use http::request::Parts;
use tokio::time::Instant;

use super::body;
use super::page::Compression;
use crate::error::Error;
use crate::http::cookies::{self, Renewal};
use crate::http::{Client, Proxies, host};
use crate::site::{ReadyRoute, Site, without_port};

/// See the header of this module.
pub(super) struct Rules {
    /// Most bytes of a body.
    pub(super) max_body_size: u64,
    /// The time for reading and answering a request; `None` is no limit.
    request_timeout: Option<Duration>,
    /// The cookies that are sent again with every answer.
    pub(super) renewal: Renewal,
    /// Host names that are answered; empty answers all.
    hosts: Vec<String>,
    /// Whether `/healthz` and `/readyz` answer where no route does.
    pub(super) health: bool,
    /// The proxies that are believed what they say of a visitor.
    pub(super) proxies: Proxies,
    /// Whether `Accept-Language` chooses the language.
    pub(super) negotiate: bool,
    /// What compresses answers from memory for clients that take them so; none where the proxy in front does it.
    pub(super) compression: Option<Compression>,
    /// Whether the page for developers takes the place of the error pages.
    pub(super) development_pages: bool,
}

impl Rules {
    pub(super) fn new(site: &Site) -> Result<Self, Error> {
        let settings = &site.settings;
        cookies::check(settings)?;
        let seconds: u64 = settings.get("server.request_timeout")?;
        let hosts: Vec<String> =
            if settings.exists("server.hosts") { settings.get("server.hosts")? } else { Vec::new() };
        Ok(Rules {
            max_body_size: settings.get("server.max_body_size")?,
            renewal: Renewal::new(settings)?,
            request_timeout: timeout(seconds),
            hosts: hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
            health: settings.get_bool("server.health")?,
            proxies: Proxies::new(settings)?,
            negotiate: settings.get_bool("i18n.negotiate")?,
            compression: settings.get_bool("server.compression")?.then(Compression::new),
            development_pages: !settings.is_prod() && !settings.get_bool("error.custom_in_dev")?,
        })
    }

    pub(super) fn deadline(&self) -> Instant {
        deadline(self.request_timeout)
    }

    /// What a request may take: what its route says, else what the settings say.
    pub(super) fn limits(&self, route: Option<&ReadyRoute>) -> body::Limits {
        let own = route.map(|route| route.limits).unwrap_or_default();
        body::Limits {
            size: own.max_body_size.unwrap_or(self.max_body_size),
            deadline: own.request_timeout.map_or_else(|| self.deadline(), |seconds| deadline(timeout(seconds))),
        }
    }

    pub(super) fn knows_host(&self, parts: &Parts, client: &Client) -> bool {
        if self.hosts.is_empty() {
            return true;
        }
        let name = without_port(client.host.as_deref().unwrap_or_else(|| host(parts)));
        self.hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// A number of seconds as a time limit; 0 is none.
fn timeout(seconds: u64) -> Option<Duration> {
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

fn deadline(timeout: Option<Duration>) -> Instant {
    // A year is no limit: requests do not live that long, and the clock's arithmetic cannot overflow.
    Instant::now() + timeout.unwrap_or(Duration::from_secs(31_536_000))
}
