//! The command `diff`: what differs between an earlier binary of the site and this one.
//!
//! 1. The other binary is asked for its manifest ([`old`]).
//! 2. The two manifests are compared ([`compare`]).
//! 3. Credentials that are new are looked for where they belong.
//! 4. The differences are printed ([`text`]).
//!
//! As the program `diff` does, it ends with 0 where nothing differs, with 1 where something does, and with 2 where it cannot be told.

mod compare;
mod old;
mod text;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::Options;
use super::manifest::{content::Manifest, make};
use crate::error::Error;
use crate::launch::App;

/// Ends with it where two binaries cannot be compared.
const TROUBLE: u8 = 2;

/// The flags of `diff`.
#[derive(Debug, Args)]
pub(super) struct Flags {
    /// The earlier binary, or a file with what its `manifest --json` printed
    #[arg(value_name = "OLD_BINARY")]
    old: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// How many seconds the earlier binary gets to tell what is in it
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    time_limit: u64,
}

/// Compares and prints.
pub(super) fn run(app: &App, options: &Options, flags: &Flags) -> ExitCode {
    match differs(app, options, flags) {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => ExitCode::FAILURE,
        Err(error) => {
            super::tell(&error);
            ExitCode::from(TROUBLE)
        }
    }
}

fn differs(app: &App, options: &Options, flags: &Flags) -> Result<bool, Error> {
    let new = make::manifest(&options.snapshot(app)?);
    let old = old::manifest(&flags.old, Duration::from_secs(flags.time_limit))?;
    let (site, other) = (&new.versions.site, &old.versions.site);
    if site != other {
        return Err(Error::File(format!(
            "`{}` is another site, `{other}`, and this one is `{site}`",
            flags.old.display()
        )));
    }
    let missing = missing_credentials(&new, options);
    let comparison = compare::compare(old, new, missing);
    super::print(&if flags.json { super::json(&comparison)? } else { text::page(&comparison) })?;
    Ok(!comparison.equal)
}

/// The credentials that are not in the folder that a process would be given; none where that folder cannot be looked into.
fn missing_credentials(manifest: &Manifest, options: &Options) -> Vec<String> {
    let system = || PathBuf::from(format!("/etc/{}/credentials", manifest.versions.site));
    let folder = options.credentials().unwrap_or_else(system);
    if std::fs::read_dir(&folder).is_err() {
        return Vec::new();
    }
    manifest.credentials.keys().filter(|id| !folder.join(id).is_file()).cloned().collect()
}

#[cfg(test)]
mod tests;
