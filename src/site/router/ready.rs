//! One route: what the rest of the program sees of it, and its paths made ready for matching.

use std::sync::Arc;

use ahash::AHashMap;

use super::entry::Entry;
use crate::problem::Problem;
use crate::snapshot::{Limits, List, Path, Place, Route, Text};

/// A route as the rest of the program sees it.
#[derive(Debug, Clone)]
pub struct ReadyRoute {
    /// The name that `url` uses.
    pub name: Text,
    /// The controller's path below `crate::controller`.
    pub controller: Text,
    /// The middleware's paths below `crate::middleware`, in the order in which they run.
    pub middleware: List<Text>,
    /// The patterns, one per language or a single one.
    pub paths: List<Path>,
    /// The methods in upper case; `None` means every method.
    pub methods: Option<List<Text>>,
    /// What it allows other than the settings do.
    pub limits: Limits,
    /// The host, its labels texts, `*` or `{name}`; `None` means every host.
    pub host: Option<Text>,
    /// Where the route's name stands.
    pub place: Place,
    requirements: List<(Text, Text)>,
    language: Option<Text>,
}

/// A route with its paths, which later routers may share.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) route: ReadyRoute,
    pub(super) entries: Vec<Arc<Entry>>,
}

/// The routes of a router by name, to find out which of them a later one has too.
pub(in crate::site) struct Known<'r>(pub(super) AHashMap<&'r str, &'r Arc<Prepared>>);

impl ReadyRoute {
    /// The pattern for a language; the first one where the route has none for it.
    pub fn pattern(&self, language: &str) -> &str {
        let of_language = self.paths.iter().find(|path| path.language.as_deref() == Some(language));
        of_language.or(self.paths.first()).map_or("", |path| &path.pattern)
    }

    /// Whether the route answers a method; one that answers `GET` answers `HEAD`.
    pub fn allows(&self, method: &http::Method) -> bool {
        let Some(methods) = &self.methods else { return true };
        let is_head = method == http::Method::HEAD;
        methods.iter().any(|allowed| *allowed == method.as_str() || (is_head && *allowed == "GET"))
    }

    fn new(route: &Route) -> Self {
        ReadyRoute {
            name: route.name.clone(),
            controller: route.controller.clone(),
            middleware: route.middleware.clone(),
            paths: route.paths.clone(),
            methods: route.methods.clone(),
            limits: route.limits,
            host: route.host.clone(),
            place: route.place.clone(),
            requirements: route.requirements.clone(),
            language: route.language.clone(),
        }
    }

    /// Whether a route matches the same hosts and paths and writes the same addresses.
    fn has_paths_of(&self, route: &Route) -> bool {
        self.paths == route.paths
            && self.host == route.host
            && self.requirements == route.requirements
            && self.language == route.language
    }

    fn is(&self, route: &Route) -> bool {
        self.has_paths_of(route)
            && self.name == route.name
            && self.controller == route.controller
            && self.middleware == route.middleware
            && self.methods == route.methods
            && self.limits == route.limits
            && self.place == route.place
    }
}

impl Prepared {
    /// Makes a route ready; gives a problem for each requirement that is wrong.
    pub(super) fn new(route: &Route, languages: &Arc<[Arc<str>]>) -> Result<Self, Vec<Problem>> {
        let mut entries = Vec::new();
        let mut problems = Vec::new();
        for path in route.paths.iter() {
            match Entry::new(route, path, languages) {
                Ok(entry) => entries.push(Arc::new(entry)),
                Err(reason) => problems.push(problem(route, &reason)),
            }
        }
        if problems.is_empty() { Ok(Prepared { route: ReadyRoute::new(route), entries }) } else { Err(problems) }
    }

    /// What is shared with a later router that has this route; none where its paths must be made ready again.
    pub(super) fn for_route(self: &Arc<Self>, route: &Route) -> Option<Arc<Self>> {
        if self.route.is(route) {
            return Some(Arc::clone(self));
        }
        // Often it has only moved, because something was written above it.
        let entries = || self.entries.clone();
        self.route.has_paths_of(route).then(|| Arc::new(Prepared { route: ReadyRoute::new(route), entries: entries() }))
    }
}

impl Known<'_> {
    pub(super) fn none() -> Self {
        Known(AHashMap::new())
    }

    /// What a later router can share of a route.
    pub(super) fn route(&self, route: &Route) -> Option<Arc<Prepared>> {
        self.0.get(&*route.name)?.for_route(route)
    }

    /// Whether there is a route of that name with the same paths.
    pub(in crate::site) fn has_paths_of(&self, route: &Route) -> bool {
        self.0.get(&*route.name).is_some_and(|known| known.route.has_paths_of(route))
    }
}

fn problem(route: &Route, reason: &str) -> Problem {
    let place = &route.place;
    let mut problem = Problem::error(place.file.to_string(), format!("route `{}`: {reason}", route.name));
    problem.line = place.line as usize;
    problem.column = place.column as usize;
    problem.length = 1;
    problem
}
