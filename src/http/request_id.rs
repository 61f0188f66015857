//! What one request is called: in the log, in the answer, and by whoever tells of what went wrong.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use http::HeaderValue;

/// Digits of an id that is made here, as many as those of NGINX have.
const DIGITS: usize = 32;

/// Most characters of an id that a proxy gives.
const LONGEST: usize = 128;

/// The id of one request. It consists of letters, digits, `.`, `_` and `-`, so it can stand in a header and in a line of a log as it is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RequestId(Written);

#[derive(Clone, PartialEq, Eq)]
enum Written {
    Made([u8; DIGITS]),
    Given(HeaderValue),
}

impl RequestId {
    /// The id that a proxy gives; none where it has other characters, or none or too many.
    pub(crate) fn given(value: &HeaderValue) -> Option<Self> {
        let is_known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let is_id = (1..=LONGEST).contains(&value.len()) && value.as_bytes().iter().all(is_known);
        is_id.then(|| RequestId(Written::Given(value.clone())))
    }

    /// The id as it is written.
    pub(crate) fn as_str(&self) -> &str {
        match &self.0 {
            Written::Made(digits) => std::str::from_utf8(digits).expect("hexadecimal digits are ASCII"),
            Written::Given(value) => value.to_str().expect("other characters were refused"),
        }
    }

    /// The id as the value of a header.
    pub(crate) fn to_header(&self) -> HeaderValue {
        match &self.0 {
            Written::Made(digits) => HeaderValue::from_bytes(digits).expect("hexadecimal digits may stand in a header"),
            Written::Given(value) => value.clone(),
        }
    }
}

impl Default for RequestId {
    /// The id of a request that nobody has sent, such as a test hands to a controller: zeros.
    fn default() -> Self {
        RequestId(Written::Made([b'0'; DIGITS]))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Makes ids that no other process makes and that this one makes once: half of an id is random and belongs to the process, half is a
/// number, scrambled so that nobody can read from it how many requests there were. Ids are names, not secrets.
#[derive(Debug)]
pub(crate) struct RequestIds {
    process: u64,
    next: AtomicU64,
}

impl RequestIds {
    /// Begins with numbers that the system's random source gives to the keys of hash tables.
    pub(crate) fn new() -> Self {
        let random = || RandomState::new().build_hasher().finish();
        RequestIds { process: random(), next: AtomicU64::new(random()) }
    }

    /// The next id.
    pub(crate) fn next(&self) -> RequestId {
        let number = scrambled(self.next.fetch_add(1, Relaxed));
        let mut digits = [0; DIGITS];
        let (left, right) = digits.split_at_mut(DIGITS / 2);
        write_hexadecimal(self.process, left);
        write_hexadecimal(number, right);
        RequestId(Written::Made(digits))
    }
}

/// Each number's own other number: the last step of SplitMix64, which is one to one.
fn scrambled(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

fn write_hexadecimal(number: u64, digits: &mut [u8]) {
    let [upper, lower] = [number >> 32, number & 0xffff_ffff].map(hexadecimal);
    let (left, right) = digits.split_at_mut(DIGITS / 4);
    left.copy_from_slice(&upper);
    right.copy_from_slice(&lower);
}

/// The eight digits of a number of 32 bits, all at the same time: each is a byte of one larger number.
fn hexadecimal(number: u64) -> [u8; DIGITS / 4] {
    let spread = (number | number << 16) & 0x0000_ffff_0000_ffff;
    let spread = (spread | spread << 8) & 0x00ff_00ff_00ff_00ff;
    let digits = (spread | spread << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    // One where the digit is a letter, of which the first follows 39 places after the character behind `9`.
    let letters = ((digits + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
    (digits + 0x3030_3030_3030_3030 + letters * 39).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_id_is_made_once_and_another_process_makes_others() {
        let (one, other) = (RequestIds::new(), RequestIds::new());
        let ids: HashSet<String> =
            (0..10_000).flat_map(|_| [one.next(), other.next()]).map(|id| id.to_string()).collect();
        assert_eq!(ids.len(), 20_000);
        assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit())));
    }

    #[test]
    fn the_digits_are_hexadecimal() {
        for number in [0, 0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, u64::MAX, 0x9a9a_a9a9_0000_ffff] {
            let mut digits = [0; 16];
            write_hexadecimal(number, &mut digits);
            assert_eq!(digits, *format!("{number:016x}").as_bytes());
        }
    }

    #[test]
    fn an_id_that_could_forge_a_line_is_refused() {
        let given = |text: &[u8]| HeaderValue::from_bytes(text).ok().and_then(|value| RequestId::given(&value));
        assert_eq!(given(b"a1_B-2.c").unwrap().as_str(), "a1_B-2.c");
        assert!(given(&[b'a'; 128]).is_some());
        for refused in [&b""[..], b"a b", b"a=b", b"\"", b"a\tb", b"\xc3\xbc", b"<1>", &[b'a'; 129]] {
            assert!(given(refused).is_none(), "{refused:?}");
        }
    }
}
