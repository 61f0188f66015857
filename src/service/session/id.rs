//! Ids of sessions: what a browser has, and what the store knows instead.

use crate::error::Error;
use crate::service::random::fill;

/// The characters of an id (base64url, RFC 4648 section 5), which every cookie may have.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Characters of an id; each stands for six random bits, so there are 258 of them.
const LENGTH: usize = 43;

/// What the browser has. Whoever knows it has the session, so it is never logged and never stored.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Id(String);

/// Under what the store keeps a session: the name of the session and a hash of its id. From it nobody finds the id, so a store that is
/// read by somebody gives no session away; and whatever a client sends as an id, it names no other key of the store (B115).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key(String);

impl Id {
    /// An id that nobody has.
    ///
    /// # Errors
    ///
    /// [`Error::Service`] where the system has no random numbers.
    pub(super) fn new() -> Result<Self, Error> {
        random(LENGTH).map(Id)
    }

    /// The id that a client sent, where it has the form of one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte));
        fits.then(|| Id(text.to_string()))
    }

    /// The key of the session of this name that has the id.
    pub(super) fn key(&self, name: &str) -> Key {
        // The name is in the hash too: the id of one session is none of another.
        let mut hasher = blake3::Hasher::new_derive_key("Kalgan: key of a session in its store, version 1");
        hasher.update(self.0.as_bytes()).update(name.as_bytes());
        Key(format!("{name}:{}", hasher.finalize().to_hex()))
    }

    /// What goes into the cookie.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl Key {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// So many random characters of [`ALPHABET`].
pub(super) fn random(length: usize) -> Result<String, Error> {
    let mut bytes = vec![0; length];
    fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 63)])).collect())
}
