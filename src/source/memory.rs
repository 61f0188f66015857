//! A site's folder with everything that was made of its files, each by itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Options;
use super::assets::AssetMemo;
use super::files::{Files, TextFile};
use super::memo::Memo;
use super::messages::{self, MessageFile};
use super::migrations;
use super::routes::{self, RouteMemo};
use super::settings::{self, Settings, SettingsFile};
use super::survey::Survey;
use super::templates::{self, Parsed};
use crate::problem::Problem;

/// What is remembered of a site's files. A clone is cheap and shares what was made; it is that of one moment.
#[derive(Debug, Clone)]
pub struct Memory {
    /// The folder, with what went wrong in it since its problems were taken.
    pub files: Files,
    settings: Memo<TextFile, SettingsFile>,
    messages: Memo<TextFile, MessageFile>,
    routes: RouteMemo,
    assets: AssetMemo,
    templates: Memo<TextFile, Parsed>,
}

/// What was done since the last time that somebody asked.
#[derive(Debug, Clone, Default)]
pub struct Done {
    /// The files that are others than before, sorted: new, changed or gone.
    pub others: Vec<String>,
    /// How many files were read.
    pub read: usize,
    /// How many of them were parsed: settings, messages, routes and templates.
    pub parsed: usize,
}

impl Memory {
    /// Nothing is known yet.
    ///
    /// # Errors
    /// The folder is not there, is a file, or may not be read.
    pub fn open(folder: &Path) -> Result<Memory, Box<Problem>> {
        Ok(Memory {
            files: Files::open(folder)?,
            settings: Memo::default(),
            messages: Memo::default(),
            routes: RouteMemo::default(),
            assets: AssetMemo::default(),
            templates: Memo::default(),
        })
    }

    /// The settings files.
    pub fn settings(&mut self, problems: &mut Vec<Problem>) -> settings::Found {
        settings::find(&mut self.files, &mut self.settings, problems)
    }

    /// The message files of all languages.
    pub fn messages(&mut self, settings: &Settings, problems: &mut Vec<Problem>) -> messages::Found {
        messages::find(&mut self.files, &mut self.messages, settings, problems)
    }

    /// The route files, given the codes of the languages.
    pub fn routes(&mut self, settings: &Settings, codes: &[String], problems: &mut Vec<Problem>) -> routes::Found {
        routes::find(&mut self.files, &mut self.routes, settings, codes, problems)
    }

    /// The static files.
    pub fn assets(&mut self, settings: &Arc<Settings>, problems: &mut Vec<Problem>) -> super::assets::Found {
        super::assets::find(&mut self.files, &mut self.assets, settings, problems)
    }

    /// The templates.
    pub fn templates(&mut self, settings: &Settings, problems: &mut Vec<Problem>) -> templates::Found {
        templates::find(&mut self.files, &mut self.templates, settings, problems)
    }

    /// The migrations. Nothing is made of their texts, so nothing is remembered beside those.
    pub fn migrations(&mut self, problems: &mut Vec<Problem>) -> migrations::Found {
        migrations::find(&mut self.files, problems)
    }

    /// Everything that the files say, with what is wrong with each alone.
    pub fn survey(&mut self, options: &Options) -> Survey {
        Survey::new(self, options)
    }

    /// The files and folders that were read and are there.
    pub fn watched(&self) -> Vec<PathBuf> {
        self.files.watched()
    }

    /// Forgets what nobody has asked for since the last call, and tells what was done.
    pub fn settle(&mut self) -> Done {
        let read = self.files.settle();
        self.assets.settle();
        let parsed = self.settings.settle() + self.messages.settle() + self.routes.settle() + self.templates.settle();
        Done { others: read.others.into_iter().collect(), read: read.count, parsed }
    }
}
