//! The command `key`.

use std::process::ExitCode;

use crate::error::Error;
use crate::service::secrets;

/// Prints a fresh key, and nothing else, so that it can be written to a file.
pub(super) fn run() -> Result<ExitCode, Error> {
    super::print(&format!("{}\n", secrets::random_key()?))?;
    Ok(ExitCode::SUCCESS)
}
