//! The error pages of the manual, named by the settings `error.404` and `error.500`.

use kalgan::Response;

use super::page;

/// There is nothing at the address.
pub fn not_found() -> Response {
    show(404)
}

/// Something failed while the answer was made; the log has the reason.
pub fn failed() -> Response {
    show(500)
}

fn show(code: u16) -> Response {
    let mut context = page::frame("");
    context.insert("code", &code);
    Response::render("error.html", context).with_status(code)
}
