//! Which route answers a request (B66 to B79).
//!
//! The first declared route whose host, path and method match. A path is compared as a whole, as one anchored expression would, on
//! decoded text; the query is no part of it. A route for another host is as if it were not there. How that is done without walking the routes is the business of [`tree`], one
//! path's own comparison that of [`entry`]. What is done with a match is the business of `controller` and `server`.

mod entry;
mod explain;
mod path;
mod ready;
mod tree;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use ahash::AHashMap;

pub use explain::{Outcome, Step};
pub use ready::ReadyRoute;

use crate::error::Error;
use crate::snapshot::Route;
use entry::Entry;
use path::Decoded;
use ready::{Known, Prepared};
use tree::Tree;

/// All routes of a site, ready for look-ups.
#[derive(Debug)]
pub struct Router {
    routes: Vec<Arc<Prepared>>,
    /// Every path of every route in declared order, each with its route's number.
    entries: Vec<(usize, Arc<Entry>)>,
    tree: Tree,
    languages: Arc<[Arc<str>]>,
    has_hosts: bool,
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
    /// The values of the parameters of the host, then of those of the path, decoded, in their order.
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
        Router::of(routes, languages.iter().map(|language| Arc::from(*language)).collect(), &Known::none())
    }

    /// The router of other routes or languages. What both routers have is shared; `known` are the routes of this one.
    ///
    /// # Errors
    ///
    /// As [`Router::new`].
    pub(super) fn revised(&self, routes: &[Route], languages: &[&str], known: &Known) -> Result<Self, Error> {
        match self.languages.iter().map(|language| &**language).eq(languages.iter().copied()) {
            true => Router::of(routes, Arc::clone(&self.languages), known),
            // A path knows the languages, so none can be shared.
            false => Router::new(routes, languages),
        }
    }

    /// The routes by name.
    pub(super) fn known(&self) -> Known<'_> {
        let mut known = AHashMap::with_capacity(self.routes.len());
        for prepared in &self.routes {
            known.entry(&*prepared.route.name).or_insert(prepared);
        }
        Known(known)
    }

    fn of(routes: &[Route], languages: Arc<[Arc<str>]>, known: &Known) -> Result<Self, Error> {
        let mut prepared = Vec::with_capacity(routes.len());
        let mut problems = Vec::new();
        for route in routes {
            match known.route(route).map_or_else(|| Prepared::new(route, &languages).map(Arc::new), Ok) {
                Ok(route) => prepared.push(route),
                Err(wrong) => problems.extend(wrong),
            }
        }
        if !problems.is_empty() {
            return Err(Error::Site(problems));
        }
        let paths = |(number, route): (usize, &Arc<Prepared>)| {
            route.entries.iter().map(|entry| (number, Arc::clone(entry))).collect::<Vec<_>>()
        };
        let entries: Vec<_> = prepared.iter().enumerate().flat_map(paths).collect();
        let tree = Tree::new(entries.iter().map(|(_, entry)| &**entry));
        let has_hosts = prepared.iter().any(|prepared| prepared.route.host.is_some());
        Ok(Router { routes: prepared, entries, tree, languages, has_hosts })
    }

    /// The route that answers a method, a host and a path, which are as they came: the host with its port, if it has one, the path
    /// percent-encoded and without the query.
    ///
    /// `HEAD` is answered by the first route that takes `HEAD` or `GET`. `OPTIONS` is only a match where a route takes it; else
    /// the caller answers with [`Found::WrongMethod`]'s list.
    ///
    /// ```
    /// use http::Method;
    /// use kalgan::site::{Found, Router};
    /// let router = Router::new(&[], &[]).unwrap();
    /// assert!(matches!(router.find(&Method::GET, "localhost", "/"), Found::NotFound));
    /// ```
    pub fn find<'r>(&'r self, method: &http::Method, host: &str, raw_path: &str) -> Found<'r> {
        let Some(path) = Decoded::new(raw_path) else { return Found::BadPath };
        let mut others = Vec::new();
        let best = self.tree.find(&path.text, |number| {
            let (route, entry) = &self.entries[number];
            if !entry.matches(&path.text) || !entry.is_for(host) {
                return false;
            }
            let answers = self.routes[*route].route.allows(method);
            if !answers {
                others.push(number);
            }
            answers
        });
        match best {
            Some(number) => Found::Route(self.route_match(number, host, &path)),
            None if others.is_empty() => Found::NotFound,
            None => Found::WrongMethod { allow: self.allow(others) },
        }
    }

    /// Whether any route is for some hosts only. Else it does not matter which one a look-up is given.
    pub fn has_hosts(&self) -> bool {
        self.has_hosts
    }

    /// The route at a place in declared order.
    pub fn route(&self, index: usize) -> Option<&ReadyRoute> {
        self.routes.get(index).map(|prepared| &prepared.route)
    }

    /// All routes in declared order.
    pub fn routes(&self) -> impl Iterator<Item = &ReadyRoute> {
        self.routes.iter().map(|prepared| &prepared.route)
    }

    fn route_match<'r>(&'r self, number: usize, host: &str, path: &Decoded) -> RouteMatch<'r> {
        let (index, entry) = &self.entries[number];
        let (parameters, language) = entry.take(host, path);
        RouteMatch { index: *index, route: &self.routes[*index].route, parameters, language }
    }

    fn allow(&self, mut entries: Vec<usize>) -> String {
        entries.sort_unstable();
        let mut allow: Vec<&str> = Vec::new();
        let mut add = |method| {
            if !allow.contains(&method) {
                allow.push(method);
            }
        };
        for methods in entries.iter().filter_map(|number| self.routes[self.entries[*number].0].route.methods.as_ref()) {
            for method in methods.iter() {
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
