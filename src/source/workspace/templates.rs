//! The templates of the snapshot: after an edit only those are put in place that are others.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::snapshot::{List, Template};
use crate::source::templates::Parsed;

/// What the templates of the snapshot were made of.
#[derive(Debug, Default)]
pub struct Templates {
    /// In the order of the snapshot; empty as long as it has none of the folder's.
    shown: Vec<Arc<Parsed>>,
}

impl Templates {
    /// Makes the templates, sorted by name, be those of these files, and tells which are others.
    pub fn show(&mut self, files: Vec<Arc<Parsed>>, templates: &mut List<Template>, changed: &mut BTreeSet<String>) {
        if super::last_good::are_same(&files, &self.shown) && files.len() == templates.len() {
            return;
        }
        let sources = self.shown.iter().map(Some).chain(std::iter::repeat(None));
        let mut old = std::mem::take(templates).into_owned().into_iter().zip(sources).peekable();
        let mut new = Vec::with_capacity(files.len());
        for file in &files {
            while let Some((gone, _)) = old.next_if(|(before, _)| *before.name < *file.name()) {
                changed.insert(gone.name.to_string());
            }
            let before = old.next_if(|(before, _)| *before.name == *file.name());
            new.push(match before {
                Some((before, Some(source))) if Arc::ptr_eq(source, file) => before,
                before => {
                    let template = file.template();
                    if before.is_none_or(|(before, _)| before != template) {
                        changed.insert(file.name().to_string());
                    }
                    template
                }
            });
        }
        changed.extend(old.map(|(gone, _)| gone.name.to_string()));
        *templates = new.into();
        self.shown = files;
    }
}
