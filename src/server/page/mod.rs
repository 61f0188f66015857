//! The last step of an answer: what the client may keep of it, and in how many bytes it is sent.
//!
//! 1. [`validator`]: an answer from memory gets an entity tag; a client that has it already gets 304.
//! 2. [`compression`]: an answer from memory that is worth it is compressed, in the coding that the client likes most.
//!
//! Static files have been prepared for both by the build; their answers never come here.

mod compression;
mod validator;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

pub(super) use compression::Compression;
#[cfg(feature = "overlay")]
pub use compression::variants;

use crate::http::{Body, Marks, Response};

/// What a page says about caching where neither the controller nor anybody else does: it may be for one visitor only,
/// and it is asked for again each time.
pub(super) const PAGE_CACHE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// What an answer says before its body.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) marks: Marks,
}

/// What of a request decides about the form of its answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'r> {
    pub(super) method: &'r Method,
    pub(super) headers: &'r HeaderMap,
    /// None where the setting `server.compression` switches it off.
    pub(super) compression: Option<&'r Compression>,
}

impl Head {
    /// Takes a response apart.
    pub(super) fn of(response: Response) -> (Head, Body) {
        let marks = response.marks();
        let (status, headers, body) = response.into_parts();
        (Head { status, headers, marks }, body)
    }

    /// Puts the answer together that warp sends.
    pub(super) fn with_body(self, body: Bytes) -> warp::reply::Response {
        let mut answer = warp::reply::Response::new(body.into());
        *answer.status_mut() = self.status;
        *answer.headers_mut() = self.headers;
        answer
    }
}

/// Lets no shared cache keep an answer, whatever was said.
pub(super) fn keep_from_others(headers: &mut HeaderMap) {
    if !names(headers, &CACHE_CONTROL, "private") && !names(headers, &CACHE_CONTROL, "no-store") {
        headers.insert(CACHE_CONTROL, PAGE_CACHE);
    }
}

/// Names a field of the request on which the answer depends (RFC 9110 section 12.5.5), if that has not been said.
pub(super) fn vary(headers: &mut HeaderMap, field: &'static str) {
    if !names(headers, &VARY, "*") {
        add(headers, VARY, field);
    }
}

/// Makes one line of several that say on what the answer depends, or who may keep it. They mean the same (RFC 9110 section 5.3), but there are
/// caches that look at one line only: NGINX 1.22 at the last `Vary`, and it would show one visitor's page to another.
pub(super) fn join_lines(headers: &mut HeaderMap) {
    // Hardly any answer has two lines of any field.
    if headers.len() == headers.keys_len() {
        return;
    }
    for field in [VARY, CACHE_CONTROL] {
        let lines: Vec<&[u8]> = headers.get_all(&field).iter().map(HeaderValue::as_bytes).collect();
        if lines.len() < 2 {
            continue;
        }
        // Only in the one that has nothing but names is each comma the end of an item.
        let list = if field == VARY { distinct(&lines) } else { lines.join(&b", "[..]) };
        headers.insert(
            field,
            HeaderValue::try_from(list).expect("what has been values, with commas between them, is a value"),
        );
    }
}

/// The items of all lines, each once; where `*` is one of them, they say no more than that.
fn distinct(lines: &[&[u8]]) -> Vec<u8> {
    let mut items: Vec<&[u8]> = Vec::new();
    for item in lines.iter().flat_map(|line| line.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii) {
        if item == b"*" {
            return b"*".to_vec();
        }
        if !item.is_empty() && !items.iter().any(|known| known.eq_ignore_ascii_case(item)) {
            items.push(item);
        }
    }
    items.join(&b", "[..])
}

/// Adds an item to a field that is a list, unless it is there. What is left is one line, which everybody understands alike.
fn add(headers: &mut HeaderMap, field: HeaderName, item: &'static str) {
    if !headers.contains_key(&field) {
        headers.insert(field, HeaderValue::from_static(item));
    } else if !names(headers, &field, item) {
        let lines = headers.get_all(&field).iter().map(HeaderValue::as_bytes).chain([item.as_bytes()]);
        let list = HeaderValue::try_from(lines.collect::<Vec<_>>().join(&b", "[..]));
        headers.insert(field, list.expect("what has been values, with commas between them, is a value"));
    }
}

/// Whether a field that is a list has an item of this name, with or without a value behind `=`.
fn names(headers: &HeaderMap, field: &HeaderName, name: &str) -> bool {
    let items = headers.get_all(field).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    let mut names = items.map(|item| item.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii());
    names.any(|known| known.eq_ignore_ascii_case(name.as_bytes()))
}

#[cfg(test)]
mod tests;
