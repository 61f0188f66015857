//! Numbers that nobody can guess, from the operating system.

use rand::TryRng;
use rand::rngs::SysRng;

use crate::error::Error;

/// 32 hexadecimal digits that have never been given before.
///
/// # Errors
///
/// [`Error::Service`] where the system gives no random bytes.
pub(super) fn id() -> Result<String, Error> {
    let mut halves = [0; 2];
    for half in &mut halves {
        *half = SysRng.try_next_u64().map_err(|error| Error::Service(format!("there are no random bytes: {error}")))?;
    }
    Ok(format!("{:016x}{:016x}", halves[0], halves[1]))
}

/// A number from 0.5 to 1.5, so that what failed together is not tried again together.
pub(super) fn jitter() -> f64 {
    // Without random bytes there is no jitter, and nothing else is lost.
    0.5 + SysRng.try_next_u32().map_or(0.5, |number| f64::from(number) / f64::from(u32::MAX))
}
