//! The engines of a site in development: one for each page, with the templates of that page and no others.
//!
//! The engine links all its templates again whenever one is added, which takes as long as the site has templates; and it takes all or
//! none, so that one broken template would break every page. A page's own few templates take a fraction of a millisecond, when the
//! page is asked for first and after one of them has changed.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use ahash::AHashMap;

use super::closure::Closure;
use super::engine::{Variables, compile};
use super::sources::Sources;
use super::{Tera, circle, failure};
use crate::error::Error;

/// The engines that were made so far.
pub(super) struct Pages {
    /// What every engine begins as: Kalgan's filters and what the site registers.
    base: Arc<Tera>,
    made: RwLock<AHashMap<String, Arc<Page>>>,
}

/// One page's engine.
pub(super) struct Page {
    pub(super) engine: Tera,
    /// The variables of [`LAZY`](super::LAZY) that it uses.
    pub(super) used: Vec<&'static str>,
    closure: Closure,
}

impl Pages {
    pub(super) fn new(base: Tera) -> Self {
        Pages { base: Arc::new(base), made: RwLock::default() }
    }

    /// The same after an edit of these templates: engines that hold none of them are kept.
    pub(super) fn revised(&self, changed: &BTreeSet<String>, old: &Sources, new: &Sources) -> Self {
        let made = self.made.read().unwrap_or_else(PoisonError::into_inner);
        let kept = made.iter().filter(|(_, page)| !page.closure.is_touched(changed, old, new));
        let kept = kept.map(|(name, page)| (name.clone(), Arc::clone(page))).collect();
        Pages { base: Arc::clone(&self.base), made: RwLock::new(kept) }
    }

    /// The engine of a page, made now where it is asked for first.
    pub(super) fn page(&self, name: &str, sources: &Sources) -> Result<Arc<Page>, Error> {
        if let Some(page) = self.made.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(Arc::clone(page));
        }
        // Made without the lock, so that no other page waits for it; of two that were made at once one is kept.
        let page = Arc::new(self.make(name, sources)?);
        // A name that is no template's is not kept: it may come from a client, and there is no end of such names.
        if !page.closure.templates.is_empty() {
            let mut made = self.made.write().unwrap_or_else(PoisonError::into_inner);
            made.insert(name.to_string(), Arc::clone(&page));
        }
        Ok(page)
    }

    /// The names of the pages whose engines are there, sorted.
    #[cfg(test)]
    pub(super) fn names(&self) -> Vec<String> {
        let made = self.made.read().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<String> = made.keys().cloned().collect();
        names.sort_unstable();
        names
    }

    fn make(&self, name: &str, sources: &Sources) -> Result<Page, Error> {
        let closure = Closure::new(name, sources);
        let mut engine = Tera::clone(&self.base);
        let templates = || closure.templates.iter().map(|template| &**template);
        let used = match closure.templates.is_empty() {
            true => Vec::new(),
            false => {
                compile(&mut engine, templates(), sources)
                    .map_err(|error| failure::compiling(name, &error, sources))?;
                if let Some(way) = circle::by_super(&closure.templates) {
                    return Err(failure::circling(name, &way, sources));
                }
                let variables = Variables::new(&engine, templates());
                sources.get(name).map(|template| variables.of(&template.name)).unwrap_or_default()
            }
        };
        Ok(Page { engine, used, closure })
    }
}
