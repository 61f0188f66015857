//! The command `check`: the same reading and the same messages as in the build.

#[cfg(feature = "overlay")]
use std::path::Path;
use std::process::ExitCode;

use super::Options;
use crate::error::Error;
use crate::launch::App;
use crate::problem::{self, Problem};
#[cfg(feature = "overlay")]
use crate::server::Serving;
#[cfg(feature = "overlay")]
use crate::site::Settings;
use crate::source;

/// Prints every mistake in the site's folder, or in the overlay where one is given; the exit code is 1 when one of them would fail the
/// build, or the start.
pub(super) fn run(app: &App, options: &Options) -> Result<ExitCode, Error> {
    #[cfg(feature = "overlay")]
    if let Some(folder) = &options.overlay {
        return overlay(app, options, folder);
    }
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

/// What a process would say that were to start with the overlay, or to reload it.
#[cfg(feature = "overlay")]
fn overlay(app: &App, options: &Options, folder: &Path) -> Result<ExitCode, Error> {
    if options.site.is_some() {
        let message = "`--site` names the folder that a build is made of, `--overlay` one that is put over it; check one at a time";
        return Err(Error::Setting(message.to_string()));
    }
    let patched = app.patched(folder);
    let report = problem::report(&patched.problems);
    super::print(&format!("overlay `{}`: {}\n\n{report}\n", folder.display(), patched.summary))?;
    if patched.problems.iter().any(Problem::is_error) {
        return Ok(ExitCode::FAILURE);
    }
    let outside = options.outside()?;
    if let Err(error) = Settings::load(&app.snapshot(), outside.clone()) {
        super::print(&format!(
            "The service's own settings are not here, so the overlay was checked without them: {error}\n"
        ))?;
        return Ok(ExitCode::SUCCESS);
    }
    Serving::new(app.site_of(patched.snapshot, outside)?, app.dispatch())?;
    Ok(ExitCode::SUCCESS)
}
