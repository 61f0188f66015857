//! The error page for developers: the reason, all mistakes in the site's files with the spots, the routes that were tried, the request.
//!
//! It is shown only where `environment.is_prod` is false. What it says comes from others; this only arranges it.

use std::fmt::Write;

use http::StatusCode;

use super::{Development, failure};
use crate::error::Error;
use crate::http::{Failure, Request, Response};
use crate::problem::{self, Problem};
use crate::site::Step;

const STYLE: &str = include_str!("developers.css");

/// How a policy names that style; a test compares.
const STYLE_SOURCE: &str = "'sha256-Y4aMM4GrTz/Rf7B7r1H6t9WchHRIAJGWdzGZDoMkftQ='";

/// The page for a request that failed; `all` are the mistakes in the site's files.
pub(super) fn page(
    request: &Request,
    failure: &Failure,
    development: Option<&dyn Development>,
    all: Vec<Problem>,
) -> Response {
    let title = failure::title(failure.status());
    let mistakes = mistakes(failure, all);
    let mut body = format!(
        "<header><div><h1>{title}</h1><p class=\"reason\">{}</p><p class=\"asked\">{} {}</p></div></header><main>",
        escape(&reason(failure)),
        escape(request.method().as_str()),
        escape(request.path()),
    );
    push_mistakes(&mut body, &mistakes, development);
    if matches!(failure.status(), StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) {
        let steps = request.site().router.explain(request.method(), request.host(), request.uri().path());
        push_table(&mut body, "Routes, in the order in which they were tried", " open", &route_rows(&steps));
    }
    push_table(&mut body, "Request", "", &request_rows(request));
    body.push_str("<p class=\"note\">This page is shown because <code>environment.is_prod</code> is false.</p></main>");
    // The script of live reload lays no panel of mistakes over a page that has them all, as those of the server's own failures do.
    let has_all = if failure.status().is_server_error() { " data-kalgan=\"mistakes\"" } else { "" };
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"{has_all}>\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{title}</title><style>{STYLE}</style></head>\n\
         <body>{body}</body>\n</html>\n"
    );
    Response::html(html).with_status(failure.status().as_u16()).with_cache("no-store").with_style(STYLE_SOURCE)
}

/// All mistakes: first those that made the request fail, then the other errors, then warnings.
fn mistakes(failure: &Failure, mut all: Vec<Problem>) -> Vec<Problem> {
    let own = match failure.reason().downcast_ref::<Error>() {
        Some(Error::Template(error)) => error.problem.clone().into_iter().collect(),
        Some(Error::Site(problems)) => problems.clone(),
        _ => Vec::new(),
    };
    let reason = failure.chain();
    let is_own = |problem: &Problem| {
        let is_same_spot = |own: &Problem| own.line > 0 && (&own.file, own.line) == (&problem.file, problem.line);
        problem.is_error() && (own.iter().any(is_same_spot) || reason.contains(&problem.message))
    };
    problem::sort(&mut all);
    all.sort_by_key(|problem| (!is_own(problem), problem.severity));
    // What the check says of a spot says more than what the request ran into there.
    let is_told =
        |own: &Problem| all.iter().any(|told| (&told.file, told.line) == (&own.file, own.line) && told.is_error());
    let mut mistakes: Vec<Problem> = own.iter().filter(|own| !is_told(own)).cloned().collect();
    mistakes.append(&mut all);
    mistakes
}

/// Why the request failed, in short where a mistake below says the rest.
fn reason(failure: &Failure) -> String {
    match failure.reason().downcast_ref::<Error>() {
        Some(Error::Template(error)) if error.problem.is_some() => {
            format!("The template {} cannot be rendered", error.template)
        }
        Some(Error::Site(_)) => "A file that this page needs has a mistake".to_string(),
        _ => failure.chain(),
    }
}

fn push_mistakes(body: &mut String, mistakes: &[Problem], development: Option<&dyn Development>) {
    if mistakes.is_empty() {
        return;
    }
    push(
        body,
        format_args!("<h2>Mistakes in the site's files: {}</h2><ol class=\"mistakes\">", problem::tally(mistakes)),
    );
    for mistake in mistakes {
        let link = development.and_then(|development| development.link(mistake));
        push(body, format_args!("<li class=\"{0}\"><p><span class=\"kind\">{0}</span>", mistake.severity));
        push_place(body, mistake, link.as_deref());
        push(body, format_args!("</p><p class=\"message\">{}</p>", escape(&mistake.message)));
        push_line(body, mistake);
        for help in &mistake.help {
            push(body, format_args!("<p class=\"help\">{}</p>", escape(help)));
        }
        body.push_str("</li>");
    }
    body.push_str("</ol>");
}

fn push_place(body: &mut String, mistake: &Problem, link: Option<&str>) {
    let place = escape(&mistake.place());
    match link {
        Some(link) => push(body, format_args!("<a class=\"place\" href=\"{}\">{place}</a>", escape(link))),
        None => push(body, format_args!("<span class=\"place\">{place}</span>")),
    }
}

/// The line of the file with its spot marked.
fn push_line(body: &mut String, mistake: &Problem) {
    if mistake.line == 0 {
        return;
    }
    let byte = |count: usize| mistake.text.char_indices().nth(count).map_or(mistake.text.len(), |(byte, _)| byte);
    let start = byte(mistake.column.saturating_sub(1));
    let end = byte(mistake.column.saturating_sub(1) + mistake.length);
    let (before, marked, after) = (&mistake.text[..start], &mistake.text[start..end], &mistake.text[end..]);
    // A spot behind the last character is shown as well.
    let marked = if marked.is_empty() { " " } else { marked };
    let (before, marked, after) = (escape(before), escape(marked), escape(after));
    let line = mistake.line;
    push(
        body,
        format_args!(
            "<pre tabindex=\"0\"><span class=\"number\">{line}</span>{before}<mark>{marked}</mark>{after}</pre>"
        ),
    );
}

fn push_table(body: &mut String, title: &str, open: &str, rows: &str) {
    push(
        body,
        format_args!(
            "<details{open}><summary>{title}</summary><div class=\"rows\"><table>{rows}</table></div></details>"
        ),
    );
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

/// Makes text safe inside an element and inside an attribute in double quotes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
