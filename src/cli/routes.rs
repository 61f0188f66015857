//! The command `routes`.

use std::process::ExitCode;

use clap::Args;
use http::Method;

use crate::controller::{common_middleware, middleware_names};
use crate::error::Error;
use crate::site::{Found, Outcome, ReadyRoute, Site, Step};

#[derive(Debug, Args)]
pub(super) struct Flags {
    /// Explain which route answers such a request, and why those before it do not
    #[arg(long = "match", num_args = 2, value_names = ["METHOD", "PATH"])]
    request: Option<Vec<String>>,
    /// The host that the explained request is for; without it only routes without a host answer
    #[arg(long, value_name = "HOST", requires = "request", default_value = "", hide_default_value = true)]
    host: String,
}

/// Prints the routes in the order in which they are tried, or explains one request; the exit code is 1 when no route answers it.
pub(super) fn run(site: &Site, flags: &Flags) -> Result<ExitCode, Error> {
    match flags.request.as_deref() {
        Some([method, path]) => explain(site, method, &flags.host, path),
        _ => {
            super::print(&list(site)?)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn list(site: &Site) -> Result<String, Error> {
    let common = common_middleware(&site.settings)?;
    let mut rows = vec![["NAME", "METHODS", "PATH", "CONTROLLER", "MIDDLEWARE", "DECLARED"].map(str::to_string)];
    for route in site.router.routes() {
        for path in route.paths.iter() {
            let language = path.language.as_deref().map(|language| format!(" [{language}]")).unwrap_or_default();
            rows.push([
                route.name.to_string(),
                methods(route),
                format!("{}{language}", address(route, &path.pattern)),
                route.controller.to_string(),
                middleware_names(&common, route).collect::<Vec<_>>().join(", "),
                route.place.to_string(),
            ]);
        }
    }
    Ok(super::table(&rows))
}

/// A path with its route's host in front, where that has one.
fn address(route: &ReadyRoute, path: &str) -> String {
    format!("{}{path}", route.host.as_deref().unwrap_or_default())
}

fn methods(route: &ReadyRoute) -> String {
    route.methods.as_ref().map_or_else(|| "any".to_string(), |methods| methods.join(", "))
}

fn explain(site: &Site, method: &str, host: &str, path: &str) -> Result<ExitCode, Error> {
    let unknown = || Error::Request(format!("`{}` is not a method", method.escape_debug()));
    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).map_err(|_| unknown())?;
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let steps = site.router.explain(&method, host, path);
    let row = |step: &Step| [step.route.name.to_string(), address(step.route, step.pattern), step.outcome.to_string()];
    let answer = steps.iter().position(|step| step.outcome == Outcome::Answers);
    // Behind the answer, only what would have answered too is worth a line.
    let is_shown = |(number, step): &(usize, &Step)| {
        answer.is_none_or(|answer| *number <= answer) || step.outcome == Outcome::Later
    };
    let rows: Vec<_> = steps.iter().enumerate().filter(is_shown).map(|(_, step)| row(step)).collect();
    let mut text = super::table(&rows);
    text.push_str(&conclusion(site, &method, host, path));
    super::print(&text)?;
    Ok(if answer.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What comes of it all, in one line.
fn conclusion(site: &Site, method: &Method, host: &str, path: &str) -> String {
    let request = format!("{method} {host}{path}");
    match site.router.find(method, host, path) {
        Found::Route(found) => {
            let route = found.route;
            format!("`{}` answers {request}: {} ({})\n", route.name, route.controller, route.place)
        }
        Found::WrongMethod { allow } => format!("no route answers {request}: 405, this path has {allow}\n"),
        Found::NotFound => format!("no route answers {request}: 404\n"),
        Found::BadPath => format!("no route answers {request}: 400, it is not percent-encoded UTF-8\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::Dispatch;
    use crate::launch::App;
    use crate::site::Outside;
    use crate::snapshot::{Path, Place, Route, Setting, Snapshot, Value};

    fn snapshot() -> Snapshot {
        let place = Place { file: "routes/main.yaml".into(), line: 2, column: 5 };
        let route = |name: &'static str, host: Option<&'static str>| Route {
            name: name.into(),
            paths: vec![Path { language: None, pattern: "/{id}".into() }].into(),
            host: host.map(Into::into),
            controller: "page::show".into(),
            middleware: vec!["guard".into(), "log::request".into()].into(),
            methods: None,
            requirements: Vec::new().into(),
            language: None,
            limits: Default::default(),
            place: place.clone(),
        };
        let value = Value::Text("log/request".into());
        let setting = Setting { key: "router.middleware".into(), value, only: None, place: place.clone() };
        Snapshot {
            settings: vec![setting].into(),
            routes: vec![route("admin", Some("{tenant}.example.com")), route("page", None)].into(),
            ..crate::testing::empty()
        }
    }

    #[test]
    fn the_list_has_hosts_and_all_middleware_in_their_order() {
        let site = App::new(snapshot, Dispatch::default()).site(Outside::default()).unwrap();
        let list = list(&site).unwrap();
        let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split_whitespace().collect()).collect();
        let rest = ["page::show", "log::request,", "guard", "routes/main.yaml:2:5"];
        assert_eq!(lines[1], [&["admin", "any", "{tenant}.example.com/{id}"], &rest[..]].concat());
        assert_eq!(lines[2], [&["page", "any", "/{id}"], &rest[..]].concat());
    }

    #[test]
    fn the_host_decides_which_route_answers() {
        let site = App::new(snapshot, Dispatch::default()).site(Outside::default()).unwrap();
        let said = |host: &str| conclusion(&site, &Method::GET, host, "/7");
        assert_eq!(said("a.example.com"), "`admin` answers GET a.example.com/7: page::show (routes/main.yaml:2:5)\n");
        assert_eq!(said(""), "`page` answers GET /7: page::show (routes/main.yaml:2:5)\n");
    }
}
