//! Tells people which route answers and why the others do not: for the command `routes --match` and the development error page.

use std::fmt;

use super::entry::Mismatch;
use super::{ReadyRoute, Router, path::Decoded};

/// One path of one route, and what came of comparing a request with it.
#[derive(Debug, Clone)]
pub struct Step<'r> {
    /// The route.
    pub route: &'r ReadyRoute,
    /// The path that was compared; a route with a path per language takes one step for each.
    pub pattern: &'r str,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of comparing a request with a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// This route answers.
    Answers,
    /// It would answer, had no route been declared before it that does.
    Later,
    /// The path is another one.
    Path,
    /// The text that stands where the parameter is does not match the parameter's requirement.
    Requirement {
        /// The parameter's name.
        parameter: String,
        /// The text.
        value: String,
    },
    /// The text that stands where the language is does not name a language of the site.
    Language {
        /// The parameter's name.
        parameter: String,
        /// The text.
        value: String,
    },
    /// The path matches, but the route is for another host.
    Host,
    /// The path matches, but the route has other methods.
    Method,
    /// The request's path is not percent-encoded UTF-8, so no route was asked.
    BadPath,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Answers => f.write_str("answers"),
            Outcome::Later => f.write_str("would match, but an earlier route answers"),
            Outcome::Path => f.write_str("has another path"),
            Outcome::Requirement { parameter, value } => {
                write!(f, "`{value}` does not match the requirement of `{parameter}`")
            }
            Outcome::Language { parameter, value } => {
                write!(f, "`{value}`, the value of `{parameter}`, is not a language of the site")
            }
            Outcome::Host => f.write_str("is for another host"),
            Outcome::Method => f.write_str("has other methods"),
            Outcome::BadPath => f.write_str("was not asked, because the path is not percent-encoded UTF-8"),
        }
    }
}

impl From<Mismatch> for Outcome {
    fn from(mismatch: Mismatch) -> Self {
        match mismatch {
            Mismatch::Path => Outcome::Path,
            Mismatch::Host => Outcome::Host,
            Mismatch::Requirement { parameter, value } => Outcome::Requirement { parameter, value },
            Mismatch::Language { parameter, value } => Outcome::Language { parameter, value },
        }
    }
}

impl Router {
    /// Every path of every route in declared order, with what comes of comparing the request with it.
    ///
    /// This walks all routes and compiles expressions, so it is for people who ask, not for each request.
    pub fn explain<'r>(&'r self, method: &http::Method, host: &str, raw_path: &str) -> Vec<Step<'r>> {
        let path = Decoded::new(raw_path);
        let mut answered = false;
        let steps = self.entries.iter().map(|(number, entry)| {
            let route = &self.routes[*number].route;
            let outcome = match path.as_ref().map(|path| entry.mismatch(host, path)) {
                None => Outcome::BadPath,
                Some(Some(mismatch)) => mismatch.into(),
                Some(None) if !route.allows(method) => Outcome::Method,
                Some(None) if answered => Outcome::Later,
                Some(None) => {
                    answered = true;
                    Outcome::Answers
                }
            };
            Step { route, pattern: &entry.pattern, outcome }
        });
        steps.collect()
    }
}
