//! The command `version`.

use std::process::ExitCode;

use crate::error::Error;
use crate::launch::App;

/// Prints the versions of the site and of Kalgan, and the version tag.
pub(super) fn run(app: &App) -> Result<ExitCode, Error> {
    let snapshot = app.snapshot();
    println!("{} {}", snapshot.name, snapshot.release);
    println!("kalgan {}", env!("CARGO_PKG_VERSION"));
    println!("static files {}", snapshot.version);
    Ok(ExitCode::SUCCESS)
}
