//! The controllers of the site in `tests/sites/logged`.

use std::io;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use kalgan::controller::{Dispatch, controller};
use kalgan::{App, Failure, Request, Response, context};

pub fn site() -> App {
    let controllers = [
        ("logged::show", controller(show)),
        ("logged::send", controller(|request: Request| Response::text(format!("{} bytes", request.body().len())))),
        (
            "logged::stream",
            controller(|| Response::stream("text/plain", stream::iter(["one", "two", "six"].map(Ok::<_, io::Error>)))),
        ),
        ("logged::broken", controller(broken)),
        ("logged::blocking", controller(blocking)),
        ("logged::panic", controller(panic)),
        ("logged::failed", controller(|| Response::render("failed.html", context! {}))),
    ];
    App::new(|| crate::pages::read("logged"), Dispatch::new(controllers, []))
}

/// A careless controller, which logs what came as it is.
fn show(request: Request) -> Response {
    let name = request.parameter("name").unwrap_or_default();
    tracing::info!(name, "showing {name}");
    tracing::debug!(timestamp = "mine", level = 5, request_id = "mine too", "details");
    Response::text(request.id().to_string())
}

fn broken() -> Response {
    let pieces = stream::once(async { Ok("four") }).chain(stream::once(async {
        // What came before is sent meanwhile.
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(io::Error::other("on\npurpose"))
    }));
    Response::stream("text/plain", pieces)
}

async fn blocking(_request: Request) -> Result<Response, Failure> {
    kalgan::blocking(|| tracing::warn!("from another thread")).await?;
    Ok(Response::text("done"))
}

fn panic() -> Response {
    panic!("on\npurpose")
}
