//! The controllers of the site in `tests/sites/kit`.

use std::io::Write;

use kalgan::controller::{Dispatch, controller};
use kalgan::{App, Cookie, Request, Response};

/// Names the file to which a process writes a line before it dies.
pub const DEATHS: &str = "KALGAN_TEST_DEATHS";

pub fn app() -> App {
    let controllers = [
        ("kit::page", controller(page)),
        ("kit::shared", controller(|request: Request| page(request).with_cache("public, max-age=300"))),
        ("kit::brief", controller(|request: Request| page(request).with_cache("public, max-age=1"))),
        ("kit::cookie", controller(cookie)),
        ("kit::each", controller(each)),
        ("kit::busy", controller(|| Response::text("not now").with_status(503))),
        ("kit::received", controller(|request: Request| Response::text(format!("{} bytes", request.body().len())))),
        ("kit::told", controller(told)),
        ("kit::dies", controller(dies)),
    ];
    let app = App::new(|| crate::pages::read("kit"), Dispatch::new(controllers, []));
    #[cfg(feature = "websocket")]
    let app = {
        use kalgan::warp::{self, Filter};
        // It is enough that it begins.
        app.mount(|_| warp::path!("socket").and(warp::ws()).map(|ws: warp::ws::Ws| ws.on_upgrade(|_| async {})))
    };
    app
}

fn page(request: Request) -> Response {
    let seen = |name: &str| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        format!("{name}={}", value.unwrap_or("none"))
    };
    let headers = ["x-forwarded-for", "x-forwarded-proto", "forwarded", "x-request-id", "if-none-match"].map(seen);
    let text = format!("{} {} {}", request.trans("hello", &[]), std::process::id(), headers.join(" "));
    Response::text(text)
}

/// Says what came, as it was written.
fn told(request: Request) -> Response {
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    let own = request.header("x-own").unwrap_or_default();
    Response::text(format!("{} {target} {own} {} bytes", request.method(), request.body().len()))
}

fn cookie(request: Request) -> Response {
    page(request).with_cache("public, max-age=300").with_cookie(Cookie::new("a", "b"))
}

/// A page for each visitor that caches may keep, as a controller and a middleware say it together.
fn each(request: Request) -> Response {
    let visitor = Response::text(request.cookie("name").unwrap_or_default()).with_cache("public, max-age=300");
    visitor.with_added_header("vary", "Cookie").with_added_header("vary", "Accept-Encoding")
}

/// Ends the process in the middle of a request, as a crash would.
fn dies() -> Response {
    if let Ok(path) = std::env::var(DEATHS) {
        let mut file = std::fs::File::options().append(true).create(true).open(path).expect("the file can be opened");
        writeln!(file, "died").expect("a line can be written");
    }
    std::process::abort()
}
