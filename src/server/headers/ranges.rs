//! The field `Range` (RFC 9110 section 14.2): which bytes of a representation a client wants.
//!
//! A server may disregard the field at any time, and the whole is a right answer to every request for parts. So whatever is
//! malformed, in another unit, or would cost more than the whole, counts as absent.

use std::ops::Range;

/// More ranges than this in one request are no download that goes on but an attack (RFC 9110 section 17.15).
const MOST: usize = 16;

/// About what a part costs beside its bytes. Ranges that lie closer together are cheaper to send as one.
const OVERHEAD: usize = 100;

/// What is to be sent of a representation.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::server) enum Ranges {
    /// All of it: 200.
    Whole,
    /// These bytes: 206.
    One(Range<usize>),
    /// These parts, which neither overlap nor touch, in the order in which they were asked for: 206 as `multipart/byteranges`.
    Several(Vec<Range<usize>>),
    /// Nothing, it has no such bytes: 416.
    None,
}

/// Reads the field for a representation of that many bytes.
///
/// Nothing of an empty one can be named in `Content-Range`, so it is always sent whole.
pub(super) fn read(field: &str, length: usize) -> Ranges {
    let Some((unit, set)) = field.split_once('=').filter(|_| length > 0) else { return Ranges::Whole };
    if !unit.eq_ignore_ascii_case("bytes") {
        return Ranges::Whole;
    }
    let mut parts = Vec::new();
    let mut count = 0;
    for spec in set.split(',').map(|spec| spec.trim_matches([' ', '\t'])).filter(|spec| !spec.is_empty()) {
        count += 1;
        match part(spec, length) {
            Some(_) if count > MOST => return Ranges::Whole,
            Some(part) if part.is_empty() => {}
            Some(part) => add(&mut parts, part),
            None => return Ranges::Whole,
        }
    }
    match parts.len() {
        0 if count == 0 => Ranges::Whole,
        0 => Ranges::None,
        1 => Ranges::One(parts.remove(0)),
        _ if parts.iter().map(|part| part.len() + OVERHEAD).sum::<usize>() >= length => Ranges::Whole,
        _ => Ranges::Several(parts),
    }
}

/// Adds a part, and joins those that overlap or nearly touch (RFC 9110 section 15.3.7.2). A part that swallows others takes the
/// place of the first of them.
fn add(parts: &mut Vec<Range<usize>>, mut part: Range<usize>) {
    let mut place = parts.len();
    while let Some(near) = parts.iter().position(|other| is_near(other, &part)) {
        let other = parts.remove(near);
        part = part.start.min(other.start)..part.end.max(other.end);
        place = place.min(near);
    }
    parts.insert(place.min(parts.len()), part);
}

fn is_near(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start <= other.end.saturating_add(OVERHEAD) && other.start <= one.end.saturating_add(OVERHEAD)
}

/// The bytes that one item asks for, none of them where it lies behind the end; `None` where it is malformed.
fn part(spec: &str, length: usize) -> Option<Range<usize>> {
    let (first, last) = spec.split_once('-')?;
    match (first, last) {
        ("", count) => Some(length.saturating_sub(position(count)?)..length),
        (first, "") => Some(position(first)?..length),
        (first, last) => {
            let (first, last) = (position(first)?, position(last)?);
            (first <= last).then(|| first..last.saturating_add(1).min(length))
        }
    }
}

/// A number; one too large to hold lies behind the end of any file.
fn position(digits: &str) -> Option<usize> {
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(usize::MAX))
}
