//! The cookies that a client sent.

use cookie::Cookie;
use http::{HeaderMap, header};

/// All cookies of the request, in order, their values percent-decoded; several `Cookie` headers count as one (RFC 6265
/// section 5.4).
///
/// What is not a pair, or not UTF-8, is left out: a browser sends what any page of the domain once set, so one broken
/// cookie must not take the whole site away from its visitor.
pub fn read(headers: &HeaderMap) -> Vec<Cookie<'static>> {
    let headers = headers.get_all(header::COOKIE).iter();
    let texts = headers.filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
    texts.flat_map(|text| Cookie::split_parse_encoded(text.to_string()).filter_map(Result::ok)).collect()
}
