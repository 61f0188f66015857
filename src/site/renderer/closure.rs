//! The templates that one page needs: what it extends and includes, the templates that define the components which are used, and
//! what those need in turn.

use std::collections::BTreeSet;
use std::sync::Arc;

use ahash::AHashSet;

use super::sources::Sources;
use crate::snapshot::{Template, Text};

/// What one page is made of.
#[derive(Debug, Default)]
pub(super) struct Closure {
    /// The templates that are there.
    pub(super) templates: Vec<Arc<Template>>,
    /// The names of all templates that it is made of, also of those that are not there.
    names: AHashSet<Text>,
    /// The names of those that are not there.
    missing: Vec<Text>,
    /// The names of the components that are used in it, also of those that nobody defines.
    components: AHashSet<Text>,
}

impl Closure {
    /// What the page of that name is made of.
    pub(super) fn new(name: &str, sources: &Sources) -> Self {
        let mut closure = Closure::default();
        let mut waiting = vec![Text::Owned(name.to_string())];
        while let Some(name) = waiting.pop() {
            if !closure.names.insert(name.clone()) {
                continue;
            }
            match sources.get(&name) {
                Some(template) => closure.add(template, sources, &mut waiting),
                None => {
                    waiting.extend(standing_in(&name, sources).map(|template| template.name.clone()));
                    closure.missing.push(name);
                }
            }
        }
        closure
    }

    fn add(&mut self, template: &Arc<Template>, sources: &Sources, waiting: &mut Vec<Text>) {
        let links = &template.links;
        waiting.extend(links.templates.iter().cloned());
        for component in links.components.iter() {
            if self.components.insert(component.clone()) {
                waiting.extend(sources.defining(component).map(|template| template.name.clone()));
            }
        }
        self.templates.push(Arc::clone(template));
    }

    /// Whether the page may be another after an edit of these templates. A name that was missing may be there now, and a component may
    /// be defined somewhere else.
    pub(super) fn is_touched(&self, changed: &BTreeSet<String>, old: &Sources, new: &Sources) -> bool {
        let defines = |name: &str, sources: &Sources| {
            let template = sources.get(name);
            template.is_some_and(|template| template.links.defines.iter().any(|name| self.components.contains(name)))
        };
        changed.iter().any(|name| {
            self.names.contains(name.as_str())
                || self.missing.iter().any(|missing| stands_in(name, missing))
                || defines(name, old)
                || defines(name, new)
        })
    }

    /// Whether any of its templates asks for messages.
    pub(super) fn has_messages(&self) -> bool {
        self.templates.iter().any(|template| template.links.has_messages)
    }
}

/// The templates that the engine may take for one that is not there: a site can tell it, with `Tera::set_fallback_prefixes`, to look
/// in other folders too. Which those are the engine does not tell.
fn standing_in<'s>(missing: &'s str, sources: &'s Sources) -> impl Iterator<Item = &'s Arc<Template>> {
    sources.iter().filter(move |template| stands_in(&template.name, missing))
}

fn stands_in(name: &str, missing: &str) -> bool {
    !missing.is_empty() && name.strip_suffix(missing).is_some_and(|prefix| prefix.ends_with('/'))
}
