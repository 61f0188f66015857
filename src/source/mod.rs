//! From the files of a site to its [`Snapshot`], with all mistakes that are in them.
//!
//! The build, `kalgan check` and the development overlay read a site with this code, so that all three find the same mistakes.
//! A production process that is given neither an overlay nor a settings file never runs it.
//!
//! The steps of [`read`], each in the module of that name:
//!
//! 1. `settings`, because they say where everything else is;
//! 2. `messages`, because their folders are the languages;
//! 3. `routes`, which may name a language;
//! 4. `assets`;
//! 5. `templates`, for which the settings declare filters, functions and tests;
//! 6. `check`: whether the messages, routes and assets that templates name are there.

pub mod assets;
pub mod check;
pub mod files;
pub mod messages;
pub mod names;
pub mod routes;
pub mod settings;
pub mod templates;
#[cfg(test)]
mod tests;
pub mod workspace;
pub mod yaml;

use std::path::{Path, PathBuf};

use crate::problem::{self, Problem};
use crate::snapshot::{Snapshot, Text};
use check::Complete;
use files::{Files, TextFile};
use settings::Settings;
use templates::Declared;

/// What a snapshot says of the crate that the site is.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name of the crate.
    pub name: String,
    /// Version of the crate.
    pub release: String,
    /// What `environment.is_prod` is where nobody sets it.
    pub is_prod: bool,
    /// What makes scripts and stylesheets shorter, in a build that has it: that of a release.
    pub minify: Option<assets::Minify>,
}

/// A site as far as it could be read.
#[derive(Debug)]
pub struct Reading {
    /// What was read. With errors among the problems it is not whole and must not be served.
    pub snapshot: Snapshot,
    /// All mistakes, sorted by file and line.
    pub problems: Vec<Problem>,
    /// The files and folders that were read, sorted, all of them existing: when one changes, the site has changed.
    pub watched: Vec<PathBuf>,
}

/// Reads and checks the site in a folder. Never fails: what is wrong is among the problems.
pub fn read(site_folder: &Path, options: &Options) -> Reading {
    let mut snapshot = empty(options);
    let mut files = match Files::open(site_folder) {
        Ok(files) => files,
        Err(problem) => return Reading { snapshot, problems: vec![*problem], watched: Vec::new() },
    };
    let mut problems = Vec::new();
    let settings = settings::read(&mut files, &mut problems);
    let messages = messages::read(&mut files, &settings, &mut problems);
    let codes: Vec<String> = messages.languages.iter().map(|language| language.code.to_string()).collect();
    let routes = routes::read(&mut files, &settings, &codes, &mut problems);
    let before = errors(&files, &problems);
    let assets = assets::read(&mut files, &settings, &routes.list, options, &mut problems);
    let assets_complete = errors(&files, &problems) == before;
    let before = errors(&files, &problems);
    let sources = template_files(&mut files, &settings, &mut problems);
    let declared = declared(&settings, settings.complete && errors(&files, &problems) == before);
    let templates = templates::read(&sources, &declared);
    snapshot.version = assets.version.into();
    snapshot.settings = settings.list.into();
    snapshot.languages = messages.languages.into();
    snapshot.routes = routes.list.into();
    snapshot.assets = assets.files.into();
    snapshot.templates = templates.templates.into();
    let complete = Complete {
        messages: settings.complete && messages.complete,
        routes: settings.complete && routes.complete,
        assets: settings.complete && assets_complete,
    };
    problems.extend(templates.problems);
    problems.extend(check::check(&templates.usages, &snapshot, complete));
    problems.append(&mut files.problems);
    problem::sort(&mut problems);
    let watched = files.watched.into_iter().filter(|path| path.exists()).collect();
    Reading { snapshot, problems, watched }
}

/// How many errors there are so far. Where reading something adds none it has been read whole, so that what is not found really is not there.
fn errors(files: &Files, problems: &[Problem]) -> usize {
    files.problems.iter().chain(problems).filter(|problem| problem.is_error()).count()
}

/// Every file below `tera.path` is a template (B125).
fn template_files(files: &mut Files, settings: &Settings, problems: &mut Vec<Problem>) -> Vec<TextFile> {
    let Some(folder) = settings.folder(files, "tera.path", problems) else { return Vec::new() };
    files.walk(&folder).iter().filter_map(|found| files.text(found)).collect()
}

/// What templates may use besides Tera's own names and Kalgan's; `complete` tells whether all settings and templates could be read.
fn declared(settings: &Settings, complete: bool) -> Declared {
    Declared {
        filters: settings.items("tera.filters"),
        functions: settings.items("tera.functions"),
        tests: settings.items("tera.tests"),
        complete: settings.complete && complete,
    }
}

fn empty(options: &Options) -> Snapshot {
    Snapshot {
        name: Text::Owned(options.name.clone()),
        release: Text::Owned(options.release.clone()),
        is_prod: options.is_prod,
        version: Text::Borrowed(""),
        date: None,
        settings: Vec::new().into(),
        routes: Vec::new().into(),
        languages: Vec::new().into(),
        templates: Vec::new().into(),
        assets: Vec::new().into(),
    }
}
