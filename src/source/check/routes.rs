//! `{{ "name" | url(id = …) }}`: the route and the parameters of its path.

use std::collections::{BTreeMap, BTreeSet};

use super::written::Dynamic;
use super::{LANGUAGE, Use, listed};
use crate::hint::nearest;
use crate::pattern::parameters;
use crate::problem::Problem;
use crate::snapshot::{Route, Snapshot};

/// The routes by name.
pub struct Routes<'s> {
    routes: BTreeMap<&'s str, &'s Route>,
    dynamic: Dynamic,
    complete: bool,
}

impl<'s> Routes<'s> {
    /// The routes of a site. One that is missing is reported only where all were read.
    pub fn new(snapshot: &'s Snapshot, complete: bool) -> Self {
        // Of two routes with one name the first counts, as at run time; the second is a mistake of its own.
        let routes = snapshot.routes.iter().rev().map(|route| (route.name.as_ref(), route)).collect();
        Routes { routes, dynamic: Dynamic::new(&snapshot.settings, "router.dynamic"), complete }
    }

    /// Checks one use of `url`.
    pub fn check(&self, used: &Use<'_>, problems: &mut Vec<Problem>) {
        let name = used.text();
        if self.dynamic.covers(name) {
            return;
        }
        let Some(route) = self.routes.get(name) else {
            problems.extend(self.complete.then(|| self.unknown(used, name)));
            return;
        };
        needed(used, route, problems);
        superfluous(used, route, problems);
    }

    fn unknown(&self, used: &Use<'_>, name: &str) -> Problem {
        let problem = used.error(format!("there is no route `{name}`"));
        let problem = match nearest(name, self.routes.keys().copied()) {
            Some(similar) => problem.help(format!("did you mean `{similar}`?")),
            None if name.starts_with('/') => problem.help("`url` takes the name of a route; a path needs no filter"),
            None => problem,
        };
        problem.help(format!("if it is known only at run time, add `{name}` to the setting `router.dynamic`"))
    }
}

/// The parameters of those paths that the filter may choose.
fn of_paths<'r>(used: &Use<'_>, route: &'r Route) -> BTreeSet<&'r str> {
    let chosen: Vec<&str> = used.languages().map(|language| language.name.as_ref()).collect();
    let is_chosen = |language: &str| chosen.contains(&language);
    let some_chosen = route.paths.iter().any(|path| path.language.as_deref().is_some_and(is_chosen));
    let paths = route.paths.iter().filter(|path| !some_chosen || path.language.as_deref().is_some_and(is_chosen));
    paths.flat_map(|path| parameters(&path.pattern)).collect()
}

/// A parameter of the path must be passed, unless it holds the language, which is then the page's own (B78).
fn needed(used: &Use<'_>, route: &Route, problems: &mut Vec<Problem>) {
    let parameters = of_paths(used, route).into_iter();
    let missing: Vec<&str> =
        parameters.filter(|name| !used.passes(name) && route.language.as_deref() != Some(name)).collect();
    let Some(first) = missing.first() else { return };
    let example = format!("pass it: `url({first} = …)`");
    let patterns: BTreeSet<&str> = route.paths.iter().map(|path| path.pattern.as_ref()).collect();
    let problem = used.error(format!("the route `{}` needs {}", route.name, listed(missing.iter().copied())));
    problems.push(problem.help(example).help(format!("its path is {}, declared at {}", listed(patterns), route.place)));
}

/// What no path of the route has is ignored (B80).
fn superfluous(used: &Use<'_>, route: &Route, problems: &mut Vec<Problem>) {
    let known: BTreeSet<&str> = route.paths.iter().flat_map(|path| parameters(&path.pattern)).collect();
    for argument in &used.call.arguments {
        let name = argument.name.name.as_ref();
        if name == LANGUAGE || known.contains(name) {
            continue;
        }
        let message = format!("the route `{}` has no parameter `{name}`", route.name);
        let problem = used.usages.warning(&argument.name, message);
        let unused = known.iter().copied().filter(|parameter| !used.passes(parameter));
        problems.push(match nearest(name, unused) {
            Some(similar) => problem.help(format!("did you mean `{similar}`?")),
            None => problem.help("it is ignored; leave it out, or write a query behind the address"),
        });
    }
}
