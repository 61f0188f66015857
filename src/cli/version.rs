//! The command `version`.

use std::process::ExitCode;

use crate::error::Error;
use crate::snapshot::Snapshot;

/// Prints the versions of the site and of Kalgan, and the version tag.
pub(super) fn run(snapshot: &Snapshot) -> Result<ExitCode, Error> {
    let kalgan = env!("CARGO_PKG_VERSION");
    let (name, release, version) = (&snapshot.name, &snapshot.release, &snapshot.version);
    super::print(&format!("{name} {release}\nkalgan {kalgan}\nstatic files {version}\n"))?;
    Ok(ExitCode::SUCCESS)
}
