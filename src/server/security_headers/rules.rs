//! The settings `security.headers.*`, each with what its header may say.

use http::header::{REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use http::{HeaderName, HeaderValue};

use crate::error::Error;
use crate::site::Settings;

pub(super) const COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
pub(super) const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");

/// What switches a header off.
const OFF: &str = "off";

/// Referrer Policy section 3.
const REFERRER_POLICIES: [&str; 8] = [
    "no-referrer",
    "no-referrer-when-downgrade",
    "origin",
    "origin-when-cross-origin",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
];

/// HTML section 7.1.3.
const OPENER_POLICIES: [&str; 4] = ["noopener-allow-popups", "same-origin", "same-origin-allow-popups", "unsafe-none"];

/// The headers that are the same in every answer.
///
/// # Errors
///
/// [`Error::Setting`] for a value that its header may not have.
pub(super) fn constant(settings: &Settings) -> Result<Vec<(HeaderName, HeaderValue)>, Error> {
    let one_of = |known: &'static [&'static str]| move |text: &str| known.contains(&text);
    let listed = |text: &str| text.split(',').all(|item| REFERRER_POLICIES.contains(&item.trim()));
    let opener = |text: &str| OPENER_POLICIES.contains(&text.split(';').next().unwrap_or_default().trim());
    let headers = [
        (X_CONTENT_TYPE_OPTIONS, value(settings, "x_content_type_options", "`nosniff`", one_of(&["nosniff"]))?),
        (REFERRER_POLICY, value(settings, "referrer_policy", &any_of(&REFERRER_POLICIES), listed)?),
        (
            X_FRAME_OPTIONS,
            value(settings, "x_frame_options", "`SAMEORIGIN` or `DENY`", one_of(&["SAMEORIGIN", "DENY"]))?,
        ),
        (COOP, value(settings, "cross_origin_opener_policy", &any_of(&OPENER_POLICIES), opener)?),
        (
            PERMISSIONS,
            value(settings, "permissions_policy", "such as `camera=(), geolocation=(self)`", is_permissions)?,
        ),
    ];
    Ok(headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect())
}

/// Strict-Transport-Security (RFC 6797 section 6.1).
///
/// # Errors
///
/// As [`constant`].
pub(super) fn transport(settings: &Settings) -> Result<Option<HeaderValue>, Error> {
    value(settings, "strict_transport_security", "such as `max-age=31536000; includeSubDomains`", |text| {
        let mut directives = text.split(';').map(|directive| directive.trim().to_ascii_lowercase());
        let age = |directive: &String| {
            let seconds = directive.strip_prefix("max-age=").map(|age| age.trim_matches('"').parse::<u64>());
            matches!(seconds, Some(Ok(_)))
        };
        let is_known =
            |directive: &String| age(directive) || matches!(directive.as_str(), "" | "includesubdomains" | "preload");
        directives.clone().any(|directive| age(&directive)) && directives.all(|directive| is_known(&directive))
    })
}

/// The Content-Security-Policy as it is written; none where it is switched off.
///
/// # Errors
///
/// [`Error::Setting`] where it cannot be sent.
pub(super) fn policy(settings: &Settings) -> Result<Option<String>, Error> {
    let expected = "`auto`, or directives in which only `{scripts}` and `{styles}` stand in braces";
    let value = value(settings, "content_security_policy", expected, |text| {
        !text.replace("{scripts}", "").replace("{styles}", "").contains(['{', '}'])
    })?;
    // It was text before it was a value, so nothing is lost.
    Ok(value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()))
}

/// The value of one header; none where it is switched off.
fn value(
    settings: &Settings,
    name: &str,
    expected: &str,
    is_right: impl Fn(&str) -> bool,
) -> Result<Option<HeaderValue>, Error> {
    let key = format!("security.headers.{name}");
    let text = settings.get_string(&key)?;
    let text = text.trim();
    if text == OFF {
        return Ok(None);
    }
    let wrong = || {
        let name = settings.name(&key);
        Error::Setting(format!("{name} is `{}`; it can be {expected}, or `{OFF}`", text.escape_debug()))
    };
    let is_sendable = text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && !text.is_empty() && is_right(text);
    if !is_sendable {
        return Err(wrong());
    }
    HeaderValue::from_str(text).map(Some).map_err(|_| wrong())
}

/// A list of features, each with who may use it (Permissions Policy section 5.1). An error in it makes browsers drop the whole.
fn is_permissions(text: &str) -> bool {
    let is_feature = |item: &str| {
        item.trim().split_once('=').is_some_and(|(name, allowed)| {
            let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            let is_list = allowed.starts_with('(') && allowed.split(';').next().is_some_and(|list| list.ends_with(')'));
            is_name && (is_list || matches!(allowed, "*" | "self"))
        })
    };
    text.split(',').all(is_feature)
}

fn any_of(values: &[&str]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
    quoted.join(", ")
}
