//! The command `manifest`: everything that is in the binary, for people and for programs.
//!
//! All of it is about what the build froze and an overlay puts over it, so no setting from outside counts here and no secret is needed.

pub(super) mod content;
pub(super) mod make;
mod text;

use std::process::ExitCode;

use clap::Args;

use crate::error::Error;
use crate::snapshot::Snapshot;

/// The flags of `manifest`.
#[derive(Debug, Args)]
pub(super) struct Flags {
    /// Print JSON: equal builds give equal bytes
    #[arg(long)]
    json: bool,
}

/// Prints the manifest.
pub(super) fn run(snapshot: &Snapshot, flags: &Flags) -> Result<ExitCode, Error> {
    let manifest = make::manifest(snapshot);
    super::print(&if flags.json { super::json(&manifest)? } else { text::page(&manifest) })?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests;
