//! The only door to the template engine at run time.
//!
//! In production all templates are compiled and linked once, when the site is made; a render looks nothing up but the template
//! ([`engine`]). In development each page is compiled by itself ([`pages`]), with the templates that it needs ([`closure`]). The filters
//! `trans`, `url` and `asset` are in [`filters`], what an error of the engine says to people in [`failure`].

mod circle;
mod closure;
mod current;
mod engine;
mod failure;
mod filters;
mod inline;
mod once;
mod pages;
mod sources;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use inline::Needs;
pub use once::mark_for_once;
pub(crate) use once::noting;
pub use tera::{Context, Kwargs, State, Tera, TeraResult, Value};

use super::assets::Assets;
use super::translator::Translator;
use super::urls::Urls;
use crate::error::Error;
use crate::snapshot::{List, Template};
use closure::Closure;
use engine::Whole;
use pages::Pages;
use sources::Sources;

/// What a site adds to the engine: its own filters, functions and tests.
pub type TeraSetup<'a> = dyn Fn(&mut Tera) + 'a;

/// The variable that always holds the language.
const LANGUAGE: &str = "language";

/// Variables that are only computed for a template that uses them. `flash` and `session` are there where the site has sessions.
const LAZY: [&str; 4] = ["flash", "request", "route", "session"];

/// Functions of templates that give one of the view's values, which has the same name; services give them.
const FUNCTIONS: [(&str, &str); 2] = [("csrf_field", "csrf"), ("csrf_token", "csrf")];

/// The engine's name for the whole context; a template that prints it, to find a mistake, uses every variable.
const EVERYTHING: &str = "__tera_context";

/// Gives a value by its name.
pub type Values = Arc<dyn Fn(&str) -> Option<Value> + Send + Sync>;

/// What a template sees besides its context.
pub struct View<'a> {
    /// The request's language: the variable `language`, and what `trans` and `url` take without `_lang`. Empty: the default.
    pub language: &'a str,
    /// Gives the values of [`LAZY`] and [`FUNCTIONS`], and the nonce; only called for those that the template, or what it needs, uses.
    pub values: Values,
}

/// Templates that can be rendered.
pub struct Renderer {
    sources: Arc<Sources>,
    engines: Engines,
    filters: Filters,
}

/// Where the compiled templates are.
enum Engines {
    /// All in one engine, compiled when the site is made: a request takes no lock and never waits for the compiler.
    One(Arc<Whole>),
    /// In an engine per page, compiled when the page is asked for: an edit concerns only the pages that have a part in it.
    EachPage(Pages),
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

/// What templates are compiled with.
pub struct Equipment<'a> {
    /// The folder of the templates, for messages.
    pub folder: &'a str,
    /// What Kalgan's own filters read.
    pub filters: Filters,
    /// Whether all templates are compiled at once. Otherwise each page is, when it is asked for first.
    pub is_prod: bool,
    /// Whether scripts and styles that are not constant get a nonce, because the site's policy asks for it.
    pub has_nonces: bool,
    /// Runs after Kalgan's own filters are registered, so it may replace them (B129).
    pub setup: &'a TeraSetup<'a>,
}

impl Renderer {
    /// Prepares templates for rendering.
    ///
    /// # Errors
    ///
    /// [`Error::Template`] in production, with the first template that does not compile or whose parent is missing. In development it
    /// is the rendering of the pages that need it that fails.
    pub fn new(templates: List<Template>, equipment: Equipment) -> Result<Self, Error> {
        Renderer::of(Arc::new(Sources::new(templates, equipment.folder, equipment.has_nonces)), equipment)
    }

    /// The same with the `changed` templates as they are now. What was compiled is kept where neither its templates nor what the
    /// filters read has changed.
    ///
    /// # Errors
    ///
    /// As [`Renderer::new`].
    pub fn revised(
        &self,
        templates: &[Template],
        changed: &BTreeSet<String>,
        equipment: Equipment,
    ) -> Result<Self, Error> {
        if self.sources.has_nonces() != equipment.has_nonces {
            return Renderer::new(templates.to_vec().into(), equipment);
        }
        let sources = match changed.is_empty() && self.sources.folder() == equipment.folder {
            true => Arc::clone(&self.sources),
            false => Arc::new(self.sources.revised(templates, equipment.folder, changed)),
        };
        let is_same = self.filters.is_same(&equipment.filters);
        let engines = match &self.engines {
            Engines::One(engine) if is_same && equipment.is_prod && changed.is_empty() => {
                Engines::One(Arc::clone(engine))
            }
            Engines::EachPage(pages) if is_same && !equipment.is_prod => {
                Engines::EachPage(pages.revised(changed, &self.sources, &sources))
            }
            _ => return Renderer::of(sources, equipment),
        };
        Ok(Renderer { sources, engines, filters: equipment.filters })
    }

    fn of(sources: Arc<Sources>, equipment: Equipment) -> Result<Self, Error> {
        let Equipment { filters, is_prod, setup, .. } = equipment;
        let mut base = Tera::new();
        filters::register(&mut base, filters.clone());
        setup(&mut base);
        let engines = match is_prod {
            true => {
                let whole = Whole::new(base, &sources);
                Engines::One(Arc::new(whole.map_err(|error| failure::compiling("", &error, &sources))?))
            }
            false => Engines::EachPage(Pages::new(base)),
        };
        Ok(Renderer { sources, engines, filters })
    }

    /// Renders a template. Variables of the context hide those of the view.
    ///
    /// The view's language is known to the filters in every part of the template, also in components, whose scope is their own.
    /// Rendering never waits, so it may be called from async code, but a large page keeps the worker busy meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::Template`] where there is no such template or it fails; in development also where it, or a template that it needs, does
    /// not compile.
    pub fn render(&self, name: &str, context: Context, view: &View) -> Result<String, Error> {
        match &self.engines {
            Engines::One(whole) => {
                let used = whole.used.get(name).map_or(&[][..], Vec::as_slice);
                self.run(&whole.engine, used, name, (context, view))
            }
            Engines::EachPage(pages) => {
                let page = pages.page(name, &self.sources)?;
                self.run(&page.engine, &page.used, name, (context, view))
            }
        }
    }

    fn run(
        &self,
        engine: &Tera,
        used: &[&'static str],
        name: &str,
        (mut context, view): (Context, &View),
    ) -> Result<String, Error> {
        if !context.contains_key(LANGUAGE) {
            context.insert_value(LANGUAGE, Value::normal_string(view.language));
        }
        for variable in used {
            if !context.contains_key(variable)
                && let Some(value) = (view.values)(variable)
            {
                context.insert_value(*variable, value);
            }
        }
        let _view = current::set(view);
        engine.render(name, &context).map_err(|error| failure::rendering(name, &error, &self.sources))
    }

    /// Whether there is a template of that name.
    pub fn contains(&self, name: &str) -> bool {
        self.sources.get(name).is_some()
    }

    /// The names of all templates, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(|template| &*template.name)
    }

    /// What a page of that template needs of its policy.
    pub fn needs(&self, name: &str) -> Needs {
        Needs::of(&Closure::new(name, &self.sources))
    }

    /// Whether a template, or one that it needs, asks for messages.
    pub(crate) fn has_messages(&self, name: &str) -> bool {
        Closure::new(name, &self.sources).has_messages()
    }
}

impl Filters {
    /// Whether others read the very same things.
    fn is_same(&self, other: &Filters) -> bool {
        Arc::ptr_eq(&self.translator, &other.translator)
            && Arc::ptr_eq(&self.urls, &other.urls)
            && Arc::ptr_eq(&self.assets, &other.assets)
    }
}

impl std::fmt::Debug for Renderer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Renderer").field("templates", &self.sources.iter().len()).finish_non_exhaustive()
    }
}
