//! The functions of the site in `tests/sites/proxied`, which says who asks it.

use kalgan::controller::{Dispatch, controller, middleware};
use kalgan::testing::{self, Client};
use kalgan::{App, Request, Response, context, csrf, render};

/// Where nobody else says how to reach the site.
pub const PUBLIC: &str = "https://public.example";

pub fn app() -> App {
    let controllers = [
        ("visit::who", controller(who)),
        ("visit::form", controller(form)),
        ("visit::page", controller(|| render!("page.html", context! {}))),
        (
            "visit::tenant",
            controller(|request: Request| Response::text(request.parameter("tenant").unwrap_or("").to_string())),
        ),
    ];
    let dispatch = Dispatch::new(controllers, [("csrf", middleware(csrf::check))]);
    App::new(|| crate::pages::read("proxied"), dispatch)
}

/// The site in production, with these settings.
pub fn production(settings: &[(&str, &str)]) -> Client {
    testing::client_with(app(), &[&[("environment.is_prod", "true")], settings].concat())
}

/// Address, scheme, host, and the absolute address of a page, by a space; and a cookie that says nothing of `Secure`.
fn who(request: Request) -> Response {
    let address = request.client_address().map_or_else(|| "nobody".to_string(), |address| address.to_string());
    let absolute = request.absolute_url("page", &[]).unwrap_or_else(|error| format!("({error})"));
    let text = format!("{address} {} {} {absolute}", request.scheme(), request.host());
    assert_eq!(request.is_secure(), request.scheme() == "https");
    Response::text(text).with_cookie(("seen", "1"))
}

/// A token to send with a form, and what is sent with it.
fn form(request: Request) -> Response {
    match request.method().as_str() {
        "POST" => Response::text("taken"),
        _ => csrf::token(&request).map_or_else(|_| Response::error(500), Response::text),
    }
}
