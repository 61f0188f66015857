//! The only door to the template engine at run time.
//!
//! All templates are compiled and linked once, when the site is made; a render looks nothing up but the template. The filters
//! `trans`, `url` and `asset` are in [`filters`], what an error of the engine says to people in [`failure`].

mod current;
mod failure;
mod filters;
mod once;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use ahash::{AHashMap, AHashSet};
pub use once::mark_for_once;
pub(crate) use once::noting;
pub use tera::{Context, Kwargs, State, Tera, TeraResult, Value};

use super::assets::Assets;
use super::translator::Translator;
use super::urls::Urls;
use crate::error::Error;
use crate::snapshot::{List, Template};

/// What a site adds to the engine: its own filters, functions and tests.
pub type TeraSetup<'a> = dyn Fn(&mut Tera) + 'a;

/// The variable that always holds the language.
const LANGUAGE: &str = "language";

/// Variables that are only computed for a template that uses them.
const LAZY: [&str; 2] = ["request", "route"];

/// The engine's name for the whole context; a template that prints it, to find a mistake, uses every variable.
const EVERYTHING: &str = "__tera_context";

/// What a template sees besides its context.
pub struct View<'a> {
    /// The request's language: the variable `language`, and what `trans` and `url` take without `_lang`. Empty: the default.
    pub language: &'a str,
    /// Gives the variables `request` and `route`; only called for those that the template, a parent or an include of it uses.
    pub values: &'a dyn Fn(&str) -> Option<Value>,
}

/// Compiled templates.
pub struct Renderer {
    engine: Tera,
    sources: List<Template>,
    /// The folder of the templates, for messages.
    folder: String,
    /// The variables of [`LAZY`] that a template uses, by the template's name.
    used: AHashMap<String, Vec<&'static str>>,
}

/// What the filters of Kalgan read.
#[derive(Debug, Clone)]
pub struct Filters {
    /// For `trans`.
    pub translator: Arc<Translator>,
    /// For `url`.
    pub urls: Arc<Urls>,
    /// For `asset`.
    pub assets: Arc<Assets>,
}

impl Renderer {
    /// Compiles all templates. `folder` is where they are, for messages; `setup` runs after Kalgan's own filters are registered,
    /// so it may replace them (B129).
    ///
    /// # Errors
    ///
    /// [`Error::Template`] with the first template that does not compile or whose parent is missing.
    pub fn new(templates: List<Template>, folder: &str, filters: Filters, setup: &TeraSetup) -> Result<Self, Error> {
        let mut engine = Tera::new();
        filters::register(&mut engine, filters);
        setup(&mut engine);
        let mut renderer = Renderer { engine, sources: templates, folder: folder.to_string(), used: AHashMap::new() };
        let sources = renderer.sources.iter().map(|template| (&*template.name, &*template.source));
        if let Err(error) = renderer.engine.add_raw_templates(sources) {
            return Err(renderer.failure("", &error));
        }
        renderer.used = renderer.used_variables();
        Ok(renderer)
    }

    /// Renders a template. Variables of the context hide those of the view.
    ///
    /// The view's language is known to the filters in every part of the template, also in components, whose scope is their own.
    /// Rendering never waits, so it may be called from async code, but a large page keeps the worker busy meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::Template`] where there is no such template or it fails.
    pub fn render(&self, name: &str, mut context: Context, view: &View) -> Result<String, Error> {
        if !context.contains_key(LANGUAGE) {
            context.insert_value(LANGUAGE, Value::normal_string(view.language));
        }
        for variable in self.used.get(name).into_iter().flatten() {
            if !context.contains_key(variable)
                && let Some(value) = (view.values)(variable)
            {
                context.insert_value(*variable, value);
            }
        }
        let _language = current::set(view.language);
        self.engine.render(name, &context).map_err(|error| self.failure(name, &error))
    }

    /// Whether there is a template of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.used.contains_key(name)
    }

    /// The variables of [`LAZY`] that each template uses, itself or through what it extends or includes.
    fn used_variables(&self) -> AHashMap<String, Vec<&'static str>> {
        let implicit = self.implicit_variables();
        // The engine does not count this name as a variable, so a site where it stands anywhere computes all, everywhere.
        let everything = self.sources.iter().any(|template| template.source.contains(EVERYTHING));
        let used = |name: &str| {
            let direct = self.engine.get_template_variables(name).unwrap_or_default();
            let is_used = |name: &&&str| everything || direct.contains(**name) || implicit.contains(**name);
            LAZY.iter().filter(is_used).copied().collect::<Vec<_>>()
        };
        self.sources.iter().map(|template| (template.name.to_string(), used(&template.name))).collect()
    }

    /// The variables that components take from whoever calls them (`@request`). Which template calls which component the engine
    /// does not tell, so these count as used everywhere.
    fn implicit_variables(&self) -> AHashSet<String> {
        let components =
            self.engine.get_component_names().filter_map(|name| self.engine.get_component_definition(name));
        let names = components.flat_map(|component| {
            let implicit = component.args().iter().filter(|argument| argument.is_implicit());
            implicit.map(|argument| argument.name().to_string()).collect::<Vec<_>>()
        });
        names.collect()
    }
}

impl std::fmt::Debug for Renderer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Renderer").field("templates", &self.sources.len()).finish_non_exhaustive()
    }
}
