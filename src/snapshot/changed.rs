//! What an edit changed.

use std::collections::BTreeSet;

/// Which parts of a snapshot are others than before: what was made from the rest can be used again.
///
/// Names stand for what is new, what is another than before, and what is gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// Whether any setting is another.
    pub settings: bool,
    /// Whether any route is another.
    pub routes: bool,
    /// Codes of the languages whose messages are others.
    pub languages: BTreeSet<String>,
    /// Names of the templates that are others.
    pub templates: BTreeSet<String>,
    /// Addresses of the static files that are others, as in [`Asset::path`](super::Asset::path).
    pub assets: BTreeSet<String>,
    /// Whether any migration is another.
    pub migrations: bool,
}

impl Changed {
    /// Whether everything is as it was.
    pub fn is_nothing(&self) -> bool {
        *self == Changed::default()
    }

    /// Adds what a later edit changed.
    pub fn add(&mut self, later: &Changed) {
        self.settings |= later.settings;
        self.routes |= later.routes;
        self.languages.extend(later.languages.iter().cloned());
        self.templates.extend(later.templates.iter().cloned());
        self.assets.extend(later.assets.iter().cloned());
        self.migrations |= later.migrations;
    }
}
