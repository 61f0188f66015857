//! The manual of Kalgan 0.9 lived below `/doc/<version>/`; links to it are still about.

use kalgan::{Error, Outcome, Request, Response, url};

/// The old pages and the routes of those that tell the same today.
const MOVED: [(&str, &str); 14] = [
    ("getting-started", "start"),
    ("architecture", "structure"),
    ("configuration", "settings"),
    ("routing", "routing"),
    ("handlers", "controllers"),
    ("templates", "templates"),
    ("static-files", "static_files"),
    ("i18n", "translations"),
    ("sessions", "sessions"),
    ("database", "database"),
    ("error-handling", "errors"),
    ("security", "csrf"),
    ("tests", "testing"),
    ("production", "production"),
];

/// Answers with a lasting redirection where the page has a successor; else the route's controller goes on.
pub fn forward(request: &mut Request) -> Result<Outcome, Error> {
    let old = request.parameter("page").unwrap_or_default();
    let Some((_, route)) = MOVED.iter().find(|(name, _)| *name == old) else { return Ok(Outcome::Continue) };
    Ok(Outcome::Answer(Response::redirect_with(301, &url!(request, route)?)))
}
