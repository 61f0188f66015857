//! The pages of the manual: one function for all of them, because the route's name says which.

use kalgan::{Context, Error, Request, Response, context, url};

use super::reference;
use crate::chapters::{self, HOME, SECTIONS};

/// The languages of the manual, in the order of the switch.
pub const LANGUAGES: [&str; 2] = ["en", "es"];

/// `/`: to the first page in the language that the visitor's browser prefers.
pub fn choose_language(request: Request) -> Result<Response, Error> {
    Ok(Response::redirect(&url!(request, HOME)?))
}

/// The page that the route is named after.
pub fn show(request: Request) -> Response {
    let page = request.route_name().unwrap_or(HOME);
    Response::render(template(&request, page), context(page))
}

/// The name of a page's template in the request's language.
pub fn template(request: &Request, page: &str) -> String {
    format!("manual/{}/{page}.html", request.language())
}

/// Everything that a page's template needs.
pub fn context(page: &str) -> Context {
    let mut context = frame(page);
    if page == reference::PAGE {
        context.insert("groups", &reference::groups());
    }
    context
}

/// What the layout needs around a page: the menu, the neighbours and the languages.
pub fn frame(page: &str) -> Context {
    let (previous, next) = chapters::neighbours(page);
    context! {
        "page" => page,
        // Where the language switch leads; an error page has no twin, so it leads to the first page.
        "place" => if chapters::pages().any(|name| name == page) { page } else { HOME },
        "sections" => SECTIONS,
        "languages" => LANGUAGES,
        "previous" => previous,
        "next" => next,
    }
}
