//! The fields of a request that decide whether, and how much of, a representation is sent: conditions and ranges (RFC 9110
//! sections 13 and 14).
//!
//! What the representation is, and in which coding, has been decided before; what the answer looks like is the caller's business.

mod ranges;

#[cfg(test)]
mod tests;

use std::time::SystemTime;

use http::header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE, RANGE};
use http::{HeaderMap, HeaderName};

pub(super) use ranges::Ranges;

/// The fields that are read here.
static FIELDS: [HeaderName; 6] = [IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE, IF_RANGE, RANGE];

/// Whether a request has none of the fields that are read here, so that it wants the whole. Most are such, and passing over their few
/// fields once costs less than looking six of them up.
pub(super) fn is_plain(headers: &HeaderMap) -> bool {
    !headers.keys().any(|name| FIELDS.contains(name))
}

/// What a representation can be told from others by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Validators<'a> {
    /// Its strong entity tag, in its quotes.
    pub(super) tag: &'a str,
    /// When it was last modified, in whole seconds; without it, conditions with a date do not count.
    pub(super) modified: Option<SystemTime>,
    /// Whether no other representation has the same date, which makes it a strong validator (RFC 9110 section 8.8.2.2).
    pub(super) is_date_strong: bool,
}

/// What the conditions of a request come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They hold: the method is performed.
    Perform,
    /// The client has this representation: 304.
    NotModified,
    /// The client expects another one: 412.
    Failed,
}

/// Judges the conditions of a request by GET or HEAD, in the order of RFC 9110 section 13.2.2.
pub(super) fn verdict(headers: &HeaderMap, current: Validators<'_>) -> Verdict {
    let holds = match headers.contains_key(IF_MATCH) {
        true => lists(headers, &IF_MATCH, |listed| listed == current.tag),
        false => date(headers, &IF_UNMODIFIED_SINCE).zip(current.modified).is_none_or(|(since, is)| is <= since),
    };
    if !holds {
        return Verdict::Failed;
    }
    let is_known = match headers.contains_key(IF_NONE_MATCH) {
        true => lists(headers, &IF_NONE_MATCH, |listed| listed.strip_prefix("W/").unwrap_or(listed) == current.tag),
        false => date(headers, &IF_MODIFIED_SINCE).zip(current.modified).is_some_and(|(since, is)| is <= since),
    };
    if is_known { Verdict::NotModified } else { Verdict::Perform }
}

/// What a request by GET wants of a representation of that many bytes. A range of another version of it is void (RFC 9110 section 13.1.5).
pub(super) fn ranges(headers: &HeaderMap, current: Validators<'_>, length: usize) -> Ranges {
    let Some(range) = single(headers, &RANGE) else { return Ranges::Whole };
    if headers.contains_key(IF_RANGE) && !is_same_version(headers, current) {
        return Ranges::Whole;
    }
    ranges::read(range, length)
}

/// Whether `If-Range` names the current version by its tag or its exact date. A weak tag or date does not count: bytes of two
/// representations must never be put together.
fn is_same_version(headers: &HeaderMap, current: Validators<'_>) -> bool {
    let strong = current.modified.filter(|_| current.is_date_strong);
    single(headers, &IF_RANGE).is_some_and(|named| named == current.tag)
        || date(headers, &IF_RANGE).zip(strong).is_some_and(|(named, is)| named == is)
}

/// Whether a field lists an entity tag that is the current one. `*`, alone, is every tag.
fn lists(headers: &HeaderMap, name: &HeaderName, is_current: impl Fn(&str) -> bool) -> bool {
    let mut values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    // A comma inside another tag makes pieces with one quote, which are no current tag.
    values.any(|value| value.trim() == "*" || value.split(',').any(|listed| is_current(listed.trim())))
}

/// The date in a field, in any of the three formats of RFC 9110 section 5.6.7; none where it is malformed or there are several.
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(single(headers, name)?).ok()
}

/// The value of a field that is no list; none where it is on several lines, so that nobody can read it in another way.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?.trim();
    values.next().is_none().then_some(value)
}
