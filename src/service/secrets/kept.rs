//! The secret key of a process in development: made once, and kept in the data folder, so that a restart voids no cookie.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::random_key;
use crate::error::Error;
use crate::process::DataFolder;
use crate::service::random;

/// The file's name.
const FILE: &str = "secret_key";

/// The digits of a key.
const DIGITS: usize = 64;

/// The key that is kept; where there is none, one is made.
///
/// Processes that start together agree: the file appears whole or not at all, and only one of them can make it.
///
/// # Errors
///
/// [`Error::File`] where it cannot be read or written, or holds something else.
pub(super) fn read_or_make(data: &DataFolder) -> Result<String, Error> {
    let path = data.file(FILE)?;
    if let Some(key) = read(&path)? {
        return Ok(key);
    }
    make(&path)?;
    read(&path)?.ok_or_else(|| cannot("read", &path, &ErrorKind::NotFound.into()))
}

fn read(path: &Path) -> Result<Option<String>, Error> {
    let text = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot("read", path, &error)),
    };
    let key = std::str::from_utf8(&text).unwrap_or_default().trim_end();
    if key.len() == DIGITS && key.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(Some(key.to_string()));
    }
    Err(Error::File(format!(
        "`{}` holds no key of {DIGITS} hexadecimal digits; remove it, and a new one is made (cookies that were signed become void)",
        path.display()
    )))
}

/// Writes a new key beside its place and links it there, which fails where somebody else was first: then that key counts.
fn make(path: &Path) -> Result<(), Error> {
    let beside = path.with_file_name(format!("{FILE}.{:016x}", u64::from_ne_bytes(random::bytes()?)));
    let written = write(&beside, &random_key()?);
    let linked = written.and_then(|()| std::fs::hard_link(&beside, path));
    // What was beside it is of no use to anybody; where it cannot be removed it does no harm.
    let _ = std::fs::remove_file(&beside);
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(cannot("written", path, &error)),
        _ => Ok(()),
    }
}

fn write(path: &Path, key: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(format!("{key}\n").as_bytes())?;
    // A key that is linked must not be empty after the machine has lost its power.
    file.sync_all()
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Error {
    Error::File(format!(
        "the secret key of development cannot be {what} at `{}`: {error}; set `data.path` to a folder of this user's, or \
         `security.secret_key`",
        path.display()
    ))
}
