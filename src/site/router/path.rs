//! A request's path as text: percent-decoded once, so that routes can be written plainly.
//!
//! RFC 3986 section 2.2: only an encoded slash differs from the character itself, because the character separates.

use std::borrow::Cow;

use crate::site::requirement::ENCODED_SLASH;

/// A decoded path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decoded<'p> {
    /// The text, in which each encoded slash is [`ENCODED_SLASH`].
    pub(super) text: Cow<'p, str>,
    /// Whether there is any.
    has_encoded_slash: bool,
}

impl<'p> Decoded<'p> {
    /// Decodes a path; `None` where an escape is not two hexadecimal digits, what they say is not UTF-8, or they say a
    /// noncharacter that no text may carry.
    pub(super) fn new(raw: &'p str) -> Option<Self> {
        if !raw.as_bytes().contains(&b'%') {
            return Some(Decoded { text: Cow::Borrowed(raw), has_encoded_slash: false });
        }
        let mut bytes = Vec::with_capacity(raw.len());
        let mut slash = [0; 4];
        let slash = ENCODED_SLASH.encode_utf8(&mut slash).as_bytes();
        let mut has_encoded_slash = false;
        let mut rest = raw.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            if *first != b'%' {
                bytes.push(*first);
                continue;
            }
            let (high, low) = (hexadecimal(*rest.first()?)?, hexadecimal(*rest.get(1)?)?);
            rest = &rest[2..];
            match high * 16 + low {
                b'/' => {
                    has_encoded_slash = true;
                    bytes.extend_from_slice(slash);
                }
                byte => bytes.push(byte),
            }
        }
        // Escapes that spell the noncharacter would read as an encoded slash, so they are refused.
        let placeholders = raw.as_bytes().windows(3).filter(|three| three.eq_ignore_ascii_case(b"%2F")).count();
        let text = String::from_utf8(bytes).ok()?;
        if text.matches(ENCODED_SLASH).count() != placeholders {
            return None;
        }
        Some(Decoded { text: Cow::Owned(text), has_encoded_slash })
    }

    /// A part of the text as its author meant it: with slashes.
    pub(super) fn value(&self, part: &str) -> String {
        if self.has_encoded_slash { part.replace(ENCODED_SLASH, "/") } else { part.to_string() }
    }
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_borrowed_and_escapes_are_decoded() {
        assert!(matches!(Decoded::new("/über-uns").unwrap().text, Cow::Borrowed(_)));
        assert_eq!(Decoded::new("/%C3%BCber%2duns").unwrap().text, "/über-uns");
        assert_eq!(Decoded::new("/a%00b").unwrap().text, "/a\0b");
    }

    #[test]
    fn an_encoded_slash_does_not_separate_but_is_one_in_the_value() {
        let path = Decoded::new("/a%2fb/c%2Fd").unwrap();
        assert_eq!(path.text.split('/').count(), 3);
        assert_eq!(path.value(path.text.split('/').nth(1).unwrap()), "a/b");
    }

    #[test]
    fn what_is_not_percent_encoded_utf8_is_refused() {
        for raw in ["/%", "/%4", "/%zz", "/%ff", "/%C3", "/%c3%28", "/%EF%BF%BF", "/%+1", "/%\u{fc}"] {
            assert_eq!(Decoded::new(raw), None, "{raw}");
        }
    }
}
