//! Signed and encrypted cookies: what a visitor keeps for the site and can neither change nor, where it is encrypted, read.
//!
//! The keys are made of `security.secret_key` when the process starts, one for signing and one for encrypting. What was made with
//! `security.previous_secret_key` is still read. In development a key is made and kept in the data folder ([`kept`]).

mod cookies;
mod kept;
#[cfg(test)]
mod tests;

use cookie::{Cookie, CookieJar, Key};

use super::{Start, random};
use crate::error::Error;
use crate::process::{DataFolder, Process};
use crate::site::Settings;

const CURRENT: &str = "security.secret_key";
const PREVIOUS: &str = "security.previous_secret_key";

/// Fewest characters of a key: as many as its hash has bytes.
const LEAST: usize = 32;

/// Characters of a signature: SHA-256 in base64.
const SIGNATURE: usize = 44;

/// What stands between a purpose and what is signed for it; a purpose has none in it.
const BETWEEN: char = '\0';

/// The keys of a process. They are never shown: there is no `Debug`.
pub(crate) struct Keys {
    /// What is signed and encrypted from now on is so with the first; the others are for reading.
    keys: Vec<Key>,
}

/// Makes the keys.
///
/// # Errors
///
/// [`Error::Setting`] where a key is too short or, in production, absent; [`Error::File`] where the key of development cannot be kept.
pub(super) fn start(start: &mut Start) -> Result<(), Error> {
    let keys = Keys::new(start.settings(), start.data)?;
    start.states.insert(keys);
    Ok(())
}

/// A fresh random key, 64 hexadecimal digits.
///
/// # Errors
///
/// [`Error::Service`] where the system gives no random numbers.
pub(crate) fn random_key() -> Result<String, Error> {
    random::hex::<32>()
}

impl Keys {
    fn new(settings: &Settings, data: &DataFolder) -> Result<Self, Error> {
        let current = match from_settings(settings, CURRENT)? {
            Some(key) => key,
            None if settings.is_prod() => return Err(absent()),
            None => Key::derive_from(kept::read_or_make(data)?.as_bytes()),
        };
        Ok(Keys { keys: [Some(current), from_settings(settings, PREVIOUS)?].into_iter().flatten().collect() })
    }

    /// The keys of a process.
    ///
    /// # Errors
    ///
    /// [`Error::Service`] in the process of [`testing::request`](crate::testing::request), which has no services.
    pub(crate) fn of(process: &Process) -> Result<&Keys, Error> {
        process.service().ok_or_else(|| Error::Service("this process has no secret key".to_string()))
    }

    /// A signature over a text. A text that is signed for one purpose is not so for another.
    pub(crate) fn sign(&self, purpose: &str, text: &str) -> String {
        let mut jar = CookieJar::new();
        // The crate signs the value alone, so what must not be exchanged is put into it.
        jar.signed_mut(self.current()).add(("", bound(purpose, text)));
        let mut signature = jar.get("").map(|cookie| cookie.value().to_string()).unwrap_or_default();
        signature.truncate(SIGNATURE);
        signature
    }

    /// Whether a signature is that of a text for a purpose, by any of the keys. It takes as long for a right one as for a wrong one.
    pub(crate) fn verify(&self, purpose: &str, text: &str, signature: &str) -> bool {
        let signed = format!("{signature}{}", bound(purpose, text));
        let jar = CookieJar::new();
        let is_by = |key: &Key| jar.signed(key).verify(Cookie::new("", signed.clone())).is_some();
        signature.len() == SIGNATURE && self.keys.iter().any(is_by)
    }

    /// Encrypts a value, so that it can be read under this name only.
    fn encrypt(&self, name: &str, value: &str) -> Option<String> {
        let mut jar = CookieJar::new();
        jar.private_mut(self.current()).add((name.to_string(), value.to_string()));
        jar.get(name).map(|cookie| cookie.value().to_string())
    }

    /// The value that was encrypted under this name with any of the keys.
    fn decrypt(&self, name: &str, value: &str) -> Option<String> {
        let jar = CookieJar::new();
        let cookie = Cookie::new(name.to_string(), value.to_string());
        let by = |key| jar.private(key).decrypt(cookie.clone());
        self.keys.iter().find_map(by).map(|cookie| cookie.value().to_string())
    }

    fn current(&self) -> &Key {
        // There is one at least: `new` puts it there.
        &self.keys[0]
    }
}

fn bound(purpose: &str, text: &str) -> String {
    format!("{}{BETWEEN}{text}", purpose.replace(BETWEEN, ""))
}

fn from_settings(settings: &Settings, name: &str) -> Result<Option<Key>, Error> {
    let Some(text) = settings.get::<Option<String>>(name)? else { return Ok(None) };
    let length = text.chars().count();
    if length < LEAST {
        let name = settings.name(name);
        return Err(Error::Setting(format!(
            "{name} has {length} characters and must have at least {LEAST}; `openssl rand -hex 32` makes a good one"
        )));
    }
    Ok(Some(Key::derive_from(text.as_bytes())))
}

fn absent() -> Error {
    Error::Setting(format!(
        "the setting `{CURRENT}` is not there, and production signs its cookies with it: make a key by this binary's command `key` \
         or by `openssl rand -hex 32`, and give it by the environment variable `KALGAN__SECURITY__SECRET_KEY`, or in a file of \
         settings by `!credential NAME`; all processes of the site need the same one"
    ))
}
