//! The command `check`: the same reading and the same messages as in the build.

use std::process::ExitCode;

use super::Options;
use crate::error::Error;
use crate::launch::App;
use crate::problem::{self, Problem};
use crate::source;

/// Prints every mistake in the site's folder; the exit code is 1 when one of them would fail the build.
pub(super) fn run(app: &App, options: &Options) -> Result<ExitCode, Error> {
    let folder = options.folder();
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
