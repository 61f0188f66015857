//! All files of a site as they are at one moment, also those with mistakes, and the mistakes that only show when they are held against
//! each other.

use std::sync::Arc;

use super::assets::{self, StaticSource};
use super::check::{self, Complete};
use super::memory::Memory;
use super::messages;
use super::routes;
use super::settings::Settings;
use super::templates::{self, Declared, Engine};
use super::{Options, empty, errors};
use crate::problem::{self, Problem};
use crate::snapshot::{Asset, Blob, Language, Migration, Route, Snapshot, Text};

/// What the files of a site say.
pub struct Survey {
    /// The settings of all files.
    pub settings: Arc<Settings>,
    /// One per folder of messages, sorted by code.
    pub languages: Vec<Language>,
    /// In declared order.
    pub routes: Vec<Route>,
    /// In a release as short as they are served.
    pub assets: assets::Found,
    /// Sorted by name.
    pub templates: templates::Found,
    /// Sorted by number.
    pub migrations: Vec<Migration>,
    complete: Complete,
    /// Whether all settings and templates could be read.
    are_templates_complete: bool,
    problems: Vec<Problem>,
}

impl Survey {
    /// Reads what has not been read before.
    pub fn new(memory: &mut Memory, options: &Options) -> Survey {
        let mut problems = Vec::new();
        let found = memory.settings(&mut problems);
        let settings = Arc::new(Settings::new(found.files, found.complete));
        settings.warn_of_clashes(&mut problems);
        let messages = memory.messages(&settings, &mut problems);
        let codes: Vec<String> = messages.folders.iter().map(|folder| folder.code.clone()).collect();
        messages::check(&messages, &settings, &mut problems);
        let languages = messages.folders.iter().map(|folder| messages::language(&folder.code, &folder.files)).collect();
        let route_files = memory.routes(&settings, &codes, &mut problems);
        routes::check(&route_files.files, &mut problems);
        let routes = routes::list(&route_files.files);
        let before = errors(&memory.files, &problems);
        let mut assets = memory.assets(&settings, &mut problems);
        assets.check(&settings, &routes, options.is_prod, &mut problems);
        assets.make_shorter(&settings, options, &mut problems);
        let are_assets_complete = errors(&memory.files, &problems) == before;
        let before = errors(&memory.files, &problems);
        let templates = memory.templates(&settings, &mut problems);
        let are_templates_complete = settings.complete && errors(&memory.files, &problems) == before;
        let migrations = memory.migrations(&mut problems).list;
        problems.append(&mut memory.files.problems);
        let complete = Complete {
            messages: settings.complete && messages.complete,
            routes: settings.complete && route_files.complete,
            assets: settings.complete && are_assets_complete,
        };
        Survey {
            settings,
            languages,
            routes,
            assets,
            templates,
            migrations,
            complete,
            are_templates_complete,
            problems,
        }
    }

    /// All mistakes, sorted by file and line. The engine may be that of an earlier survey; it then parses only templates that are new.
    pub fn problems(&mut self, options: &Options, engine: &mut Option<Engine>) -> Vec<Problem> {
        let mut problems = std::mem::take(&mut self.problems);
        let declared = Declared::new(&self.settings, self.are_templates_complete);
        let kept = engine.take().filter(|engine| engine.has(&declared));
        let engine = engine.insert(kept.unwrap_or_else(|| Engine::new(&declared)));
        let usages = templates::check(&self.templates.files, engine, declared.complete, &mut problems);
        problems.extend(check::check(&usages, &self.names(options), self.complete));
        problem::sort(&mut problems);
        problems
    }

    /// The names that templates may use, as a snapshot without the contents of templates and static files.
    fn names(&self, options: &Options) -> Snapshot {
        let asset = |source: &StaticSource| Asset {
            path: source.address.clone().into(),
            is_root: source.is_root,
            is_patched: false,
            mime: Text::default(),
            hash: Text::default(),
            version: Text::default(),
            body: Blob::Static(&[]),
            variants: Vec::new().into(),
        };
        Snapshot {
            settings: self.settings.list.clone().into(),
            languages: self.languages.clone().into(),
            routes: self.routes.clone().into(),
            assets: self.assets.sources.iter().map(asset).collect(),
            ..empty(options)
        }
    }
}
