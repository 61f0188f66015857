//! The functions of the site in `tests/sites/cookies`, and clients of it.

use kalgan::controller::{Dispatch, controller, middleware};
use kalgan::testing::{self, Client};
use kalgan::{App, Cookie, Failure, Request, Response, csrf, render};

use crate::pages::read;

/// A key as the command `key` makes it.
pub const KEY: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn app() -> App {
    let controllers = [
        ("visit::act", controller(act)),
        ("visit::lost", controller(|| Response::text("lost").without_cookie("theme"))),
        ("form::show", controller(|| render!("form.html"))),
        ("form::token", controller(token)),
    ];
    let middleware = [
        ("gate::stop", middleware(|_: &mut Request| Some(Response::text("stopped").with_cookie(("gate", "1"))))),
        ("csrf", middleware(csrf::check)),
    ];
    App::new(|| read("cookies"), Dispatch::new(controllers, middleware))
}

/// The site in production with these settings.
pub fn production(settings: &[(&str, &str)]) -> Client {
    testing::client_with(app(), &[&[("environment.is_prod", "true")], settings].concat())
}

/// The site in development with these settings.
pub fn development(settings: &[(&str, &str)]) -> Client {
    testing::client_with(app(), &[&[("environment.is_prod", "false")], settings].concat())
}

fn act(request: Request) -> Result<Response, Failure> {
    let settings = |id| request.cookie_from_settings(id).map_err(Failure::from_error);
    let done = Response::text("done");
    Ok(match request.parameter("what").unwrap_or_default() {
        "nothing" => done,
        "log-in" => {
            let mut login = settings("login")?;
            login.set_value("new");
            done.with_cookie(login)
        }
        "log-out" => done.without_cookie(settings("login")?),
        "log-out-by-name" => Response::redirect("/").without_cookie("sid"),
        "clear" => done.without_cookie(settings("basket")?).without_cookie("__Host-a"),
        "by-header" => done.with_header("set-cookie", "sid=by-header; Path=/"),
        "fail" => Response::error(500).with_cookie(("a", "1")),
        "unknown" => done.with_cookie(settings("logim")?),
        "wrong" => done.with_cookie(Cookie::build(("__Host-a", "secret-value")).path("/x")),
        "large" => done.with_cookie(("a", "v".repeat(5000))),
        "sign" => done.with_signed_cookie(&request, ("team", "blue; ñ")),
        "sign-other" => done.with_signed_cookie(&request, ("other", "blue")),
        "encrypt" => done.with_private_cookie(&request, ("note", "4711; ñ")),
        "signed" => Response::text(format!("{:?}", request.signed_cookie("team"))),
        "private" => Response::text(format!("{:?}", request.private_cookie("note"))),
        _ => Response::error(404),
    })
}

fn token(request: Request) -> Result<Response, Failure> {
    let page = match request.parameter("what").unwrap_or_default() {
        "rotated" => {
            csrf::rotate(&request)?;
            render!("form.html")
        }
        "only-rotated" => {
            csrf::rotate(&request)?;
            Response::text("signed in")
        }
        "public" => render!("form.html").with_cache("public, max-age=60"),
        _ => Response::text(csrf::token(&request)?),
    };
    Ok(page)
}
