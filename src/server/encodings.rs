//! Which content codings a client takes, by `Accept-Encoding` (RFC 9110 section 12.5.3).
//!
//! The one reader of that field, for static files and for pages. It allocates nothing. What can be sent at all, and which coding is the
//! best among equals, is the caller's business.

use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, HeaderValue};

use crate::snapshot::Encoding;

/// The weight of what is wanted without reservation: `q=1`, in thousandths, as the field has three digits at most.
const FULL: u16 = 1000;

/// The weight of sending the bytes as they are, where the field does not speak of that: taken, but less than whatever it names.
const UNNAMED_IDENTITY: u16 = 1;

/// How much a client wants each coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Accepted {
    /// By the encoding's number.
    codings: [u16; Encoding::ALL.len()],
    identity: u16,
}

impl Accepted {
    /// What is taken from a client that does not send the field: any coding by the letter of the RFC, but such clients are scripts
    /// and monitors that would not decode one.
    const UNSAID: Accepted = Accepted { codings: [0; Encoding::ALL.len()], identity: FULL };

    /// How much an encoding is wanted, from 0, not at all, to 1000.
    pub(super) fn weight(self, encoding: Encoding) -> u16 {
        self.codings[encoding as usize]
    }

    /// How much the bytes as they are are wanted. 0 only where the client says so: by `identity;q=0`, or `*;q=0` without `identity`.
    pub(super) fn identity(self) -> u16 {
        self.identity
    }

    /// The available encoding that is wanted most, the first of those wanted equally; `None` is the bytes as they are, where they are
    /// wanted more or nothing available is accepted.
    ///
    /// A client that refuses everything available gets the bytes as they are too: RFC 9110 section 12.1 lets a server disregard the
    /// field, and an answer that most clients can read after all is of more use than a refusal.
    pub(super) fn preferred(self, available: impl IntoIterator<Item = Encoding>) -> Option<Encoding> {
        let mut best = None;
        for encoding in available {
            let weight = self.weight(encoding);
            if weight > best.map_or(0, |best| self.weight(best)) {
                best = Some(encoding);
            }
        }
        best.filter(|best| self.weight(*best) >= self.identity)
    }
}

/// What browsers send, word for word: told by one comparison. Each with the weights of brotli, zstd and gzip.
const USUAL: [(&[u8], [u16; Encoding::ALL.len()]); 3] = [
    (b"gzip, deflate, br, zstd", [FULL, FULL, FULL]),
    (b"gzip, deflate, br", [FULL, 0, FULL]),
    (b"gzip", [0, 0, FULL]),
];

/// Reads the field, on one line or several. A part that the RFC does not allow counts for nothing; what is named twice counts with
/// the lower weight, so that a refusal is never overlooked.
pub(super) fn accepted(headers: &HeaderMap) -> Accepted {
    let lines = headers.get_all(ACCEPT_ENCODING);
    let mut listed = lines.iter();
    match (listed.next(), listed.next()) {
        (None, _) => Accepted::UNSAID,
        (Some(line), None) => usual(line.as_bytes()).unwrap_or_else(|| read([line])),
        _ => read(lines),
    }
}

fn usual(line: &[u8]) -> Option<Accepted> {
    let (_, codings) = USUAL.iter().find(|(usual, _)| *usual == line)?;
    Some(Accepted { codings: *codings, identity: UNNAMED_IDENTITY })
}

fn read<'h>(lines: impl IntoIterator<Item = &'h HeaderValue>) -> Accepted {
    let mut named = Named::default();
    for part in lines.into_iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b',')) {
        named.note(part);
    }
    let others = named.others.unwrap_or(0);
    Accepted {
        codings: named.codings.map(|weight| weight.unwrap_or(others)),
        identity: named.identity.or(named.others).unwrap_or(UNNAMED_IDENTITY),
    }
}

/// The weights that the field names.
#[derive(Default)]
struct Named {
    codings: [Option<u16>; Encoding::ALL.len()],
    identity: Option<u16>,
    /// That of `*`: all that are not named.
    others: Option<u16>,
}

impl Named {
    fn note(&mut self, part: &[u8]) {
        let mut pieces = part.splitn(2, |byte| *byte == b';');
        let name = pieces.next().unwrap_or_default().trim_ascii();
        let (Some(place), Some(weight)) = (self.place(name), pieces.next().map_or(Some(FULL), weight)) else { return };
        *place = Some(place.map_or(weight, |other| other.min(weight)));
    }

    fn place(&mut self, name: &[u8]) -> Option<&mut Option<u16>> {
        if name == b"*" {
            return Some(&mut self.others);
        }
        if name.eq_ignore_ascii_case(b"identity") {
            return Some(&mut self.identity);
        }
        // An old name, which RFC 9110 section 8.4.1.3 wants to be taken for the other.
        let name = if name.eq_ignore_ascii_case(b"x-gzip") { b"gzip" } else { name };
        let encoding = Encoding::ALL.into_iter().find(|known| name.eq_ignore_ascii_case(known.name().as_bytes()))?;
        Some(&mut self.codings[encoding as usize])
    }
}

/// The thousandths of `q=0.5`, with at most three digits behind the point and at most 1 in all (RFC 9110 section 12.4.2).
fn weight(parameter: &[u8]) -> Option<u16> {
    let [b'q' | b'Q', b'=', whole @ (b'0' | b'1'), rest @ ..] = parameter.trim_ascii() else { return None };
    let digits = match rest {
        [] => rest,
        [b'.', digits @ ..] if digits.len() <= 3 && digits.iter().all(u8::is_ascii_digit) => digits,
        _ => return None,
    };
    let digit = |index: usize| digits.get(index).map_or(0, |digit| u16::from(digit - b'0'));
    let weight = u16::from(whole - b'0') * FULL + digit(0) * 100 + digit(1) * 10 + digit(2);
    (weight <= FULL).then_some(weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Encoding::{Brotli, Gzip, Zstd};

    fn sent(lines: &[&str]) -> Accepted {
        let mut headers = HeaderMap::new();
        lines.iter().for_each(|line| {
            headers.append(ACCEPT_ENCODING, line.parse().unwrap());
        });
        accepted(&headers)
    }

    /// The weights of brotli, zstd, gzip and identity.
    fn weights(lines: &[&str]) -> [u16; 4] {
        let accepted = sent(lines);
        [accepted.weight(Brotli), accepted.weight(Zstd), accepted.weight(Gzip), accepted.identity()]
    }

    #[test]
    fn weights_are_read_as_the_rfc_says() {
        for (line, expected) in [
            ("", [0, 0, 0, 1]),
            ("gzip", [0, 0, 1000, 1]),
            ("gzip, deflate, br, zstd", [1000, 1000, 1000, 1]),
            ("GZIP,Br", [1000, 0, 1000, 1]),
            ("x-gzip", [0, 0, 1000, 1]),
            ("X-GZip;q=0.5", [0, 0, 500, 1]),
            ("compress, deflate", [0, 0, 0, 1]),
            ("*", [1000, 1000, 1000, 1000]),
            ("*;q=0.5, gzip;q=0.7", [500, 500, 700, 500]),
            ("*;q=0", [0, 0, 0, 0]),
            ("*;q=0, identity", [0, 0, 0, 1000]),
            ("*, br;q=0", [0, 1000, 1000, 1000]),
            ("identity;q=0", [0, 0, 0, 0]),
            ("gzip;q=1.000, br;q=0.001, zstd;q=0.05", [1, 50, 1000, 1]),
            ("gzip ; q=0.8 ,\tbr\t;\tQ=0.9", [900, 0, 800, 1]),
            (",, gzip ,,", [0, 0, 1000, 1]),
            ("gzip;q=1, gzip;q=0", [0, 0, 0, 1]),
            ("gzip;q=0, x-gzip", [0, 0, 0, 1]),
        ] {
            assert_eq!(weights(&[line]), expected, "{line:?}");
        }
    }

    #[test]
    fn parts_that_the_rfc_does_not_allow_count_for_nothing() {
        for part in [
            "gzip;q=",
            "gzip;q=x",
            "gzip;q=-1",
            "gzip;q=1.5",
            "gzip;q=2",
            "gzip;q=0.1234",
            "gzip;q=1.001",
            "gzip;q=.5",
            "gzip;q= 1",
            "gzip;q =1",
            "gzip;",
            "gzip;level=9",
            "gzip;q=1;x",
            "g zip",
            "gzip/1",
            "\"gzip\"",
            "gzi",
            "gzip2",
        ] {
            assert_eq!(weights(&[part]), weights(&[""]), "{part:?}");
            assert_eq!(weights(&[&format!("br, {part}")]), weights(&["br"]), "{part:?}");
        }
        let bytes = http::HeaderValue::from_bytes(b"\xff\xfe, gzip").unwrap();
        assert_eq!(accepted(&HeaderMap::from_iter([(ACCEPT_ENCODING, bytes)])), sent(&["gzip"]));
    }

    #[test]
    fn fields_on_several_lines_are_one_list() {
        assert_eq!(sent(&["gzip;q=0.5", "br, identity;q=0"]), sent(&["gzip;q=0.5, br, identity;q=0"]));
    }

    #[test]
    fn what_browsers_send_is_told_without_reading_as_it_would_be_read() {
        for (line, _) in USUAL {
            let field = HeaderValue::from_bytes(line).unwrap();
            assert_eq!(usual(line), Some(read([&field])), "{field:?}");
        }
        assert_eq!(usual(b"gzip, br"), None);
    }

    #[test]
    fn without_the_field_the_bytes_stay_as_they_are() {
        assert_eq!(weights(&[]), [0, 0, 0, 1000]);
        assert_eq!(sent(&[]).preferred(Encoding::ALL), None);
    }

    #[test]
    fn the_highest_weight_wins_and_the_first_of_equals() {
        for (line, expected) in [
            ("gzip, br", Some(Brotli)),
            ("gzip, br;q=0.9", Some(Gzip)),
            ("gzip;q=0.1", Some(Gzip)),
            ("gzip;q=0.001", Some(Gzip)),
            ("gzip, identity", Some(Gzip)),
            ("gzip;q=0.5, identity", None),
            ("gzip;q=0.2, *;q=0.5", Some(Brotli)),
            ("gzip;q=0", None),
            ("identity;q=0, *;q=0.1", Some(Brotli)),
            ("identity;q=0", None),
            ("zstd", None),
        ] {
            assert_eq!(sent(&[line]).preferred([Brotli, Gzip]), expected, "{line:?}");
        }
        assert_eq!(sent(&["gzip, br"]).preferred([Gzip, Brotli]), Some(Gzip));
        assert_eq!(sent(&["*"]).preferred([]), None);
    }
}
