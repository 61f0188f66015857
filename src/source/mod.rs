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
//! 6. `migrations`, which nothing else has to do with;
//! 7. `check`: whether the messages, routes and assets that templates name are there.

pub mod assets;
pub mod check;
pub mod files;
mod leaf;
mod memo;
mod memory;
pub mod messages;
pub mod migrations;
pub mod names;
pub mod routes;
pub mod settings;
mod survey;
pub mod templates;
#[cfg(test)]
mod tests;
pub mod workspace;
pub mod yaml;

use std::path::{Path, PathBuf};

use crate::problem::Problem;
use crate::snapshot::{Snapshot, Text};
use files::Files;
use memory::Memory;

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
    let mut memory = match Memory::open(site_folder) {
        Ok(memory) => memory,
        Err(problem) => return Reading { snapshot, problems: vec![*problem], watched: Vec::new() },
    };
    let mut survey = memory.survey(options);
    let problems = survey.problems(options, &mut None);
    let revised = assets::revise(&mut snapshot.assets, None, &survey.assets, &survey.settings, options);
    snapshot.version = revised.version.into();
    snapshot.settings = survey.settings.list.clone().into();
    snapshot.languages = survey.languages.into();
    snapshot.routes = survey.routes.into();
    snapshot.migrations = survey.migrations.into();
    snapshot.templates = survey.templates.files.iter().map(|template| template.template()).collect();
    Reading { snapshot, problems, watched: memory.watched() }
}

/// How many errors there are so far. Where reading something adds none it has been read whole, so that what is not found really is not there.
fn errors(files: &Files, problems: &[Problem]) -> usize {
    files.problems.iter().chain(problems).filter(|problem| problem.is_error()).count()
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
        migrations: Vec::new().into(),
    }
}
