//! Cookies: those that a client sent, and the lines that send one.
//!
//! What a name or a prefix promises is held by [`rules`], what the settings say is read by [`settings`], and what `cookie.renew` asks for
//! is done by [`renewal`]. The form on the wire is the business of the crate `cookie`.

mod renewal;
mod rules;
mod settings;

#[cfg(test)]
mod tests;

use cookie::Cookie;
use http::{HeaderMap, HeaderValue, header};

pub(crate) use renewal::Renewal;
pub(super) use rules::completed;
#[allow(unused_imports, reason = "only services send cookies that settings need not describe")]
pub(crate) use settings::of_settings;
pub(crate) use settings::{check, in_settings};

use super::Request;
use rules::{LARGEST, is_prefixed, needs_secure};

/// All cookies of the request, in order, their names and values percent-decoded; several `Cookie` headers count as one (RFC 6265
/// section 5.4).
///
/// What is not a pair, or not UTF-8, is left out: a browser sends what any page of the domain once set, so one broken
/// cookie must not take the whole site away from its visitor. So is a name that only becomes `__Host-…` or `__Secure-…` by decoding
/// or trimming it: the browser did not see the prefix and kept nobody from setting it.
pub fn read(headers: &HeaderMap) -> Vec<Cookie<'static>> {
    let headers = headers.get_all(header::COOKIE).iter();
    let texts = headers.filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
    texts.flat_map(|text| text.split(';')).filter_map(pair).collect()
}

fn pair(text: &str) -> Option<Cookie<'static>> {
    let blank = [' ', '\t'];
    let name = text.split('=').next().unwrap_or_default().trim_matches(blank);
    let cookie = Cookie::parse_encoded(text.to_string()).ok()?;
    (cookie.name() == name || !is_prefixed(cookie.name())).then_some(cookie)
}

/// Whether a cookie that does not say is `Secure`: in production, and elsewhere for a visitor who came by HTTPS. It is never taken away
/// from a visitor who came without: what a site keeps in cookies would then go over the wire for all to read, and nobody would notice.
pub(crate) fn are_secure(request: &Request) -> bool {
    request.settings().is_prod() || request.is_secure()
}

/// The line that sends a cookie which [`completed`] has seen, `Secure` by this where it does not say; see [`are_secure`].
pub(super) fn line(cookie: &Cookie<'static>, are_secure: bool) -> Option<HeaderValue> {
    let mut cookie = cookie.clone();
    if cookie.secure().is_none() {
        cookie.set_secure(are_secure || needs_secure(&cookie));
    }
    HeaderValue::from_bytes(cookie.encoded().to_string().as_bytes()).ok()
}

/// Whether the headers of an answer set a cookie of this name, or remove it.
pub(super) fn is_set(headers: &HeaderMap, name: &str) -> bool {
    let lines = headers.get_all(header::SET_COOKIE).iter().filter_map(|line| std::str::from_utf8(line.as_bytes()).ok());
    let mut names = lines.filter_map(|line| Cookie::parse_encoded(line).ok());
    names.any(|cookie| cookie.name() == name)
}

/// Whether browsers take name and value together, as they are on the wire.
fn is_too_large(cookie: &Cookie<'static>) -> bool {
    wire_length(cookie) > LARGEST
}

/// The bytes of name and value on the wire.
fn wire_length(cookie: &Cookie<'static>) -> usize {
    // The equals sign between them does not count.
    cookie.encoded().stripped().to_string().len().saturating_sub(1)
}
