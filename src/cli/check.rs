//! The command `check`: the same reading and the same messages as in the build.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::error::Error;
use crate::launch::App;
use crate::problem::{self, Problem};
use crate::source;

#[derive(Debug, Args)]
pub(super) struct Flags {
    /// The site's folder [default: `app` beside the Cargo.toml under `cargo run`, else `./app`]
    #[arg(long, value_name = "DIR")]
    site: Option<PathBuf>,
}

/// Prints every mistake in the site's folder; the exit code is 1 when one of them would fail the build.
pub(super) fn run(app: &App, flags: &Flags) -> Result<ExitCode, Error> {
    let folder = flags.site.clone().unwrap_or_else(default_folder);
    if !folder.is_dir() {
        let shown = folder.display();
        return Err(Error::Setting(format!("there is no folder `{shown}`; name the site's folder with `--site DIR`")));
    }
    let snapshot = app.snapshot();
    let options = source::Options {
        name: snapshot.name.to_string(),
        release: snapshot.release.to_string(),
        is_prod: snapshot.is_prod,
        minify: None,
    };
    let problems = source::read(&folder, &options).problems;
    super::print(&format!("{}\n", problem::report(&problems)))?;
    Ok(if problems.iter().any(Problem::is_error) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// `cargo run` names the package's folder; no path of the machine that built the binary is in it.
fn default_folder() -> PathBuf {
    std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default().join("app")
}
