//! The templates as they are written, by name.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use ahash::AHashMap;

use super::inline;
use crate::snapshot::{List, Template};

/// The texts of all templates.
#[derive(Debug)]
pub(super) struct Sources {
    /// Sorted by name.
    templates: Vec<Arc<Template>>,
    /// The folder of the templates, for messages.
    folder: String,
    /// Whether scripts and styles that are not constant get a nonce.
    has_nonces: bool,
    /// The numbers of the templates that define a component, by its name; looked up when the first page asks.
    definers: OnceLock<AHashMap<String, Vec<usize>>>,
}

impl Sources {
    pub(super) fn new(templates: List<Template>, folder: &str, has_nonces: bool) -> Self {
        Sources::of(templates.into_owned().into_iter().map(Arc::new).collect(), folder, has_nonces)
    }

    /// The same with the `changed` templates as they are now. The others are shared.
    pub(super) fn revised(&self, templates: &[Template], folder: &str, changed: &BTreeSet<String>) -> Self {
        let shared = |template: &Template| {
            let known = self.get(&template.name).filter(|_| !changed.contains(&*template.name));
            known.cloned().unwrap_or_else(|| Arc::new(template.clone()))
        };
        Sources::of(templates.iter().map(shared).collect(), folder, self.has_nonces)
    }

    fn of(mut templates: Vec<Arc<Template>>, folder: &str, has_nonces: bool) -> Self {
        templates.sort_by(|one, other| one.name.cmp(&other.name));
        Sources { templates, folder: folder.to_string(), has_nonces, definers: OnceLock::new() }
    }

    pub(super) fn has_nonces(&self) -> bool {
        self.has_nonces
    }

    /// What the engine is given of a template.
    pub(super) fn text<'t>(&self, template: &'t Template) -> Cow<'t, str> {
        if self.has_nonces { inline::with_nonces(template) } else { Cow::Borrowed(&template.source) }
    }

    /// The column that the engine means by one of that text, both counted from 1.
    pub(super) fn column(&self, name: &str, line: usize, column: usize) -> usize {
        let template = self.get(name).filter(|_| self.has_nonces);
        template.map_or(column, |template| inline::column(template, line, column))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Arc<Template>> {
        let found = self.templates.binary_search_by(|template| (*template.name).cmp(name));
        found.ok().map(|number| &self.templates[number])
    }

    /// All templates, sorted by name.
    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Template>> {
        self.templates.iter()
    }

    pub(super) fn folder(&self) -> &str {
        &self.folder
    }

    /// The templates that define a component: one, unless somebody made a mistake.
    pub(super) fn defining(&self, component: &str) -> impl Iterator<Item = &Arc<Template>> {
        let definers = self.definers.get_or_init(|| {
            let mut definers: AHashMap<String, Vec<usize>> = AHashMap::new();
            for (number, template) in self.templates.iter().enumerate() {
                for component in template.links.defines.iter() {
                    definers.entry(component.to_string()).or_default().push(number);
                }
            }
            definers
        });
        definers.get(component).into_iter().flatten().map(|number| &self.templates[*number])
    }

    /// How messages name a template's file.
    pub(super) fn path(&self, name: &str) -> String {
        match self.folder.trim_end_matches('/') {
            "" => name.to_string(),
            folder => format!("{folder}/{name}"),
        }
    }
}
