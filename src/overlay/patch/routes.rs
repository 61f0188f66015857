//! Routes of an overlay: a file takes the place of the binary's file of the same path, others are added at their place in the sorted
//! order of all. They can only lead to functions that are in the binary.

use std::collections::{BTreeMap, BTreeSet};

use super::Functions;
use crate::hint::nearest;
use crate::problem::Problem;
use crate::snapshot::{Place, Route, Snapshot};
use crate::source::files::{self, Entry, Files, Found};
use crate::source::routes;
use crate::source::routes::order::{self, Hidden};
use crate::source::settings::Settings;

/// What routes are held against.
pub struct Known<'a> {
    /// The site in the binary.
    pub binary: &'a Snapshot,
    /// The codes of all languages, those of the overlay included.
    pub languages: &'a [String],
    /// What the binary can call.
    pub functions: &'a Functions<'a>,
}

/// Reads the overlay's route files. Gives all routes of the site with them, in the order in which they are tried, and the files.
pub fn read(
    files: &mut Files,
    settings: &Settings,
    known: &Known<'_>,
    problems: &mut Vec<Problem>,
) -> (Vec<Route>, Vec<String>) {
    let found = find(files, settings);
    if found.is_empty() {
        return (known.binary.routes.to_vec(), Vec::new());
    }
    let own = routes::read(files, settings, known.languages, problems);
    let texts = found.iter().filter_map(|found| Some((found.path.clone(), files.text(found)?.text.clone()))).collect();
    let replaced: BTreeSet<String> = found.iter().map(|found| found.path.clone()).collect();
    let (gone, stay): (Vec<&Route>, Vec<&Route>) =
        known.binary.routes.iter().partition(|route| replaced.contains(route.place.file.as_ref()));
    let check = Check { texts, replaced: &replaced };
    problems.extend(own.iter().flat_map(|route| check.functions(route, known.functions)));
    problems.extend(check.gone(&gone, &own));
    let mut all: Vec<Route> = stay.into_iter().cloned().chain(own).collect();
    all.sort_by(|a, b| a.place.file.cmp(&b.place.file));
    problems.extend(check.names(&all));
    problems.extend(check.hidden(&all));
    (all, replaced.into_iter().collect())
}

fn find(files: &mut Files, settings: &Settings) -> Vec<Found> {
    let Some(path) = files::normal(settings.text("router.path")) else { return Vec::new() };
    match files.entry(&path) {
        Entry::File => vec![Found { name: path.clone(), path }],
        Entry::Folder => files.walk_yaml(&path),
        Entry::Missing => Vec::new(),
    }
}

/// What may be wrong between the routes of the overlay and the binary.
struct Check<'a> {
    /// The texts of the overlay's files.
    texts: BTreeMap<String, String>,
    /// The overlay's files.
    replaced: &'a BTreeSet<String>,
}

impl Check<'_> {
    fn is_own(&self, route: &Route) -> bool {
        self.replaced.contains(route.place.file.as_ref())
    }

    /// A problem at a route's name.
    fn at(&self, route: &Route, problem: Problem) -> Problem {
        let Place { file, line, column } = &route.place;
        let text = self.texts.get(file.as_ref()).map_or("", String::as_str);
        problem.at(text, *line as usize, *column as usize, route.name.chars().count())
    }

    fn error(&self, route: &Route, message: String) -> Problem {
        self.at(route, Problem::error(route.place.file.as_ref(), message))
    }

    /// Functions that are not in the binary. An empty name is a mistake that has been told.
    fn functions(&self, route: &Route, functions: &Functions<'_>) -> Vec<Problem> {
        let absent = |kind: &str, name: &str, known: &[&str]| {
            if name.is_empty() || known.contains(&name) {
                return None;
            }
            let message = format!("the route `{}` names the {kind} `{name}`, which is not in the binary", route.name);
            let problem = self.error(route, message);
            Some(match nearest(name, known.iter().copied()) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem
                    .help("name one that a route of the site has, or build the site again: code comes by a build only"),
            })
        };
        let controllers = functions.controllers.iter();
        let controller = controllers.filter_map(|known| absent("controller", &route.controller, known));
        let middleware = route.middleware.iter().filter_map(|name| absent("middleware", name, &functions.middleware));
        controller.chain(middleware).collect()
    }

    /// Routes of the binary that the overlay's files of the same path do not have. Templates that name one are told of anyway; the
    /// site's code may name it too.
    fn gone(&self, gone: &[&Route], own: &[Route]) -> Vec<Problem> {
        let names: BTreeSet<&str> = own.iter().map(|route| route.name.as_ref()).collect();
        let mut by_file: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for route in gone.iter().filter(|route| !names.contains(route.name.as_ref())) {
            by_file.entry(&route.place.file).or_default().push(format!("`{}`", route.name));
        }
        let problem = |(file, names): (&str, Vec<String>)| {
            let message = format!("the binary's file has {}, which this file has not", names.join(", "));
            Problem::warning(file, message)
                .help("a file takes the place of the whole file in the binary: copy all of it")
        };
        by_file.into_iter().map(problem).collect()
    }

    /// Names that a route of the overlay shares with one of the binary.
    fn names(&self, all: &[Route]) -> Vec<Problem> {
        let of_binary = all.iter().filter(|route| !self.is_own(route));
        let of_binary: BTreeMap<&str, &Route> = of_binary.map(|route| (route.name.as_ref(), route)).collect();
        let problem =
            |route: &Route| {
                let other = of_binary.get(route.name.as_ref())?;
                let problem = self.error(route, format!("a second route has the name `{}`", route.name));
                Some(problem.help(format!(
                    "rename it, or put it into a file `{}`, in the place of the other",
                    other.place.file
                )))
            };
        all.iter().filter(|route| self.is_own(route)).filter_map(problem).collect()
    }

    /// Routes that one of the other side always answers for.
    fn hidden(&self, all: &[Route]) -> Vec<Problem> {
        let routes: Vec<&Route> = all.iter().collect();
        let problem = |Hidden { route, by, .. }: Hidden| {
            let (later, earlier) = (&all[route], &all[by]);
            let problem = match (self.is_own(later), self.is_own(earlier)) {
                (true, false) => {
                    let Route { name, place, .. } = earlier;
                    self.error(
                        later,
                        format!(
                            "the route `{}` could never match: the binary's `{name}` ({place}) always does",
                            later.name
                        ),
                    )
                }
                (false, true) => {
                    let Route { name, place, .. } = later;
                    self.error(
                        earlier,
                        format!("with the route `{}` the binary's `{name}` ({place}) could never match", earlier.name),
                    )
                }
                // Those of one side have been held against each other where they were read.
                _ => return None,
            };
            Some(
                problem.help(
                    "change its path or its methods; the first route that matches answers, files in sorted order",
                ),
            )
        };
        order::hidden(&routes).into_iter().filter_map(problem).collect()
    }
}
