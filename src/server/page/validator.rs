//! Entity tags of pages, and 304 for a client that has the page already (RFC 9110 sections 8.8.3, 13 and 15.4.5).
//!
//! A tag is a hash of the page's bytes before compression. It is weak: one page in several codings is the same page. Its hash has no
//! seed and a published definition, so several instances of a site, and releases of Kalgan, give equal pages equal tags.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, SET_COOKIE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use twox_hash::XxHash3_128;

use super::{Asked, Head, names};

/// What describes a body, and so says nothing where there is none.
const OF_THE_BODY: [HeaderName; 6] =
    [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_DISPOSITION, CONTENT_RANGE];

/// The tag's text: `W/"`, a digit for every four bits of the hash, `"`.
const TAG_LENGTH: usize = 3 + 32 + 1;

impl Head {
    /// Gives an answer its entity tag, where it may have one and the controller gave it none.
    pub(in crate::server) fn tag(&mut self, asked: Asked<'_>, body: &Bytes) {
        let may_have_one = !self.headers.contains_key(ETAG)
            && !self.headers.contains_key(CONTENT_RANGE)
            && !names(&self.headers, &CACHE_CONTROL, "no-store");
        if may_have_one && self.may_be_known(asked) && !body.is_empty() {
            self.headers.insert(ETAG, tag(body));
        }
    }

    /// Whether the client says that it has this very answer: by its tag, else by its date.
    pub(in crate::server) fn is_known(&self, asked: Asked<'_>) -> bool {
        self.may_be_known(asked)
            && match asked.headers.contains_key(IF_NONE_MATCH) {
                true => self.headers.get(ETAG).is_some_and(|tag| lists(asked.headers, tag.as_bytes())),
                // A client sends back the date that it was given, so nothing is lost by comparing letters.
                false => {
                    let date = self.headers.get(LAST_MODIFIED);
                    date.is_some() && asked.headers.get(IF_MODIFIED_SINCE) == date
                }
            }
    }

    /// Makes it the answer for a client that has it: everything that could bring what the client keeps up to date stays.
    pub(in crate::server) fn into_not_modified(mut self) -> Head {
        OF_THE_BODY.iter().for_each(|name| {
            self.headers.remove(name);
        });
        if self.headers.contains_key(ETAG) {
            self.headers.remove(LAST_MODIFIED);
        }
        Head { status: StatusCode::NOT_MODIFIED, ..self }
    }

    /// Whether a client can have this answer already. One that sets a cookie or was made for once is another one each time.
    fn may_be_known(&self, asked: Asked<'_>) -> bool {
        self.status == StatusCode::OK
            && (asked.method == Method::GET || asked.method == Method::HEAD)
            && !self.marks.for_once
            && !self.headers.contains_key(SET_COOKIE)
    }
}

fn tag(body: &[u8]) -> HeaderValue {
    let mut hash = XxHash3_128::oneshot(body);
    let mut text = *b"W/\"00000000000000000000000000000000\"";
    for digit in text[3..TAG_LENGTH - 1].iter_mut().rev() {
        *digit = b"0123456789abcdef"[(hash & 0xf) as usize];
        hash >>= 4;
    }
    HeaderValue::from_bytes(&text).expect("hexadecimal digits and punctuation are visible ASCII")
}

/// Whether `If-None-Match` names the tag, in the weak comparison (RFC 9110 section 8.8.3.2), or is `*`.
fn lists(headers: &HeaderMap, tag: &[u8]) -> bool {
    let current = tag.strip_prefix(b"W/").unwrap_or(tag);
    headers.get_all(IF_NONE_MATCH).iter().any(|line| {
        let line = line.as_bytes().trim_ascii();
        line == b"*" || Tags(line).any(|listed| listed == current)
    })
}

/// The tags of a list, without `W/`, in their quotes. A tag may have a comma in it. Reading ends where something is no tag.
struct Tags<'f>(&'f [u8]);

impl<'f> Iterator for Tags<'f> {
    type Item = &'f [u8];

    fn next(&mut self) -> Option<&'f [u8]> {
        let start = self.0.iter().position(|byte| !matches!(byte, b',' | b' ' | b'\t'))?;
        let rest = &self.0[start..];
        let rest = rest.strip_prefix(b"W/").unwrap_or(rest);
        let end = 1 + rest.strip_prefix(b"\"")?.iter().position(|byte| *byte == b'"')?;
        let (tag, behind) = rest.split_at(end + 1);
        self.0 = behind;
        Some(tag)
    }
}
