//! The plain error page, for visitors; [`super::developers`] has the one for developers.
//!
//! What it shows is fixed: nothing of a reason, a request or a file can leave a production process through it.

use http::StatusCode;

use crate::http::{Failure, Request, Response};

const STYLE: &str = include_str!("failure.css");

/// How a policy names that style. A build without the feature `source` has no hashes, so it is written down; a test compares.
const STYLE_SOURCE: &str = "'sha256-7kpsy3d74jgbDBc9hJlmupRwIgXTbe8X3KK9FpEbouc='";

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
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{title}</title><style>{STYLE}</style></head>\n\
         <body>{body}</body>\n</html>\n"
    );
    Response::html(html).with_status(status.as_u16()).with_cache("no-store").with_style(STYLE_SOURCE)
}

/// Number and words of a status.
pub(super) fn title(status: StatusCode) -> String {
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
