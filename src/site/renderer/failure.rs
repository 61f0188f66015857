//! What an error of the template engine says to people: the whole chain of causes, and the spot in the template.

use std::error::Error as _;

use tera::{ErrorKind, ReportError};

use super::circle::super_call;
use super::sources::Sources;
use crate::error::{Error, TemplateError};
use crate::problem::Problem;
use crate::snapshot::Template;

/// Turns an error that was met while a template was rendered into ours.
pub(super) fn rendering(template: &str, error: &tera::Error, sources: &Sources) -> Error {
    let (message, problem) = match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
            (chain(report.message().to_string(), error), Some(of_report(report, error, sources)))
        }
        _ => (chain(error.to_string(), error), None),
    };
    failed(template, message, problem)
}

/// Turns an error that was met while templates were compiled into ours. `template` is the page that they were compiled for; empty where
/// it was all of them.
pub(super) fn compiling(template: &str, error: &tera::Error, sources: &Sources) -> Error {
    let (culprit, problem) = match error.kind() {
        ErrorKind::SyntaxError(report) => (report.filename(), Some(of_report(report, error, sources))),
        ErrorKind::MissingParent { current, parent } => {
            let message = format!("there is no template `{parent}` to extend");
            (current.as_str(), Some(at_name(current, parent, message, sources)))
        }
        ErrorKind::CircularExtend { tpl, inheritance_chain } => {
            let way: Vec<&String> = std::iter::once(tpl).chain(inheritance_chain).collect();
            (tpl.as_str(), of_circle(&way, "extends", sources))
        }
        ErrorKind::CircularInclude { tpl, include_chain } => {
            (tpl.as_str(), of_circle(&include_chain.iter().collect::<Vec<_>>(), "includes", sources))
        }
        ErrorKind::Msg(text) => {
            let problem = of_text(text, sources).or_else(|| of_repetition(text, sources));
            ("", problem)
        }
        _ => ("", None),
    };
    let message = match &problem {
        Some(problem) => chain(problem.message.clone(), error),
        None => chain(error.to_string(), error),
    };
    failed(if template.is_empty() { culprit } else { template }, message, problem)
}

/// Says which templates go round in a circle that the engine does not notice.
pub(super) fn circling(template: &str, way: &[&Template], sources: &Sources) -> Error {
    let caller = way.first().map_or("", |template| &template.name);
    let message = format!("`{caller}` includes itself by way of `super()`");
    let text = text(caller, sources);
    let call = super_call(text).unwrap_or_default();
    let names: Vec<String> = way.iter().map(|template| format!("`{}`", template.name)).collect();
    let problem = Problem::error(sources.path(caller), &message).at_bytes(text, call.start, call.end);
    let problem = problem.help(format!("the circle is {}", names.join(" → ")));
    failed(template, message, Some(problem.help("include a template that extends nothing, or use a component")))
}

fn failed(template: &str, message: String, problem: Option<Problem>) -> Error {
    Error::Template(Box::new(TemplateError { template: template.to_string(), message, problem }))
}

fn of_report(report: &ReportError, error: &tera::Error, sources: &Sources) -> Problem {
    let (name, span) = (report.filename(), report.span());
    let length = if span.start_line == span.end_line { span.end_col.saturating_sub(span.start_col) } else { 1 };
    let problem = Problem::error(sources.path(name), report.message());
    let column = sources.column(name, span.start_line, span.start_col + 1);
    let problem = problem.at(text(name, sources), span.start_line, column, length);
    // The engine tells only in its printed report which component was called from where.
    let report = error.to_string();
    report.lines().filter_map(|line| line.strip_prefix("note: ")).fold(problem, |problem, note| problem.help(note))
}

/// The first of the reports that the engine has only as text: of a name that nobody has registered, say.
fn of_text(report: &str, sources: &Sources) -> Option<Problem> {
    let mut lines = report.lines();
    let message = lines.next()?.strip_prefix("error: ")?;
    let mut place = lines.next()?.trim_start().strip_prefix("--> ")?.rsplitn(3, ':');
    let (column, line, name) = (place.next()?.parse().ok()?, place.next()?.parse().ok()?, place.next()?);
    let length = lines.nth(2)?.matches('^').count();
    let column = sources.column(name, line, column);
    Some(Problem::error(sources.path(name), message).at(text(name, sources), line, column, length))
}

/// A component that two templates define, told at the second.
fn of_repetition(message: &str, sources: &Sources) -> Option<Problem> {
    let mut quoted = message.strip_prefix("Component ")?.split('`').skip(1).step_by(2);
    let (component, first, second) = (quoted.next()?, quoted.next()?, quoted.next()?);
    let text = text(second, sources);
    let problem = Problem::error(sources.path(second), format!("the component `{component}` is already defined"));
    let problem = problem.help(format!("the other one is in {}; rename one of them", sources.path(first)));
    let found = text.match_indices(component).find(|(start, _)| text[..*start].trim_end().ends_with("component"));
    Some(match found {
        Some((start, name)) => problem.at_bytes(text, start, start + name.len()),
        None => problem,
    })
}

/// The circle at the end of a way from template to template.
fn of_circle(way: &[&String], verb: &str, sources: &Sources) -> Option<Problem> {
    let start = way.iter().position(|name| Some(name) == way.last())?;
    let (name, next) = (way.get(start)?, way.get(start + 1)?);
    let problem = at_name(name, next, format!("`{name}` {verb} itself"), sources);
    let names: Vec<String> = way[start..].iter().map(|name| format!("`{name}`")).collect();
    Some(if names.len() > 2 { problem.help(format!("the circle is {}", names.join(" → "))) } else { problem })
}

/// A problem where a template first has the name of another as a text.
fn at_name(template: &str, name: &str, message: String, sources: &Sources) -> Problem {
    let (text, problem) = (text(template, sources), Problem::error(sources.path(template), message));
    let quoted = ['"', '\'', '`'].iter().filter_map(|quote| text.find(&format!("{quote}{name}{quote}")));
    match quoted.min() {
        Some(start) => problem.at_bytes(text, start, start + name.len() + 2),
        None => problem,
    }
}

fn text<'s>(template: &str, sources: &'s Sources) -> &'s str {
    sources.get(template).map_or("", |template| &template.source)
}

/// The message and those of all causes behind it.
fn chain(mut message: String, error: &tera::Error) -> String {
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    message
}
