//! From a browser's secret to a token and back: the secret combined with as many random bytes, and those bytes.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::secret::{Secret, encoded};
use crate::error::Error;
use crate::http::{Failure, Request};
use crate::process::AsProcess;
use crate::service::random;
use crate::service::secrets::Keys;

/// Bytes of a secret.
pub(super) const LENGTH: usize = 32;

/// A token of a secret, another one each time.
///
/// # Errors
///
/// [`Error::Service`] where the system gives no random numbers.
pub(super) fn of(secret: Secret) -> Result<String, Error> {
    let pad = random::bytes::<LENGTH>()?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode([pad, combined(pad, secret)].as_flattened()))
}

/// Whether a token is one of a secret. How long it takes does not tell how much of it is right.
///
/// # Errors
///
/// 503 where the process has no secret key.
pub(super) fn is_of(secret: &Secret, token: &str, request: &Request) -> Result<bool, Failure> {
    const PURPOSE: &str = "csrf comparison";
    let Some(found) = secret_in(token) else { return Ok(false) };
    let keys = Keys::of(request.process()).map_err(Failure::from_error)?;
    // Signatures are compared in constant time, so the one of one is asked whether it is also that of the other.
    Ok(keys.verify(PURPOSE, &encoded(&found), &keys.sign(PURPOSE, &encoded(secret))))
}

fn secret_in(token: &str) -> Option<Secret> {
    let bytes: [u8; 2 * LENGTH] = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?.try_into().ok()?;
    let (pads, _) = bytes.as_chunks::<LENGTH>();
    Some(combined(pads[0], pads[1]))
}

fn combined(one: Secret, other: Secret) -> Secret {
    std::array::from_fn(|index| one[index] ^ other[index])
}
