//! What browsers ask of a cookie (RFC 6265bis), and what a cookie is that does not say: `HttpOnly`, `SameSite=Lax`, `Path=/`, and
//! `Secure` in production.

use cookie::{Cookie, SameSite};

use super::{is_too_large, wire_length};

/// Most bytes of name and value together; browsers drop a larger cookie without a word (section 5.7).
pub(super) const LARGEST: usize = 4096;

/// Most bytes of an attribute's value; browsers do as if a longer one were not there (section 5.6).
const LARGEST_ATTRIBUTE: usize = 1024;

const HOST: &str = "__Host-";
const SECURE: &str = "__Secure-";

/// What is wrong with a cookie.
pub(super) struct Mistake {
    /// The attribute, named as in the settings.
    pub(super) attribute: &'static str,
    /// The end of a sentence about it.
    pub(super) reason: String,
}

/// Whether a name promises something to browsers.
pub(super) fn is_prefixed(name: &str) -> bool {
    begins_with(name, HOST) || begins_with(name, SECURE)
}

/// Browsers compare the prefixes without regard to case (section 5.7).
fn begins_with(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Why browsers take the cookie only with `Secure`.
fn reason_for_secure(cookie: &Cookie<'static>) -> Option<&'static str> {
    let reasons = [
        (begins_with(cookie.name(), HOST), "the name begins with `__Host-`"),
        (begins_with(cookie.name(), SECURE), "the name begins with `__Secure-`"),
        (cookie.same_site() == Some(SameSite::None), "`same_site` is `none`"),
        (cookie.partitioned() == Some(true), "the cookie is partitioned"),
    ];
    reasons.into_iter().find(|(applies, _)| *applies).map(|(_, reason)| reason)
}

/// Whether browsers take the cookie only with `Secure`.
pub(super) fn needs_secure(cookie: &Cookie<'static>) -> bool {
    reason_for_secure(cookie).is_some()
}

/// The cookie with the defaults for what it leaves open. `Secure` stays open: it is a matter of the environment.
///
/// # Errors
///
/// The reason in words where no browser would take it.
pub fn completed(mut cookie: Cookie<'static>) -> Result<Cookie<'static>, String> {
    fill(&mut cookie);
    match mistake(&cookie) {
        None => Ok(cookie),
        Some(Mistake { attribute, reason }) => {
            Err(format!("the cookie `{}` cannot be sent: its `{attribute}` {reason}", cookie.name().escape_debug()))
        }
    }
}

fn fill(cookie: &mut Cookie<'static>) {
    if cookie.http_only().is_none() {
        cookie.set_http_only(true);
    }
    if cookie.same_site().is_none() {
        cookie.set_same_site(SameSite::Lax);
    }
    if cookie.path().is_none() {
        cookie.set_path("/");
    }
}

/// What is wrong with a cookie, if anything.
pub(super) fn mistake(cookie: &Cookie<'static>) -> Option<Mistake> {
    let found = |attribute, reason: String| Some(Mistake { attribute, reason });
    if cookie.name().is_empty() {
        return found("name", "is empty".to_string());
    }
    if let Some(reason) = reason_for_secure(cookie).filter(|_| cookie.secure() == Some(false)) {
        return found("secure", format!("must not be `false`, because {reason}"));
    }
    if begins_with(cookie.name(), HOST) {
        if cookie.path() != Some("/") {
            return found("path", "must be `/`, because the name begins with `__Host-`".to_string());
        }
        if cookie.domain().is_some() {
            return found("domain", "must not be there, because the name begins with `__Host-`".to_string());
        }
    }
    for (attribute, text) in [("path", cookie.path()), ("domain", cookie.domain())] {
        if let Some(reason) = text.and_then(attribute_mistake) {
            return found(attribute, reason);
        }
    }
    let length = wire_length(cookie);
    let reason = || format!("is too long: {length} bytes with the name, and browsers take {LARGEST} at most");
    is_too_large(cookie).then(|| Mistake { attribute: "value", reason: reason() })
}

fn attribute_mistake(text: &str) -> Option<String> {
    if text.contains(|character: char| character == ';' || character.is_control()) {
        return Some("contains a semicolon or a control character".to_string());
    }
    let length = text.len();
    (length > LARGEST_ATTRIBUTE)
        .then(|| format!("is too long: {length} bytes, and browsers take {LARGEST_ATTRIBUTE} at most"))
}
