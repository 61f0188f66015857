//! What an error of the template engine says to people: the whole chain of causes, and the spot in the template.

use std::error::Error as _;

use tera::{ErrorKind, ReportError};

use super::Renderer;
use crate::error::{Error, TemplateError};
use crate::problem::Problem;

impl Renderer {
    /// Turns an error of the engine into ours. `template` is the one that was to be rendered; empty where all were compiled.
    pub(super) fn failure(&self, template: &str, error: &tera::Error) -> Error {
        let (message, problem) = match error.kind() {
            ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
                (chain(report.message().to_string(), error), Some(self.problem(report, error)))
            }
            _ => (chain(error.to_string(), error), None),
        };
        let template = match (template, error.kind()) {
            ("", ErrorKind::SyntaxError(report)) => report.filename(),
            ("", ErrorKind::MissingParent { current, .. }) => current,
            (template, _) => template,
        };
        Error::Template(Box::new(TemplateError { template: template.to_string(), message, problem }))
    }

    fn problem(&self, report: &ReportError, error: &tera::Error) -> Problem {
        let span = report.span();
        let file = if self.folder.is_empty() {
            report.filename().to_string()
        } else {
            format!("{}/{}", self.folder.trim_end_matches('/'), report.filename())
        };
        let length = if span.start_line == span.end_line { span.end_col.saturating_sub(span.start_col) } else { 1 };
        let problem = Problem::error(file, report.message());
        let source = self.sources.iter().find(|template| template.name == report.filename());
        let source = source.map_or("", |template| &template.source);
        let problem = problem.at(source, span.start_line, span.start_col + 1, length);
        // The engine tells only in its printed report which component was called from where.
        let report = error.to_string();
        report.lines().filter_map(|line| line.strip_prefix("note: ")).fold(problem, |problem, note| problem.help(note))
    }
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
