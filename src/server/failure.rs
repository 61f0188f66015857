//! The error pages of the framework itself: the plain one for visitors, and the one for developers.
//!
//! What the plain page shows is fixed: nothing of a reason, a request or a file can leave a production process through it.

use std::fmt::Write;

use http::StatusCode;

use crate::error::Error;
use crate::http::{Failure, Request, Response};
use crate::problem::{self, Problem};
use crate::site::Step;

const STYLE: &str = include_str!("failure.css");

/// What a visitor gets where the site has no page of its own: the plain page, or the same in JSON for a program.
pub fn visitor_page(request: &Request, failure: &Failure) -> Response {
    let status = failure.status();
    if !request.prefers_json() {
        return plain_page(status);
    }
    let json = serde_json::json!({ "status": status.as_u16(), "error": words(status) });
    Response::json(&json).with_status(status.as_u16()).with_cache("no-store")
}

/// The page that a visitor sees where the site has none of its own (B146).
pub fn plain_page(status: StatusCode) -> Response {
    let title = title(status);
    let body = format!("<main><h1>{title}</h1><p>{}</p></main>", explanation(status));
    page(status, &title, &body)
}

/// The page that a developer sees: the reason, the spot in the site's files, the request, and the routes that were tried.
///
/// `mistakes` are all that are in the site's files.
pub fn development_page(request: &Request, failure: &Failure, mistakes: &[Problem]) -> Response {
    let title = title(failure.status());
    let mut body =
        format!("<main class=\"wide\"><h1>{title}</h1><pre class=\"reason\">{}</pre>", escape(&failure.chain()));
    let mut problems = problems(failure);
    problems.extend_from_slice(mistakes);
    problem::sort(&mut problems);
    for problem in problems {
        push(&mut body, format_args!("<pre class=\"problem\">{}</pre>", escape(&problem.to_string())));
    }
    if failure.status() == StatusCode::NOT_FOUND || failure.status() == StatusCode::METHOD_NOT_ALLOWED {
        let steps = request.site().router.explain(request.method(), request.uri().path());
        push(
            &mut body,
            format_args!("<h2>Routes, in the order in which they were tried</h2><table>{}</table>", route_rows(&steps)),
        );
    }
    push(&mut body, format_args!("<h2>Request</h2><table>{}</table>", request_rows(request)));
    body.push_str("<p class=\"note\">This page is shown because <code>environment.is_prod</code> is false.</p></main>");
    page(failure.status(), &title, &body)
}

fn problems(failure: &Failure) -> Vec<Problem> {
    match failure.reason().downcast_ref::<Error>() {
        Some(Error::Template(error)) => error.problem.clone().into_iter().collect(),
        Some(Error::Site(problems)) => problems.clone(),
        _ => Vec::new(),
    }
}

fn request_rows(request: &Request) -> String {
    let mut rows = String::new();
    row(&mut rows, "Method", request.method().as_str());
    row(&mut rows, "Path", request.path());
    row(&mut rows, "Query", request.raw_query());
    row(&mut rows, "Route", request.route_name().unwrap_or("none"));
    for (name, value) in request.parameters() {
        row(&mut rows, &format!("Parameter {name}"), value);
    }
    row(&mut rows, "Language", request.language());
    for (name, value) in request.headers() {
        row(&mut rows, name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
    }
    for (name, value) in request.values() {
        row(&mut rows, &format!("Value {name}"), &value.to_string());
    }
    rows
}

fn route_rows(steps: &[Step]) -> String {
    let mut rows = String::new();
    for step in steps {
        row(&mut rows, &step.route.name, &format!("{} {}", step.pattern, step.outcome));
    }
    rows
}

fn row(rows: &mut String, name: &str, value: &str) {
    push(rows, format_args!("<tr><th scope=\"row\">{}</th><td>{}</td></tr>", escape(name), escape(value)));
}

fn push(text: &mut String, piece: std::fmt::Arguments) {
    text.write_fmt(piece).expect("writing to a string cannot fail");
}

fn title(status: StatusCode) -> String {
    format!("{} {}", status.as_u16(), words(status))
}

fn words(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}

fn explanation(status: StatusCode) -> &'static str {
    match status.as_u16() {
        404 => "There is no page at this address.",
        405 => "This address does not answer to that kind of request.",
        413 => "What was sent is too large.",
        400..=499 => "The request could not be understood.",
        503 => "The site is not available at the moment. Please try again soon.",
        _ => "Something went wrong on our side. Please try again later.",
    }
}

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{title}</title><style>{STYLE}</style></head>\n\
         <body>{body}</body>\n</html>\n"
    );
    Response::html(html).with_status(status.as_u16()).with_cache("no-store")
}

/// Makes text safe inside an element.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
