//! Which pages a broken file makes wrong while somebody works on the site.
//!
//! A file of settings, routes or messages that cannot be read is used as it last was without a mistake. What it has to do with a page
//! decides whether that page is shown all the same or is the developers' page with the mistakes:
//!
//! - settings: every page;
//! - routes: the routes that the file declares, and what no route answers, because the file may be about to;
//! - messages: the pages that ask for messages.
//!
//! A broken template is not among these: it fails where it is rendered. In production nothing is ever broken, and whatever is asked
//! here is answered by a look at an empty list.

use crate::error::Error;
use crate::http::Failure;
use crate::problem::Problem;
use crate::site::{ReadyRoute, Settings, Site};

/// The folder of the settings, and the files that may stand in its place (B9).
const SETTINGS: [&str; 3] = ["config", "settings.yaml", "settings.yml"];

/// What a broken file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Settings,
    Messages,
    Routes,
    /// Something that no page is made of as a whole.
    Other,
}

/// Fails where a route, or the settings that it is answered with, are not what their files say.
pub(super) fn check_route(site: &Site, route: &ReadyRoute) -> Result<(), Failure> {
    check(site, |kind, problem| match kind {
        Kind::Settings => true,
        Kind::Routes => problem.file == route.place.file,
        Kind::Messages | Kind::Other => false,
    })
}

/// Fails where a route that answers may be missing only because its file is broken.
pub(super) fn check_unrouted(site: &Site) -> Result<(), Failure> {
    check(site, |kind, _| matches!(kind, Kind::Settings | Kind::Routes))
}

/// Fails where a page asks for messages whose file is broken.
pub(super) fn check_template(site: &Site, template: &str) -> Result<(), Failure> {
    check(site, |kind, _| kind == Kind::Messages && site.renderer.has_messages(template))
}

fn check(site: &Site, hinders: impl Fn(Kind, &Problem) -> bool) -> Result<(), Failure> {
    if site.broken.is_empty() {
        return Ok(());
    }
    let hinders = |problem: &&Problem| hinders(kind(&problem.file, &site.settings), problem);
    let problems: Vec<Problem> = site.broken.iter().filter(hinders).cloned().collect();
    if problems.is_empty() { Ok(()) } else { Err(Failure::because(500, Error::Site(problems))) }
}

/// What a file of the site is about, by where it lies.
fn kind(file: &str, settings: &Settings) -> Kind {
    let is_in = |key: &str| settings.get_string(key).is_ok_and(|folder| lies_in(file, &folder));
    match () {
        () if SETTINGS.iter().any(|path| lies_in(file, path)) => Kind::Settings,
        () if is_in("i18n.path") => Kind::Messages,
        () if is_in("router.path") => Kind::Routes,
        () => Kind::Other,
    }
}

/// Whether a path is that of a file or folder, or of something in that folder. A setting may be written with `./` and more slashes.
fn lies_in(path: &str, folder: &str) -> bool {
    let mut parts = path.split('/');
    folder.split('/').filter(|part| !matches!(*part, "" | ".")).all(|part| parts.next() == Some(part))
}

#[cfg(test)]
mod tests;
