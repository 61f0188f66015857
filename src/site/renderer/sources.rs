//! The templates as they are written, by name.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use ahash::AHashMap;

use crate::snapshot::{List, Template};

/// The texts of all templates.
#[derive(Debug)]
pub(super) struct Sources {
    /// Sorted by name.
    templates: Vec<Arc<Template>>,
    /// The folder of the templates, for messages.
    folder: String,
    /// The numbers of the templates that define a component, by its name; looked up when the first page asks.
    definers: OnceLock<AHashMap<String, Vec<usize>>>,
}

impl Sources {
    pub(super) fn new(templates: List<Template>, folder: &str) -> Self {
        Sources::of(templates.into_owned().into_iter().map(Arc::new).collect(), folder)
    }

    /// The same with the `changed` templates as they are now. The others are shared.
    pub(super) fn revised(&self, templates: &[Template], folder: &str, changed: &BTreeSet<String>) -> Self {
        let shared = |template: &Template| {
            let known = self.get(&template.name).filter(|_| !changed.contains(&*template.name));
            known.cloned().unwrap_or_else(|| Arc::new(template.clone()))
        };
        Sources::of(templates.iter().map(shared).collect(), folder)
    }

    fn of(mut templates: Vec<Arc<Template>>, folder: &str) -> Self {
        templates.sort_by(|one, other| one.name.cmp(&other.name));
        Sources { templates, folder: folder.to_string(), definers: OnceLock::new() }
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
