//! A site's folder that is being edited: what was read stays, and only what an edit touched is read again.
//!
//! The files are read by the code of the build ([`Memory`]). What is done with them here, for each edit, is only what serving needs:
//!
//! 1. `last_good`: which version of each file counts, because a broken one leaves its last good state in place;
//! 2. `languages`, `routes`, `templates`: what of the snapshot is another now.
//!
//! Whether the files fit together is looked at by a [`Review`], when somebody wants to know. How edits are noticed is the business of
//! whoever calls [`Workspace::refresh`].

mod languages;
mod last_good;
mod routes;
mod templates;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::Options;
use super::assets::{self, Basis, StaticSource};
use super::files::Files;
use super::memory::Memory;
use super::messages;
use super::settings::{Settings, SettingsFile};
use super::templates::Engine;
use crate::problem::{self, Problem};
use crate::snapshot::{Changed, Snapshot};
use languages::Languages;
use last_good::LastGood;
use routes::Routes;
use templates::Templates;

/// What has been edited, as far as anybody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    /// It is not known what: everything has to be looked at.
    All,
    /// Files and folders relative to the site's folder, with `/` between their parts. They were written, made, renamed or removed; a
    /// folder stands for all that is or was in it.
    Paths(BTreeSet<String>),
}

/// What became of an edit.
#[derive(Debug, Clone, Default)]
pub struct Refresh {
    /// Which parts of the snapshot are others than before.
    pub changed: Changed,
    /// The files that are others than before, relative to the site's folder, sorted: new, changed or gone.
    pub files: Vec<String>,
    /// How many files were read, those included that turned out to be as they were.
    pub read: usize,
    /// How many settings, routes, messages and templates were parsed.
    pub parsed: usize,
}

/// A site's folder and what was read from it.
#[derive(Debug)]
pub struct Workspace {
    folder: PathBuf,
    options: Options,
    /// What was read; nothing while the folder is not there.
    memory: Option<Memory>,
    settings: Arc<Settings>,
    settings_files: LastGood<SettingsFile>,
    languages: Languages,
    routes: Routes,
    templates: Templates,
    assets: Assets,
    snapshot: Snapshot,
    broken: Vec<Problem>,
    engine: Arc<Mutex<Option<Engine>>>,
}

/// What the static files of the snapshot were made of.
#[derive(Debug, Default)]
struct Assets {
    sources: Vec<StaticSource>,
    settings: Option<Arc<Settings>>,
    basis: Option<Basis>,
}

/// A workspace as it was at one moment, for looking through it elsewhere.
#[derive(Debug, Clone)]
pub struct Review {
    folder: PathBuf,
    options: Options,
    memory: Option<Memory>,
    /// Shared by all reviews of a workspace, so that each parses only what no other has parsed.
    engine: Arc<Mutex<Option<Engine>>>,
}

impl Workspace {
    /// Reads a site's folder. What cannot be read is taken from `fallback`, the site as it was frozen into the binary: all settings,
    /// routes or messages where one file of that kind is broken, until it is mended.
    pub fn open(folder: &Path, options: Options, fallback: Snapshot) -> Workspace {
        let mut workspace = Workspace {
            folder: folder.to_path_buf(),
            options,
            memory: None,
            settings: Arc::new(Settings::of_list(&fallback.settings)),
            settings_files: LastGood::default(),
            languages: Languages::default(),
            routes: Routes::default(),
            templates: Templates::default(),
            assets: Assets::default(),
            snapshot: fallback,
            broken: Vec::new(),
            engine: Arc::default(),
        };
        workspace.refresh(&Touched::All);
        workspace
    }

    /// The site as it is now; of what is broken, the last state without a mistake.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The mistakes in files that are used as they last were without any; empty where no file is broken. A broken template is none of
    /// these: the snapshot has it as it is.
    pub fn broken(&self) -> &[Problem] {
        &self.broken
    }

    /// Reads again what was touched. Where its bytes are the same as before, nothing changes.
    pub fn refresh(&mut self, touched: &Touched) -> Refresh {
        let mut memory = match self.touched(touched) {
            Ok(memory) => memory,
            Err(problem) => {
                self.broken = vec![*problem];
                return Refresh::default();
            }
        };
        self.broken.clear();
        let mut changed = Changed::default();
        let settings_errors = self.read_settings_and_messages(&mut memory, &mut changed);
        self.read_routes(&mut memory, &mut changed);
        self.read_assets(&mut memory, &mut changed);
        self.read_templates(&mut memory, &mut changed);
        self.read_migrations(&mut memory, &mut changed);
        // Settings that are no longer in their files are no longer wrong there.
        self.broken.retain(|problem| {
            settings_errors.is_empty() || !self.settings.are_in(&problem.file) || settings_errors.contains(problem)
        });
        problem::sort(&mut self.broken);
        let done = memory.settle();
        self.memory = Some(memory);
        Refresh { changed, files: done.others, read: done.read, parsed: done.parsed }
    }

    /// What is needed to look for all mistakes, on another thread perhaps, while edits go on.
    pub fn review(&self) -> Review {
        Review {
            folder: self.folder.clone(),
            options: self.options.clone(),
            memory: self.memory.clone(),
            engine: self.engine.clone(),
        }
    }

    /// What is known, without what was touched.
    fn touched(&mut self, touched: &Touched) -> Result<Memory, Box<Problem>> {
        let Some(mut memory) = self.memory.take().filter(|_| self.folder.is_dir()) else {
            return Memory::open(&self.folder);
        };
        match touched {
            Touched::All => memory.files.touch_all()?,
            Touched::Paths(paths) => memory.files.touch(paths.iter().map(String::as_str)),
        }
        Ok(memory)
    }

    /// The languages and the setting that names one of them have to fit together: nothing could be served otherwise. Gives the errors
    /// in the settings files themselves.
    fn read_settings_and_messages(&mut self, memory: &mut Memory, changed: &mut Changed) -> Vec<Problem> {
        let mut problems = Vec::new();
        let found = memory.settings(&mut problems);
        let settings_errors = taken(&mut memory.files, problems);
        let files = self.settings_files.pick(&found.files, &settings_errors);
        self.broken.extend(settings_errors.iter().cloned());
        let files = files.filter(|files| !last_good::are_same(files, self.settings.files()));
        let settings = files.map_or_else(|| self.settings.clone(), |files| Arc::new(Settings::new(files, true)));
        let mut problems = Vec::new();
        let found = memory.messages(&settings, &mut problems);
        let errors = taken(&mut memory.files, problems);
        let mut languages = self.languages.pick(&found, &errors);
        self.broken.extend(errors);
        let shown: Vec<&str> = self.snapshot.languages.iter().map(|language| language.code.as_ref()).collect();
        let codes = languages.as_ref().map_or_else(|| shown.clone(), |new| new.keys().map(String::as_str).collect());
        let mistake = messages::default_language(&settings, &codes).err();
        let is_language_gone = mistake.is_some() && messages::default_language(&settings, &shown).is_ok();
        if is_language_gone {
            languages = None;
        }
        if mistake.is_none() || is_language_gone {
            self.show_settings(settings, changed);
        }
        self.broken.extend(mistake.map(|problem| *problem));
        if let Some(languages) = languages {
            self.languages.show(languages, &mut self.snapshot.languages, &mut changed.languages);
        }
        settings_errors
    }

    fn show_settings(&mut self, settings: Arc<Settings>, changed: &mut Changed) {
        if Arc::ptr_eq(&settings, &self.settings) {
            return;
        }
        changed.settings = *self.snapshot.settings != *settings.list;
        if changed.settings {
            self.snapshot.settings = settings.list.clone().into();
        }
        self.settings = settings;
    }

    fn read_routes(&mut self, memory: &mut Memory, changed: &mut Changed) {
        let codes: Vec<String> = self.snapshot.languages.iter().map(|language| language.code.to_string()).collect();
        let mut problems = Vec::new();
        let found = memory.routes(&self.settings, &codes, &mut problems);
        let errors = taken(&mut memory.files, problems);
        let files = self.routes.pick(&found, &errors);
        self.broken.extend(errors);
        let Some(files) = files else { return };
        let repeated = super::routes::repeated_names(&files);
        match repeated.is_empty() {
            true => changed.routes = self.routes.show(files, &mut self.snapshot.routes),
            // What only the last good state of a file repeats is not to be mended in the others.
            false => self.broken.extend(super::routes::repeated_names(&found.files)),
        }
    }

    fn read_assets(&mut self, memory: &mut Memory, changed: &mut Changed) {
        let mut problems = Vec::new();
        let mut found = memory.assets(&self.settings, &mut problems);
        let errors = taken(&mut memory.files, problems);
        if !found.is_usable {
            self.broken.extend(errors);
            return;
        }
        found.make_shorter(&self.settings, &self.options, &mut Vec::new());
        let is_same_settings = self.assets.settings.as_ref().is_some_and(|same| Arc::ptr_eq(same, &self.settings));
        if self.settings.lacks_bundles() || (is_same_settings && found.sources == self.assets.sources) {
            return;
        }
        let table = &mut self.snapshot.assets;
        let revised = assets::revise(table, self.assets.basis.as_ref(), &found, &self.settings, &self.options);
        self.snapshot.version = revised.version.into();
        changed.assets = revised.changed;
        let (basis, settings) = (Some(revised.basis), Some(self.settings.clone()));
        self.assets = Assets { sources: found.sources, settings, basis };
    }

    fn read_templates(&mut self, memory: &mut Memory, changed: &mut Changed) {
        let mut problems = Vec::new();
        let found = memory.templates(&self.settings, &mut problems);
        let errors = taken(&mut memory.files, problems);
        match found.is_usable {
            true => self.templates.show(found.files, &mut self.snapshot.templates, &mut changed.templates),
            false => self.broken.extend(errors),
        }
    }

    fn read_migrations(&mut self, memory: &mut Memory, changed: &mut Changed) {
        let mut problems = Vec::new();
        let found = memory.migrations(&mut problems);
        let errors = taken(&mut memory.files, problems);
        if !found.is_usable {
            self.broken.extend(errors);
            return;
        }
        changed.migrations = *self.snapshot.migrations != *found.list;
        if changed.migrations {
            self.snapshot.migrations = found.list.into();
        }
    }
}

impl Review {
    /// All mistakes, sorted by file and line: the same as the build would find. Nothing is parsed that has been parsed before.
    pub fn problems(&self) -> Vec<Problem> {
        let memory = self.memory.clone().map_or_else(|| Memory::open(&self.folder), Ok);
        match memory {
            Ok(mut memory) => {
                let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
                memory.survey(&self.options).problems(&self.options, &mut engine)
            }
            Err(problem) => vec![*problem],
        }
    }
}

/// The mistakes that keep a file from being used, of those that have been found since the last call.
fn taken(files: &mut Files, mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.append(&mut files.problems);
    problems.retain(Problem::is_error);
    problems
}
