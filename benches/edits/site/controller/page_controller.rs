//! The controllers of every generated site; the same at every size.

use std::collections::BTreeMap;

use kalgan::{Context, Request, Response, context};

/// How many pages there are: the generator writes the number.
const PAGES: usize = 1;

/// The page that processor time is measured with.
pub fn bench(_: Request) -> Response {
    rendered(0)
}

/// A page by the number in its route's name; where there are fewer templates than routes, several show the same.
pub fn page(request: Request) -> Response {
    let name = request.route_name().unwrap_or_default();
    let number: usize = name.trim_start_matches("page_").parse().unwrap_or_default();
    rendered(number % PAGES)
}

/// The page that is edited.
pub fn edited(_: Request) -> Response {
    Response::render("edited.html", Context::new())
}

/// The setting that is edited.
pub fn setting(request: Request) -> String {
    request.settings().get_string("edited.number").unwrap_or_default()
}

/// A template that is added, renamed and deleted.
pub fn extra(request: Request) -> Response {
    let name = request.parameter("name").unwrap_or_default();
    Response::render(format!("extra/{name}.html"), Context::new())
}

fn rendered(number: usize) -> Response {
    let rows: Vec<BTreeMap<&str, String>> = (0..25).map(row).collect();
    Response::render(format!("pages/{number:05}.html"), context! { "rows" => rows })
}

fn row(number: usize) -> BTreeMap<&'static str, String> {
    let kind = if number % 2 == 0 { "even" } else { "odd" };
    BTreeMap::from([("number", number.to_string()), ("kind", kind.to_string()), ("name", format!("<row> & {number}"))])
}
