//! Hashes of passwords, by argon2id (feature `password`).
//!
//! A hash costs 19 MiB and some 20 milliseconds of a core, on purpose. So it is made on threads for such work, and no more than
//! `password.concurrency` at one time: however many sign in at once, the rest of the site goes on answering, and memory does not run out.
//!
//! What a hash is made with is the advice of the OWASP Password Storage Cheat Sheet (2025) for argon2id: 19 MiB, 2 passes, 1 lane.

mod stored;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::{Start, random};
use crate::error::Error;
use crate::http::Failure;
use crate::process::AsProcess;
use stored::{Stored, Unusable};

/// Longest password that is hashed, in bytes. Nobody types one, and a longer one would only keep the server busy.
pub const MAX_LENGTH: usize = 4096;

/// Longest time that a password waits for its turn. Whoever waits longer has given up, or should.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Memory in KiB, passes and lanes of a new hash.
const MEMORY: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Bytes of the salt and of the hash itself, as RFC 9106 section 4 has them.
const SALT: usize = 16;
const OUTPUT: usize = 32;

/// What comes of looking at a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the password may be wrong"]
#[non_exhaustive]
pub struct Verified {
    /// Whether the password is the one that the hash was made of.
    pub is_right: bool,
    /// Whether it is, and the hash was made in another way than [`hash`](hash()) makes it now, by Kalgan 0.9 for instance: now that the password is
    /// at hand, make a new one and keep that.
    pub needs_rehash: bool,
}

impl Verified {
    const WRONG: Verified = Verified { is_right: false, needs_rehash: false };
}

/// What the process keeps: turns at hashing.
struct Turns(Arc<Semaphore>);

/// Starts the service.
///
/// # Errors
///
/// [`Error::Setting`] where `password.concurrency` is no number.
pub(super) fn start(start: &mut Start<'_>) -> Result<(), Error> {
    let concurrency = match start.settings().exists("password.concurrency") {
        true => start.settings().get("password.concurrency")?,
        false => std::thread::available_parallelism().map_or(1, usize::from),
    };
    start.states.insert(Turns(Arc::new(Semaphore::new(concurrency))));
    Ok(())
}

/// The hash of a password, as a text that has everything in it to verify the password later: `$argon2id$v=19$m=19456,t=2,p=1$…` (the PHC
/// string format, 97 characters). The salt is new each time, so one password has many hashes.
///
/// ```no_run
/// # use kalgan::{Failure, Request};
/// use kalgan::password;
///
/// async fn sign_up(request: Request) -> Result<String, Failure> {
///     let chosen = "from the form";
///     let hash = password::hash(&request, chosen).await?;
///     // … keep it with the user
/// #   Ok(hash)
/// }
/// ```
///
/// # Errors
///
/// A [`Failure`] with 400 where the password is longer than [`MAX_LENGTH`], with 503 where others have kept the server busy with passwords for ten
/// seconds or the system gives no random numbers.
pub async fn hash(process: &impl AsProcess, password: &str) -> Result<String, Failure> {
    let mut salt = [0; SALT];
    random::fill(&mut salt).map_err(Failure::from_error)?;
    let hashed = in_turn(process, password, move |password| current().hash_password_with_salt(password, &salt)).await?;
    hashed
        .map(|hash| hash.to_string())
        .map_err(|error| Failure::new(500, format!("a password cannot be hashed: {error}")))
}

/// Whether a password is the one of a hash. Hashes of argon2i and argon2d, and of any cost up to 256 MiB, 16 passes and 16 lanes are
/// understood.
///
/// A hash that cannot be read, or that would take more than that, is nobody's password: it is never right, and a warning in the log says why.
///
/// ```no_run
/// # use kalgan::{Failure, Request};
/// # struct User { hash: String }
/// use kalgan::password;
///
/// async fn sign_in(request: Request, user: Option<User>) -> Result<bool, Failure> {
///     let typed = "from the form";
///     let verified = match &user {
///         Some(user) => password::verify(&request, typed, &user.hash).await?,
///         None => password::verify_nothing(&request, typed).await?,
///     };
///     if verified.needs_rehash {
///         let hash = password::hash(&request, typed).await?;
///         // … keep it in the place of the old one
///     }
///     Ok(verified.is_right)
/// }
/// ```
///
/// # Errors
///
/// As [`hash`](hash()), but for the random numbers.
pub async fn verify(process: &impl AsProcess, password: &str, hash: &str) -> Result<Verified, Failure> {
    match Stored::read(hash) {
        Ok(stored) => {
            let needs_rehash = !stored.is_current();
            let is_right = in_turn(process, password, move |password| stored.is_of(password)).await?;
            let is_right = is_right.unwrap_or_else(|unusable| warn(&unusable));
            Ok(Verified { is_right, needs_rehash: is_right && needs_rehash })
        }
        Err(unusable) => {
            warn(&unusable);
            verify_nothing(process, password).await
        }
    }
}

/// Takes as long as [`verify`] and finds the password wrong: for a user who does not exist. Without it, a sign-in that fails at once tells
/// that nobody has this name.
///
/// # Errors
///
/// As [`verify`].
pub async fn verify_nothing(process: &impl AsProcess, password: &str) -> Result<Verified, Failure> {
    // What comes out is thrown away, but an optimiser that sees it made on another thread cannot know.
    let _ = in_turn(process, password, |password| current().hash_password_with_salt(password, &[0; SALT])).await?;
    Ok(Verified::WRONG)
}

/// Gives `false`, and says in the log why a hash is of no use; what it is nobody is told.
fn warn(unusable: &Unusable) -> bool {
    tracing::warn!("the hash of a password is of no use, so the password counts as wrong: {unusable}");
    false
}

/// What hashes new passwords.
fn current() -> Argon2<'static> {
    let params = Params::new(MEMORY, PASSES, LANES, Some(OUTPUT)).expect("the numbers are within argon2's limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Does something with a password on a thread for such work, when its turn has come.
async fn in_turn<T: Send + 'static>(
    process: &impl AsProcess,
    password: &str,
    work: impl FnOnce(&[u8]) -> T + Send + 'static,
) -> Result<T, Failure> {
    if password.len() > MAX_LENGTH {
        return Err(Failure::new(400, format!("the password has more than {MAX_LENGTH} bytes")));
    }
    let turn = wait(process).await?;
    let password = password.as_bytes().to_vec();
    let done = tokio::task::spawn_blocking(move || {
        // It is kept to the end of the work, which goes on where nobody waits for it any more.
        let _turn = turn;
        work(&password)
    });
    done.await.map_err(|error| Failure::because(500, error))
}

/// Waits for a turn.
async fn wait(process: &impl AsProcess) -> Result<OwnedSemaphorePermit, Failure> {
    let Some(Turns(turns)) = process.process().service() else {
        return Err(Failure::new(
            500,
            "passwords are hashed in a process that was started, not in a request by itself",
        ));
    };
    match timeout(LONGEST_WAIT, Arc::clone(turns).acquire_owned()).await {
        Ok(Ok(turn)) => Ok(turn),
        _ => {
            let reason = "too many passwords wait to be hashed; `password.concurrency` says how many are at one time";
            Err(Failure::new(503, reason).with_header("retry-after", "10"))
        }
    }
}
