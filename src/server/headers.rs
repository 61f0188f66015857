//! The fields of a request that decide how much of a file is sent: `If-Match`, `If-None-Match`, `If-Range` and `Range`
//! (RFC 9110 sections 13 and 14).
//!
//! Fields with a date never count: files have a hash and no date, so no answer carries `Last-Modified`.

use std::ops::Range;

use http::header::{IF_MATCH, IF_NONE_MATCH, IF_RANGE, RANGE};
use http::{HeaderMap, HeaderName, Method};

/// What is to be sent of a representation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it: 200.
    Whole,
    /// These bytes: 206.
    Part(Range<usize>),
    /// Nothing, the client has it: 304.
    NotModified,
    /// Nothing, the client expects another one: 412.
    Failed,
    /// Nothing, it has no such bytes: 416.
    NoSuchPart,
}

/// What a request for a representation with this entity tag (in its quotes) and length wants, in the order of RFC 9110 section 13.2.2.
pub(super) fn wanted(method: &Method, headers: &HeaderMap, tag: &str, length: usize) -> Wanted {
    if headers.contains_key(IF_MATCH) && !lists(headers, &IF_MATCH, |listed| listed == tag) {
        return Wanted::Failed;
    }
    if lists(headers, &IF_NONE_MATCH, |listed| listed.strip_prefix("W/").unwrap_or(listed) == tag) {
        return Wanted::NotModified;
    }
    // A range has no meaning for other methods, and one for another version of the file is void.
    let applies = *method == Method::GET && headers.get(IF_RANGE).is_none_or(|condition| condition == tag);
    match headers.get(RANGE).filter(|_| applies).and_then(|range| range.to_str().ok()) {
        Some(range) => part(range, length),
        None => Wanted::Whole,
    }
}

/// Whether a field lists the current entity tag. `*` is every tag.
fn lists(headers: &HeaderMap, name: &HeaderName, is_current: impl Fn(&str) -> bool) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).any(|listed| listed == "*" || is_current(listed))
}

/// The bytes that a `Range` asks for. Whatever is malformed, in another unit or more than one range counts as absent, as the RFC allows.
fn part(range: &str, length: usize) -> Wanted {
    let Some((unit, range)) = range.split_once('=') else { return Wanted::Whole };
    let Some((first, last)) = range.trim().split_once('-') else { return Wanted::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Wanted::Whole;
    }
    let found = match (position(first), position(last)) {
        (Position::Number(first), Position::Absent) => first..length,
        (Position::Number(first), Position::Number(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Position::Absent, Position::Number(count)) => length.saturating_sub(count)..length,
        _ => return Wanted::Whole,
    };
    if found.is_empty() { Wanted::NoSuchPart } else { Wanted::Part(found) }
}

enum Position {
    Absent,
    Number(usize),
    Malformed,
}

fn position(digits: &str) -> Position {
    if digits.is_empty() {
        Position::Absent
    } else if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        Position::Malformed
    } else {
        // A number too large to hold lies behind the end of any file.
        Position::Number(digits.parse().unwrap_or(usize::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "\"abc\"";

    fn asked(fields: &[(&'static str, &'static str)]) -> Wanted {
        let fields = fields.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        wanted(&Method::GET, &fields.collect(), TAG, 10)
    }

    #[test]
    fn a_client_that_has_the_file_gets_nothing() {
        for known in ["\"abc\"", "W/\"abc\"", "\"x\", \"abc\"", "\"x\",W/\"abc\" , \"y\"", "*"] {
            assert_eq!(asked(&[("if-none-match", known)]), Wanted::NotModified, "{known}");
        }
        for other in ["\"x\"", "abc", "\"abcd\"", "", "W/"] {
            assert_eq!(asked(&[("if-none-match", other)]), Wanted::Whole, "{other}");
        }
        assert_eq!(asked(&[("if-none-match", "\"abc\""), ("range", "bytes=0-1")]), Wanted::NotModified);
    }

    #[test]
    fn fields_on_several_lines_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(IF_NONE_MATCH, "\"x\"".parse().unwrap());
        headers.append(IF_NONE_MATCH, TAG.parse().unwrap());
        assert_eq!(wanted(&Method::HEAD, &headers, TAG, 10), Wanted::NotModified);
    }

    #[test]
    fn if_match_compares_strongly_and_comes_first() {
        assert_eq!(asked(&[("if-match", "\"abc\"")]), Wanted::Whole);
        assert_eq!(asked(&[("if-match", "*")]), Wanted::Whole);
        assert_eq!(asked(&[("if-match", "W/\"abc\"")]), Wanted::Failed);
        assert_eq!(asked(&[("if-match", "\"x\""), ("if-none-match", "\"abc\"")]), Wanted::Failed);
    }

    #[test]
    fn one_range_is_taken() {
        for (range, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=2-4", 2..5),
            ("bytes=7-", 7..10),
            ("bytes=-3", 7..10),
            ("bytes=-99", 0..10),
            ("bytes=8-99999999999999999999999", 8..10),
            ("BYTES=0-", 0..10),
        ] {
            assert_eq!(asked(&[("range", range)]), Wanted::Part(expected), "{range}");
        }
    }

    #[test]
    fn bytes_behind_the_end_are_refused() {
        for range in ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(asked(&[("range", range)]), Wanted::NoSuchPart, "{range}");
        }
    }

    #[test]
    fn other_ranges_count_as_absent() {
        for range in
            ["", "bytes", "bytes=", "bytes=-", "bytes=4-2", "bytes=a-b", "bytes=+1-2", "lines=1-2", "bytes=0-1,3-4"]
        {
            assert_eq!(asked(&[("range", range)]), Wanted::Whole, "{range}");
        }
    }

    #[test]
    fn a_range_of_another_version_is_void() {
        assert_eq!(asked(&[("range", "bytes=0-1"), ("if-range", "\"abc\"")]), Wanted::Part(0..2));
        for other in ["\"x\"", "W/\"abc\"", "Sun, 22 Nov 2026 16:00:00 GMT"] {
            assert_eq!(asked(&[("range", "bytes=0-1"), ("if-range", other)]), Wanted::Whole, "{other}");
        }
    }

    #[test]
    fn a_range_counts_for_get_only() {
        let headers = HeaderMap::from_iter([(RANGE, "bytes=0-1".parse().unwrap())]);
        assert_eq!(wanted(&Method::HEAD, &headers, TAG, 10), Wanted::Whole);
    }
}
