//! A hash that was kept, which may have been made elsewhere, be broken or even be meant to do harm.

use std::fmt;

use argon2::password_hash::{Error, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};

use super::{LANES, MEMORY, OUTPUT, PASSES, SALT};

/// Most memory in KiB, passes and lanes that a hash may ask for: more than anybody's advice, and seconds of one core. What asks for more
/// would take the server's memory or time, so it is not tried.
const MOST_MEMORY: u32 = 256 << 10;
const MOST_PASSES: u32 = 16;
const MOST_LANES: u32 = 16;

/// A hash that a password can be compared with.
pub(super) struct Stored {
    hash: PasswordHash,
    params: Params,
}

/// Why a hash is of no use. It never shows any of it.
#[derive(Debug)]
pub(super) enum Unusable {
    Unreadable(String),
    TooExpensive(Params),
}

impl Stored {
    pub(super) fn read(text: &str) -> Result<Self, Unusable> {
        let unreadable = |error: &dyn fmt::Display| Unusable::Unreadable(error.to_string());
        let hash = PasswordHash::new(text).map_err(|error| unreadable(&error))?;
        Algorithm::try_from(hash.algorithm.as_str()).map_err(|error| unreadable(&error))?;
        hash.version.map_or(Ok(Version::V0x13), Version::try_from).map_err(|error| unreadable(&error))?;
        if hash.salt.is_none() || hash.hash.is_none() {
            return Err(unreadable(&"it has no salt or no hash"));
        }
        let params = Params::try_from(&hash).map_err(|error| unreadable(&error))?;
        if params.m_cost() > MOST_MEMORY || params.t_cost() > MOST_PASSES || params.p_cost() > MOST_LANES {
            return Err(Unusable::TooExpensive(params));
        }
        Ok(Stored { hash, params })
    }

    /// Whether it was made as new hashes are.
    pub(super) fn is_current(&self) -> bool {
        let Stored { hash, params } = self;
        hash.algorithm.as_str() == "argon2id"
            && hash.version == Some(19)
            && (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY, PASSES, LANES)
            && params.keyid().is_empty()
            && params.data().is_empty()
            && hash.salt.is_some_and(|salt| salt.len() >= SALT)
            && hash.hash.is_some_and(|output| output.len() == OUTPUT)
    }

    /// Whether it is the hash of this password; compared in a time that does not tell where the two differ.
    pub(super) fn is_of(&self, password: &[u8]) -> Result<bool, Unusable> {
        match Argon2::default().verify_password(password, &self.hash) {
            Ok(()) => Ok(true),
            Err(Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(Unusable::Unreadable(error.to_string())),
        }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unusable::Unreadable(reason) => write!(f, "it cannot be read ({reason})"),
            Unusable::TooExpensive(params) => write!(
                f,
                "it asks for {} KiB, {} passes and {} lanes, and the most is {MOST_MEMORY}, {MOST_PASSES} and {MOST_LANES}",
                params.m_cost(),
                params.t_cost(),
                params.p_cost()
            ),
        }
    }
}
