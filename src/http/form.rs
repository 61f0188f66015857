//! Queries and form bodies: pairs of texts in `application/x-www-form-urlencoded` (WHATWG URL, section 5).

use std::borrow::Cow;

use percent_encoding::percent_decode;

use crate::error::Error;

/// Reads the pairs of a query or form, in order, repeated names kept.
///
/// The well-known decoders replace what is not UTF-8 by a mark; here it is the client's mistake and says so.
///
/// # Errors
///
/// [`Error::Request`] when a name or value is not UTF-8 after percent-decoding; `what` says in the message what was read.
pub fn pairs(encoded: &[u8], what: &str) -> Result<Vec<(String, String)>, Error> {
    encoded
        .split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
                Some(equals) => (&pair[..equals], &pair[equals + 1..]),
                None => (pair, &[][..]),
            };
            Ok((text(name, what)?, text(value, what)?))
        })
        .collect()
}

/// The last value of a name: a later field of the same name wins, as in Kalgan 0.9 (B62).
pub fn last<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().rev().find(|pair| pair.0 == name).map(|pair| pair.1.as_str())
}

fn text(encoded: &[u8], what: &str) -> Result<String, Error> {
    let spaced: Cow<[u8]> = if encoded.contains(&b'+') {
        encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect::<Vec<u8>>().into()
    } else {
        encoded.into()
    };
    let decoded = percent_decode(&spaced).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| Error::Request(format!("the {what} is not UTF-8")))
}
