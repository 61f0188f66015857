//! Random tokens, for links in mails, invitations and keys of an interface: what nobody can guess (feature `password`).

use ctutils::CtEq;

use super::random::fill;
use crate::error::Error;

const LETTERS_AND_DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The alphabet of base64url, RFC 4648 section 5.
const URL_SAFE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// So many characters, letters and digits, from the system's generator (B163). Each is worth almost 6 bits: 22 characters are as hard to
/// guess as a key of 128 bits.
///
/// ```
/// let code = kalgan::token::generate(22)?;
/// assert_eq!(code.len(), 22);
/// # Ok::<(), kalgan::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::Service`] where the system gives no random numbers.
pub fn generate(size: usize) -> Result<String, Error> {
    characters(LETTERS_AND_DIGITS, size)
}

/// A token that is as hard to guess as so many random bytes, of letters, digits, `-` and `_`, which an address takes as they are. 32 bytes,
/// which are 43 characters, are enough for anything.
///
/// Keep of a token that opens something its hash only: who reads the database then cannot use it.
///
/// # Errors
///
/// [`Error::Service`] where the system gives no random numbers.
pub fn url_safe(bytes: usize) -> Result<String, Error> {
    characters(URL_SAFE, bytes.saturating_mul(8).div_ceil(6))
}

/// Whether two tokens are equal, found out in a time that does not tell where they differ. That they differ in length it may tell.
#[must_use]
pub fn equals(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// So many characters of an alphabet of at most 256, all equally probable.
fn characters(alphabet: &[u8], size: usize) -> Result<String, Error> {
    // Bytes from here on would make the first characters of the alphabet more probable.
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(size);
    let mut bytes = [0; 64];
    while text.len() < size {
        fill(&mut bytes)?;
        let fair = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        let characters = fair.map(|byte| char::from(alphabet[byte % alphabet.len()]));
        text.extend(characters.take(size - text.len()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_token_is_of_letters_and_digits_and_of_all_of_them_b163() {
        let token = generate(10_000).unwrap();
        assert_eq!(token.len(), 10_000);
        let used: BTreeSet<u8> = token.bytes().collect();
        assert_eq!(used, LETTERS_AND_DIGITS.iter().copied().collect());
        assert_eq!(generate(0).unwrap(), "");
        // Each of the 62 is drawn 161 times on average, with a deviation of 13.
        let least = used.iter().map(|byte| token.bytes().filter(|other| other == byte).count()).min();
        assert!(least > Some(80), "{least:?}");
    }

    #[test]
    fn tokens_differ() {
        let tokens: BTreeSet<String> = (0..1000).map(|_| generate(22).unwrap()).collect();
        assert_eq!(tokens.len(), 1000);
    }

    #[test]
    fn a_url_safe_token_has_the_characters_for_its_bytes() {
        let lengths = [0, 1, 3, 16, 32].map(|bytes| url_safe(bytes).unwrap().len());
        assert_eq!(lengths, [0, 2, 4, 22, 43]);
        assert!(url_safe(4096).unwrap().bytes().all(|byte| URL_SAFE.contains(&byte)));
    }

    #[test]
    fn tokens_are_compared_whole() {
        assert!(equals("", "") && equals("abcdefgh", "abcdefgh"));
        assert!(!equals("abcdefgh", "abcdefgi") && !equals("abcdefgh", "abcdefg") && !equals("", "a"));
    }
}
