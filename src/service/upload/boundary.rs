//! The boundary of a form's parts, from the parameters of `Content-Type`.
//!
//! The parsers of media types refuse what clients do send, such as a boundary with `=` that is not in quotes.

use http::header;

use crate::http::{Failure, Request};

/// Most characters of a boundary (RFC 2046 section 5.1.1).
const LONGEST: usize = 70;

/// The boundary of the form that a request carries.
///
/// # Errors
///
/// 415 when the request carries no form of this kind, 400 when the boundary is missing or cannot be one.
pub(super) fn of(request: &Request) -> Result<String, Failure> {
    let value = request.header(header::CONTENT_TYPE.as_str()).unwrap_or_default();
    if !request.is_multipart() {
        let found = if value.is_empty() { "no `Content-Type`".to_string() } else { format!("`{value}`") };
        return Err(Failure::new(415, format!("the body must be `multipart/form-data`, the request has {found}")));
    }
    let boundary =
        parameter(value).ok_or_else(|| Failure::new(400, "the `Content-Type` of the form has no `boundary`"))?;
    if boundary.is_empty() || boundary.len() > LONGEST {
        return Err(Failure::new(400, format!("the boundary of the form must have 1 to {LONGEST} characters")));
    }
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte);
    if !boundary.bytes().all(is_allowed) || boundary.ends_with(' ') {
        return Err(Failure::new(400, "the boundary of the form has characters that RFC 2046 does not allow"));
    }
    Ok(boundary)
}

/// The value of the parameter `boundary`, in quotes or not.
fn parameter(value: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        // A parameter without a value, before this one.
        let name = name.rsplit(';').next().unwrap_or_default().trim();
        let (value, after) = read(after.trim_start());
        if name.eq_ignore_ascii_case("boundary") {
            return Some(value);
        }
        rest = after;
    }
}

/// A parameter's value, and what comes after it.
fn read(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].trim_end().to_string(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_is_found_however_it_is_written() {
        for (value, expected) in [
            ("multipart/form-data; boundary=x", Some("x")),
            ("multipart/form-data;boundary=x", Some("x")),
            ("multipart/form-data; charset=utf-8; Boundary=\"a b\"; other=1", Some("a b")),
            ("multipart/form-data; flag; boundary = a=b/c ; x=y", Some("a=b/c")),
            ("multipart/form-data; note=\"; boundary=no\"; boundary=yes", Some("yes")),
            (r#"multipart/form-data; boundary="a\"b""#, Some("a\"b")),
            ("multipart/form-data; boundary=\"open", Some("open")),
            ("multipart/form-data; boundary=", Some("")),
            ("multipart/form-data; xboundary=x", None),
            ("multipart/form-data; boundary", None),
            ("multipart/form-data", None),
        ] {
            assert_eq!(parameter(value).as_deref(), expected, "{value}");
        }
    }
}
