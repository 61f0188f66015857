//! Whether a request comes from this site, by what the browser itself says of it and no page can change.
//!
//! 1. `Sec-Fetch-Site` decides where it is there: `same-origin`, or `none` for what the visitor did without a page.
//! 2. Else `Origin` must be this site's, where it is there.
//! 3. What says neither is no browser of the last years, and the token alone decides.
//!
//! An origin in `csrf.trusted_origins` counts as this site in 1 and 2.

use http::Uri;
use http::uri::Authority;

use super::refused;
use crate::error::Error;
use crate::http::{Failure, Request};
use crate::site::Settings;

const TRUSTED: &str = "csrf.trusted_origins";

/// An origin (RFC 6454): who a page belongs to.
#[derive(Debug, PartialEq, Eq)]
struct Origin {
    is_https: bool,
    host: String,
    port: u16,
}

/// Checks `csrf.trusted_origins`.
///
/// # Errors
///
/// [`Error::Setting`] with the first that is no origin.
pub(super) fn check_settings(settings: &Settings) -> Result<(), Error> {
    match settings.get_vec(TRUSTED)?.iter().find(|origin| Origin::parse(origin).is_none()) {
        None => Ok(()),
        Some(wrong) => Err(Error::Setting(format!(
            "{} has `{wrong}`, which is no origin: write scheme and host, and the port where it is not the usual one, such as \
             `https://pay.example.com`",
            settings.name(TRUSTED)
        ))),
    }
}

/// Lets a request pass that comes from this site or from one that it trusts.
///
/// # Errors
///
/// 403 with the reason.
pub(super) fn check(request: &Request) -> Result<(), Failure> {
    let origin = request.header("origin");
    match (request.header("sec-fetch-site"), origin) {
        (Some("same-origin" | "none"), _) | (None, None) => Ok(()),
        (_, Some(origin)) if is_trusted(request.settings(), origin)? => Ok(()),
        (Some(site), origin) => Err(refused(format!(
            "its `Sec-Fetch-Site` is `{}`, and its origin {} is not in `{TRUSTED}`",
            site.escape_debug(),
            origin.map_or_else(|| "(none is named)".to_string(), |origin| format!("`{}`", origin.escape_debug()))
        ))),
        (None, Some(origin)) if is_own(request, origin)? => Ok(()),
        (None, Some(origin)) => Err(refused(format!(
            "its `Origin` is `{}`, which is neither this site's nor in `{TRUSTED}`",
            origin.escape_debug()
        ))),
    }
}

fn is_trusted(settings: &Settings, origin: &str) -> Result<bool, Failure> {
    let Some(origin) = Origin::parse(origin) else { return Ok(false) };
    let trusted = settings.get_vec(TRUSTED).map_err(Failure::from_error)?;
    Ok(trusted.iter().any(|trusted| Origin::parse(trusted).as_ref() == Some(&origin)))
}

/// Whether an origin is the one that the request was sent to, or that of `server.public_url`.
fn is_own(request: &Request, origin: &str) -> Result<bool, Failure> {
    let Some(origin) = Origin::parse(origin) else { return Ok(false) };
    let public = request.settings().get::<Option<String>>("server.public_url").map_err(Failure::from_error)?;
    let public = public.and_then(|address| Origin::of_address(&address));
    if let Some(public) = public.filter(|public| public.host == origin.host) {
        return Ok(public == origin);
    }
    // Where no trusted proxy says how the visitor came, TLS may have ended before it came here.
    let may_be = request.told_scheme().is_none() || request.is_secure() == origin.is_https;
    let addressed = request.host().parse::<Authority>().ok();
    let is_host = |host: &Authority| {
        host.host().eq_ignore_ascii_case(&origin.host) && port(host, origin.is_https) == Some(origin.port)
    };
    Ok(may_be && addressed.as_ref().is_some_and(is_host))
}

impl Origin {
    /// An origin as browsers write it; `None` for everything else, `null` included.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_bare = text.split_once("://").is_some_and(|(_, rest)| !rest.contains(['/', '?', '#', '@']));
        if is_bare { Origin::of_address(text) } else { None }
    }

    /// The origin of an address.
    fn of_address(address: &str) -> Option<Self> {
        let address: Uri = address.parse().ok()?;
        let is_https = match address.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = address.authority()?;
        let port = port(authority, is_https)?;
        Some(Origin { is_https, host: authority.host().to_ascii_lowercase(), port })
    }
}

/// The port, which need not be said where it is the scheme's; `None` where it is none.
fn port(authority: &Authority, is_https: bool) -> Option<u16> {
    match authority.port() {
        Some(port) => Some(port.as_u16()),
        None if authority.as_str().ends_with(':') => None,
        None => Some(if is_https { 443 } else { 80 }),
    }
}
