//! What is wrong between routes: a path that an earlier route always answers for.
//!
//! [`hidden`] looks at routes alone, so that it serves those of a binary too, whose files are not there.

use std::collections::HashMap;
use std::sync::Arc;

use regex::Regex;

use super::{Declared, RouteFile};
use crate::pattern::{self, Label, Piece};
use crate::problem::Problem;
use crate::snapshot::Route;

/// The mistakes in paths that could never match, of the routes of all files in declared order.
pub fn unreachable(files: &[Arc<RouteFile>]) -> Vec<Problem> {
    let all = files.iter().flat_map(|file| file.declared.iter().map(move |declared| (file, declared)));
    // A route that is wrong alone would only make others look wrong.
    let sound: Vec<_> = all.filter(|(_, declared)| declared.sound).collect();
    let routes: Vec<&Route> = sound.iter().map(|(_, declared)| &declared.route).collect();
    let problem = |Hidden { route, path, by }| {
        let (file, declared) = sound[route];
        problem(file, declared, path, routes[by])
    };
    hidden(&routes).into_iter().map(problem).collect()
}

/// A path that no request can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hidden {
    /// The number of its route.
    pub route: usize,
    /// The number of the path among those of its route.
    pub path: usize,
    /// The number of the route that always answers in its place: an earlier one, or the same.
    pub by: usize,
}

/// The paths that no request can reach, of routes in declared order.
pub fn hidden(routes: &[&Route]) -> Vec<Hidden> {
    let mut earlier: HashMap<String, Vec<(usize, Pattern<'_>)>> = HashMap::new();
    let mut found = Vec::new();
    for (number, route) in routes.iter().enumerate() {
        for path in 0..route.paths.len() {
            let pattern = Pattern { route, index: path };
            let same_shape = earlier.entry(pattern.shape()).or_default();
            if let Some((by, _)) = same_shape.iter().find(|(_, first)| first.covers(&pattern)) {
                found.push(Hidden { route: number, path, by: *by });
            }
            same_shape.push((number, pattern));
        }
    }
    found
}

fn problem(file: &RouteFile, declared: &Declared, path: usize, route: &Route) -> Problem {
    let node = &declared.paths[path];
    let name = &declared.route.name;
    if std::ptr::eq(&declared.route, route) {
        let message = format!("two languages of the route `{name}` have the same path, so this one could never match");
        return file.error(node.mark, message).help("give each language a path of its own, such as `/es/…`");
    }
    let message = format!("the route `{name}` could never match here: the earlier route `{}` always does", route.name);
    let problem = file.error(node.mark, message).help(format!("the earlier one is at {}", route.place));
    if route.host.is_none() && declared.route.host.is_some() {
        return problem.help("put the routes of a host before those that answer for every host");
    }
    problem.help("change one of the paths, give the routes different methods, or remove one")
}

/// One path of a route.
#[derive(Clone, Copy)]
struct Pattern<'a> {
    route: &'a Route,
    index: usize,
}

impl<'a> Pattern<'a> {
    fn text(&self) -> &'a str {
        &self.route.paths[self.index].pattern
    }

    /// The pattern with nameless parameters: what two paths must share before one can stand in the other's way.
    fn shape(&self) -> String {
        pattern::pieces(self.text())
            .map(|piece| match piece {
                Piece::Literal(literal) => literal,
                Piece::Parameter(_) => "{}",
            })
            .collect()
    }

    /// Whether this one answers whatever the other, of the same shape, could answer. In doubt it does not.
    fn covers(&self, later: &Pattern<'_>) -> bool {
        let (first, second) = (self.route, later.route);
        let methods = match (&first.methods, &second.methods) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(first), Some(second)) => second.iter().all(|method| first.contains(method)),
        };
        let mut parameters = pattern::parameters(self.text()).zip(pattern::parameters(later.text()));
        let covers = |(a, b): (&str, &str)| {
            says_as_much(first, second, (a, b)) && requirement_covers(requirement(first, a), requirement(second, b))
        };
        methods && host_covers(first, second) && parameters.all(covers)
    }
}

/// Whether a parameter of the first route is not its language, which takes but a few values, or is that of the second too.
fn says_as_much(first: &Route, second: &Route, (a, b): (&str, &str)) -> bool {
    first.language.as_deref() != Some(a) || second.language.as_deref() == Some(b)
}

/// Whether the first route answers for every host for which the second does.
fn host_covers(first: &Route, second: &Route) -> bool {
    let (Some(a), Some(b)) = (&first.host, &second.host) else { return first.host.is_none() };
    let (a, b): (Vec<_>, Vec<_>) = (pattern::labels(a).collect(), pattern::labels(b).collect());
    let covers = |(a, b): (&Label<'_>, &Label<'_>)| match (*a, *b) {
        (Label::Any, _) => true,
        (Label::Literal(a), Label::Literal(b)) => a == b,
        (Label::Literal(_), _) => false,
        (Label::Parameter(a), Label::Parameter(b)) => {
            says_as_much(first, second, (a, b))
                && (requirement(first, a).is_none() || requirement(first, a) == requirement(second, b))
        }
        (Label::Parameter(a), _) => first.language.as_deref() != Some(a) && requirement(first, a).is_none(),
    };
    a.len() == b.len() && a.iter().zip(&b).all(covers)
}

fn requirement<'r>(route: &'r Route, parameter: &str) -> Option<&'r str> {
    let found = route.requirements.iter().find(|(name, _)| name == parameter);
    found.map(|(_, expression)| expression.as_ref())
}

/// Whether all that the second requirement takes is taken by the first; a parameter without one takes `[^/]+`.
fn requirement_covers(first: Option<&str>, second: Option<&str>) -> bool {
    match (first, second) {
        (first, second) if first == second => true,
        (None, Some(second)) => stays_in_segment(second),
        _ => false,
    }
}

/// Whether an expression surely takes neither a slash nor the empty text: it is made of letters, digits and the plainest operators.
fn stays_in_segment(expression: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_|()+*?{},[]".contains(character);
    let without_classes = expression.replace("\\d", "0").replace("\\w", "a");
    // A range from one of these to a digit or letter would run over the slash.
    let wide_range = ["(-", ")-", "*-", "+-", ",-", "--"].iter().any(|range| without_classes.contains(range));
    without_classes.chars().all(plain)
        && !without_classes.contains("(?")
        && !wide_range
        && Regex::new(&format!("^(?:{expression})$")).is_ok_and(|regex| !regex.is_match(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_for_every_host_hides_those_of_one_and_not_the_other_way_round() {
        let route = |host: Option<&'static str>, language: Option<&'static str>| Route {
            name: "page".into(),
            paths: vec![crate::snapshot::Path { language: None, pattern: "/{x}".into() }].into(),
            host: host.map(Into::into),
            controller: "page::show".into(),
            middleware: Vec::new().into(),
            methods: None,
            requirements: vec![("number".into(), "[0-9]+".into())].into(),
            language: language.map(Into::into),
            limits: Default::default(),
            place: crate::snapshot::Place { file: "routes/main.yaml".into(), line: 1, column: 1 },
        };
        let hides = |first: Option<&'static str>, second: Option<&'static str>| {
            !hidden(&[&route(first, None), &route(second, None)]).is_empty()
        };
        for (first, second) in [
            (None, None),
            (None, Some("a.b")),
            (Some("a.b"), Some("a.b")),
            (Some("*.b"), Some("a.b")),
            (Some("{t}.b"), Some("*.b")),
            (Some("*.b"), Some("{t}.b")),
            (Some("{number}.b"), Some("{number}.b")),
        ] {
            assert!(hides(first, second), "{first:?} {second:?}");
        }
        for (first, second) in [
            (Some("a.b"), None),
            (Some("a.b"), Some("*.b")),
            (Some("*.b"), Some("a.c.b")),
            (Some("{number}.b"), Some("1.b")),
            (Some("{number}.b"), Some("{t}.b")),
        ] {
            assert!(!hides(first, second), "{first:?} {second:?}");
        }
        // A language takes but a few values.
        assert!(hidden(&[&route(None, Some("x")), &route(None, None)]).is_empty());
        assert!(hidden(&[&route(Some("{t}.b"), Some("t")), &route(Some("*.b"), None)]).is_empty());
        assert!(!hidden(&[&route(None, Some("x")), &route(None, Some("x"))]).is_empty());
    }

    #[test]
    fn only_what_surely_stays_in_a_segment_does() {
        for inside in ["[0-9]+", r"\d{4}", "en|es", "[a-z0-9-]+", r"\w+"] {
            assert!(stays_in_segment(inside), "{inside}");
        }
        for outside in [".+", "[^a]+", "[0-9]*", "a/b", r"\D+", r"\x2f", "[+-9]+", "[[:punct:]]", "(?s)x", ""] {
            assert!(!stays_in_segment(outside), "{outside}");
        }
    }
}
