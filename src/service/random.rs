//! Numbers that nobody can guess, from the operating system: the one door of the package `rand`.

#![allow(dead_code, reason = "each service needs only some of it")]

use rand::TryRng;
use rand::rngs::SysRng;

use crate::error::Error;

/// Fills a slice with random bytes.
///
/// # Errors
///
/// [`Error::Service`] where the system gives none.
pub(super) fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    let filled = SysRng.try_fill_bytes(bytes);
    filled.map_err(|error| Error::Service(format!("the system gives no random numbers: {error}")))
}

/// So many random bytes.
///
/// # Errors
///
/// As [`fill`].
pub(super) fn bytes<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// So many random bytes, as twice as many hexadecimal digits.
///
/// # Errors
///
/// As [`fill`].
pub(super) fn hex<const N: usize>() -> Result<String, Error> {
    Ok(bytes::<N>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}
