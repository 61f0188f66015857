//! Which route answers a request (B66 to B79).
//!
//! The first declared route whose path and method match. A path is compared as a whole, as one anchored expression would, on
//! decoded text; the query is no part of it. How that is done without walking the routes is the business of [`tree`], one
//! path's own comparison that of [`entry`]. What is done with a match is the business of `controller` and `server`.

mod entry;
mod explain;
mod path;
mod tree;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use explain::{Outcome, Step};

use crate::error::Error;
use crate::problem::Problem;
use crate::snapshot::{List, Path, Place, Route, Text};
use entry::Entry;
use path::Decoded;
use tree::Tree;

/// All routes of a site, ready for look-ups.
#[derive(Debug)]
pub struct Router {
    routes: Vec<ReadyRoute>,
    /// Every path of every route in declared order.
    entries: Vec<Entry>,
    tree: Tree,
}

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
    /// Where the route's name stands.
    pub place: Place,
}

/// What a look-up gives.
#[derive(Debug)]
pub enum Found<'r> {
    /// This route answers.
    Route(RouteMatch<'r>),
    /// Routes have this path, but none of them the method: 405.
    WrongMethod {
        /// The methods that would be answered, in declared order and without repetition, with `HEAD` where there is `GET`, and
        /// `OPTIONS`: the value of the header `Allow` (RFC 9110 section 10.2.1).
        allow: String,
    },
    /// No route has this path: 404.
    NotFound,
    /// The path is not percent-encoded UTF-8: 400.
    BadPath,
}

/// A route that answers a request.
#[derive(Debug, Clone)]
pub struct RouteMatch<'r> {
    /// The route's number in declared order.
    pub index: usize,
    /// The route.
    pub route: &'r ReadyRoute,
    /// The values of the path's parameters, decoded, in the order of the path.
    pub parameters: Vec<(Arc<str>, String)>,
    /// The language of the path, or else what the route's `language` says; `None` where neither says one.
    pub language: Option<Arc<str>>,
}

impl Router {
    /// Makes the routes ready.
    ///
    /// A route whose `language` names a parameter only matches where the parameter's value is one of the site's `languages`:
    /// `/{locale}/about` does not answer for `/blog/about` (in Kalgan 0.9 it did, in a language of that name, B78). A site
    /// without languages takes any value.
    ///
    /// # Errors
    ///
    /// [`Error::Site`] with every requirement that is not a regular expression or that is too large to be one.
    pub fn new(routes: &[Route], languages: &[&str]) -> Result<Self, Error> {
        let languages: Arc<[Arc<str>]> = languages.iter().map(|language| Arc::from(*language)).collect();
        let mut entries = Vec::new();
        let mut problems = Vec::new();
        for (index, route) in routes.iter().enumerate() {
            for path in route.paths.iter() {
                match Entry::new(index, route, path, &languages) {
                    Ok(entry) => entries.push(entry),
                    Err(reason) => problems.push(problem(route, &reason)),
                }
            }
        }
        if !problems.is_empty() {
            return Err(Error::Site(problems));
        }
        let tree = Tree::new(&entries);
        Ok(Router { routes: routes.iter().map(ReadyRoute::new).collect(), entries, tree })
    }

    /// The route that answers a method and a path, which is as it came: percent-encoded and without the query.
    ///
    /// `HEAD` is answered by the first route that takes `HEAD` or `GET`. `OPTIONS` is only a match where a route takes it; else
    /// the caller answers with [`Found::WrongMethod`]'s list.
    ///
    /// ```
    /// use http::Method;
    /// use kalgan::site::{Found, Router};
    /// let router = Router::new(&[], &[]).unwrap();
    /// assert!(matches!(router.find(&Method::GET, "/"), Found::NotFound));
    /// ```
    pub fn find<'r>(&'r self, method: &http::Method, raw_path: &str) -> Found<'r> {
        let Some(path) = Decoded::new(raw_path) else { return Found::BadPath };
        let mut others = Vec::new();
        let best = self.tree.find(&path.text, |number| {
            let entry = &self.entries[number];
            if !entry.matches(&path.text) {
                return false;
            }
            let answers = self.routes[entry.route].allows(method);
            if !answers {
                others.push(number);
            }
            answers
        });
        match best {
            Some(number) => Found::Route(self.route_match(&self.entries[number], &path)),
            None if others.is_empty() => Found::NotFound,
            None => Found::WrongMethod { allow: self.allow(others) },
        }
    }

    /// The route at a place in declared order.
    pub fn route(&self, index: usize) -> Option<&ReadyRoute> {
        self.routes.get(index)
    }

    /// All routes in declared order.
    pub fn routes(&self) -> impl Iterator<Item = &ReadyRoute> {
        self.routes.iter()
    }

    fn route_match<'r>(&'r self, entry: &Entry, path: &Decoded) -> RouteMatch<'r> {
        let (parameters, language) = entry.take(path);
        RouteMatch { index: entry.route, route: &self.routes[entry.route], parameters, language }
    }

    fn allow(&self, mut entries: Vec<usize>) -> String {
        entries.sort_unstable();
        let mut allow: Vec<&str> = Vec::new();
        let mut add = |method| {
            if !allow.contains(&method) {
                allow.push(method);
            }
        };
        for method in entries.iter().filter_map(|number| self.routes[self.entries[*number].route].methods.as_ref()) {
            for method in method.iter() {
                add(method);
                if *method == "GET" {
                    add("HEAD");
                }
            }
        }
        add("OPTIONS");
        allow.join(", ")
    }
}

impl ReadyRoute {
    /// The pattern for a language; the first one where the route has none for it.
    pub fn pattern(&self, language: &str) -> &str {
        let of_language = self.paths.iter().find(|path| path.language.as_deref() == Some(language));
        of_language.or(self.paths.first()).map_or("", |path| &path.pattern)
    }

    fn new(route: &Route) -> Self {
        ReadyRoute {
            name: route.name.clone(),
            controller: route.controller.clone(),
            middleware: route.middleware.clone(),
            paths: route.paths.clone(),
            methods: route.methods.clone(),
            place: route.place.clone(),
        }
    }

    /// Whether the route answers a method; one that answers `GET` answers `HEAD`.
    pub fn allows(&self, method: &http::Method) -> bool {
        let Some(methods) = &self.methods else { return true };
        let is_head = method == http::Method::HEAD;
        methods.iter().any(|allowed| *allowed == method.as_str() || (is_head && *allowed == "GET"))
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
