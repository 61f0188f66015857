//! The command `version`.

use std::process::ExitCode;

use crate::error::Error;
use crate::launch::App;

/// Prints the versions of the site and of Kalgan, and the version tag.
pub(super) fn run(app: &App) -> Result<ExitCode, Error> {
    let snapshot = app.snapshot();
    let kalgan = env!("CARGO_PKG_VERSION");
    let (name, release, version) = (snapshot.name, snapshot.release, snapshot.version);
    super::print(&format!("{name} {release}\nkalgan {kalgan}\nstatic files {version}\n"))?;
    Ok(ExitCode::SUCCESS)
}
