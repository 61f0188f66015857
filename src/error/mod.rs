//! What can go wrong in a running process, by kind.

#[cfg(feature = "db")]
mod database;

use std::any::Any;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use crate::problem::Problem;

/// Any error that a controller, a middleware or a template function may return with `?`.
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// What keeps a process from starting, or a request from being answered as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is missing or does not fit; the text names the setting and the layer that it came from.
    #[error("{0}")]
    Setting(String),
    /// `url` was asked for a route that is not there, or without a parameter that its path needs.
    #[error("{0}")]
    Url(String),
    /// A template is missing or failed; the problem points into it.
    #[error("{0}")]
    Template(Box<TemplateError>),
    /// The listener could not be set up; the text names address and reason.
    #[error("{0}")]
    Listen(String),
    /// A service that the site uses cannot do what is asked: its server does not answer, or its settings do not fit.
    #[error("{0}")]
    Service(String),
    /// A value of the program's own cannot be kept: it cannot be serialised, or is of another type than what is asked of it.
    #[error("{0}")]
    Value(String),
    /// The result of a command could not be written.
    #[error("the result cannot be written: {0}")]
    Output(std::io::Error),
    /// A file or folder that a command writes cannot be written; the text names path and reason and says what to do.
    #[error("{0}")]
    File(String),
    /// A deployment cannot be made or was taken back; the text says why, and what is left.
    #[error("{0}")]
    Deploy(String),
    /// The site's files have mistakes.
    #[error("{}", crate::problem::report(.0))]
    Site(Vec<Problem>),
    /// What a client sent does not fit what was asked for: wrong type, syntax or characters. Answered with 400.
    #[error("{0}")]
    Request(String),
}

/// Why a template could not be rendered.
#[derive(Debug)]
pub struct TemplateError {
    /// Name of the template that was to be rendered.
    pub template: String,
    /// The whole chain of causes, from the outermost.
    pub message: String,
    /// The spot in the template's text, where the engine knows it.
    pub problem: Option<Problem>,
}

/// An error that says that a service which the site uses cannot be worked with at the moment.
#[derive(Debug, thiserror::Error)]
#[error("{service} cannot be worked with at the moment: {error}")]
pub(crate) struct Outage {
    service: &'static str,
    #[source]
    error: BoxError,
}

impl Outage {
    /// The error with these words around it, where it or one of those that led to it is such a one; else the error itself. It may be
    /// of the service's own library: a controller returns it with `?`.
    pub(crate) fn of(error: BoxError) -> Result<Outage, BoxError> {
        match out_of_order(&*error) {
            Some(service) => Ok(Outage { service, error }),
            None => Err(error),
        }
    }
}

/// The service that cannot be worked with at the moment, if an error or one of those that led to it says so.
pub(crate) fn out_of_order(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        #[cfg(feature = "db")]
        if database::is_outage(error) {
            return Some("the database");
        }
        cause = error.source();
    }
    None
}

/// Text without control characters, for the log: what a client sent must not be able to forge a line of it or move a terminal's
/// cursor.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escaped).collect())
}

/// What a panic says, of which anything can be caught.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}

/// Most bytes of one thing that a client sent in a line of the log: journald cuts lines of more than 48 KB, and would read what stands
/// behind the cut as a line of its own.
const MOST_IN_A_LINE: usize = 1024;

/// A text for the log, cut where it is long, which `…` says.
pub(crate) fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= MOST_IN_A_LINE {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(MOST_IN_A_LINE);
    Cow::Owned(format!("{}…", &text[..end]))
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template `{}`: {}", self.template, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_two_characters() {
        let long = format!("a{}", "ü".repeat(1000));
        let short = shortened(&long);
        assert!(short.len() <= MOST_IN_A_LINE + "…".len() && short.ends_with("ü…"), "{short}");
        assert_eq!(shortened(&long[..MOST_IN_A_LINE + 1]).len(), MOST_IN_A_LINE - 1 + "…".len());
        assert_eq!(shortened("short"), "short");
    }
}
