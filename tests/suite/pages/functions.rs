//! The controllers, middleware and filters of the site in `tests/sites/pages`.

use std::path::PathBuf;

use futures_util::stream;
use kalgan::controller::{ControllerFn, MiddlewareFn, controller, middleware as any_middleware};
use kalgan::{
    Context, Cookie, Error, Failure, IntoResponse, Kwargs, Outcome, Request, Response, State, StatusCode, Value,
    context, hashmap, render, trans, url,
};
use serde::Deserialize;

/// What no visitor may ever read.
pub const REASON: &str = "reason-that-stays-inside";

pub fn controllers() -> Vec<(&'static str, ControllerFn)> {
    vec![
        ("page::home", controller(home)),
        ("page::item", controller(item)),
        ("answer::any", controller(any_answer)),
        ("sent::any", controller(super::sent::any)),
        ("guarded::show", controller(guarded)),
        ("input::read", controller(read_input)),
        ("fail::now", controller(fail)),
        ("fail::later", controller(fail_later)),
        ("old::show", controller(old)),
        ("short::form", controller(short)),
        ("errors::lost", controller(lost)),
        ("errors::moved", controller(|| Response::redirect("/en"))),
        ("errors::teapot", controller(|| Response::text("short and stout").with_status(418))),
        ("errors::fails", controller(|| Response::error(404))),
        ("errors::panics", controller(|| -> Response { panic!("{REASON}") })),
        ("errors::broken", controller(|| render!("broken.html"))),
        ("errors::no_file", controller(|| Response::file("/no/such/file"))),
        ("errors::hangs", controller(async |_: Request| std::future::pending::<Response>().await)),
        ("errors::tells", controller(tells)),
    ]
}

pub fn middleware() -> Vec<(&'static str, MiddlewareFn)> {
    vec![
        ("gate::first", any_middleware(first)),
        ("gate::choose", any_middleware(choose)),
        ("gate::second", any_middleware(second)),
    ]
}

/// A filter that panics.
pub fn burst(_: &str, _: Kwargs, _: &State) -> Value {
    panic!("{REASON}")
}

fn home() -> Response {
    render!("page.html", "name" => "Ann & Tom")
}

fn item(request: &Request) -> String {
    format!("item {}", request.parameter("id").unwrap_or("?"))
}

fn old(request: &Request) -> Result<Response, &'static str> {
    request.parameter("id").map(Response::text).ok_or("no id")
}

/// A file beside the site that is sent by `Response::file`.
pub fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/sites/pages").join(name)
}

async fn any_answer(request: Request) -> Response {
    let cookie = Cookie::build(("sid", "a b;c")).path("/").http_only(true).secure(true);
    match request.parameter("kind").unwrap_or_default() {
        "render" => render!("page.html", "name" => "<Ann>"),
        "echo" => render!("echo.html"),
        "accessors" => Response::text(accessors(&request)),
        "html" => Response::html("<p>ä</p>"),
        "text" => Response::text("ä"),
        "json" => Response::json(&hashmap! { "a" => [1, 2] }),
        "xml" => Response::xml("<a/>"),
        "bytes" => Response::bytes("image/png", vec![0x89, 0xff]),
        "redirect" => Response::redirect("/en?a=b"),
        "moved" => Response::redirect_with(308, "/en"),
        "elsewhere" => Response::redirect_to_other_site("https://example.com/"),
        "lured" => Response::redirect("//example.com"),
        "empty" => Response::empty(),
        "created" => Response::json(&1).with_status(201).with_header("location", "/item/1"),
        "file" => Response::file(file("note.txt")),
        "no-file" => Response::file(file("absent.txt")),
        "folder" => Response::file(file("app")),
        "below-a-file" => Response::file(file("note.txt/x")),
        "zero-byte" => Response::file("note\0.txt"),
        "stream" => Response::stream("text/plain", stream::iter(["a", "b"].map(Ok::<_, Error>))),
        "broken-stream" => Response::stream("text/plain", stream::iter([Ok("a"), Err(REASON)])),
        "panicking-stream" => Response::stream("text/plain", stream::iter([1, 0]).map_to_panic()),
        "download" => Response::text("x").with_download_name("Übung.txt"),
        "cookies" => Response::text("x").with_cookie(cookie.build()).without_cookie("old"),
        "cached" => Response::text("x").with_cache("public, max-age=60"),
        "length" => Response::text("x").with_header("content-length", "100"),
        "unit" => ().into_response(),
        "status" => StatusCode::GONE.into_response(),
        "accepted" => StatusCode::ACCEPTED.into_response(),
        "string" => "text".to_string().into_response(),
        "blocking" => kalgan::blocking(|| "done").await.into_response(),
        other => Response::failed(Failure::new(404, format!("there is no answer `{other}`"))),
    }
}

/// What Kalgan 0.9 gave of a request, a line each.
fn accessors(request: &Request) -> String {
    let cookies: Vec<_> =
        request.cookies().iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
    let route = request.route().expect("a route has led here");
    [
        request.method().to_string(),
        request.uri().to_string(),
        format!("{:?}", request.version()),
        cookies.join(" "),
        request.host().to_string(),
        request.user_agent().to_string(),
        format!("{:?}", request.form_pairs().expect("the body is a form")),
        request.referer().to_string(),
        format!("{} {:?}", request.header("X-Own").unwrap_or("none"), request.body()),
        format!("{} {:?} {}", route.name, request.parameter("kind"), request.language()),
    ]
    .join("\n")
}

/// A stream whose second piece is a panic.
trait MapToPanic {
    fn map_to_panic(self) -> Box<dyn futures_util::Stream<Item = Result<&'static str, Error>> + Send + Unpin>;
}

impl<S: futures_util::Stream<Item = u8> + Send + Unpin + 'static> MapToPanic for S {
    fn map_to_panic(self) -> Box<dyn futures_util::Stream<Item = Result<&'static str, Error>> + Send + Unpin> {
        use futures_util::StreamExt;
        Box::new(self.map(|number| if number == 1 { Ok("a") } else { panic!("{REASON}") }))
    }
}

#[derive(Deserialize)]
struct Order {
    name: String,
    count: u8,
    #[serde(default)]
    tags: Vec<String>,
}

impl Order {
    fn answer(self) -> Response {
        Response::text(format!("{} {} {}", self.name, self.count, self.tags.join("+")))
    }
}

fn read_input(request: Request) -> Result<Response, Failure> {
    match request.parameter("kind").unwrap_or_default() {
        "json" => request.json::<Order>().map(Order::answer),
        "form" => request.form::<Order>().map(Order::answer),
        "query" => request.query_as::<Order>().map(Order::answer),
        "text" => Ok(Response::text(request.text()?)),
        "length" => Ok(Response::text(request.body().len().to_string())),
        "pairs" => Ok(Response::text(format!("{:?}", request.form_pairs()?))),
        _ => Ok(Response::text(format!("{:?}", request.query_pairs()))),
    }
}

/// Notes its own name for those that follow.
async fn first(request: &mut Request) {
    tokio::task::yield_now().await;
    request.insert_extension(7_u8);
    request.set("order", "first").expect("text can be kept");
}

fn choose(request: &mut Request) -> Result<Option<Response>, Failure> {
    match request.query("do").unwrap_or_default() {
        "answer" => Ok(Some(Response::text("refused").with_status(403))),
        "render" => Ok(Some(render!("middleware.html"))),
        "fail" => Err(Failure::new(401, REASON)),
        "panic" => panic!("{REASON}"),
        "spanish" => {
            request.set_language("es");
            Ok(None)
        }
        _ => Ok(None),
    }
}

async fn second(request: &mut Request) -> Result<Outcome, Error> {
    let before: String = request.get("order").unwrap_or_default();
    request.set("order", format!("{before}, <second>")).expect("text can be kept");
    Ok(Outcome::Continue)
}

fn guarded(request: Request) -> Response {
    match request.parameter("order") {
        Some("template") => render!("middleware.html"),
        _ => Response::text(format!(
            "{} {} {}",
            request.get::<String>("order").unwrap_or_default(),
            request.extension::<u8>().copied().unwrap_or_default(),
            request.get::<u8>("order").is_none(),
        )),
    }
}

fn fail(request: Request) -> Result<Response, Box<dyn std::error::Error + Send + Sync>> {
    match request.parameter("how").unwrap_or_default() {
        "forbidden" => Err(Failure::new(403, REASON))?,
        "number" => Ok(Response::text(request.query("n").unwrap_or("x").parse::<u8>()?.to_string())),
        "file" => Ok(Response::text(std::fs::read_to_string(format!("/{REASON}"))?)),
        "url" => Ok(Response::redirect(&url!(request, "reason-that-stays-inside")?)),
        "missing-parameter" => Ok(Response::redirect(&url!(request, "item")?)),
        "text" => Err(REASON)?,
        "panic" => panic!("{REASON}"),
        "template" => Ok(render!("broken.html", "name" => REASON)),
        "no-template" => Ok(render!("reason-that-stays-inside.html")),
        "filter" => Ok(render!("burst.html")),
        "setting" => Ok(Response::text(request.settings().get_string("reason-that-stays-inside")?)),
        "header" => Ok(Response::text("x").with_header("x", format!("{REASON}\n"))),
        _ => Ok(Response::error(418)),
    }
}

async fn fail_later(request: Request) -> Result<Response, Failure> {
    tokio::task::yield_now().await;
    match request.parameter("how") {
        Some("panic") => panic!("{REASON}"),
        Some("hang") => std::future::pending().await,
        Some("block") => kalgan::blocking(|| -> Response { panic!("{REASON}") }).await,
        Some("line") => Err(Failure::new(409, "two\nlines")),
        _ => Err(Failure::new(410, REASON)),
    }
}

fn lost(_: Request) -> Response {
    render!("errors/lost.html")
}

/// Says what an error controller may know.
fn tells(request: Request) -> Response {
    let failure = request.failure().map(|failure| failure.status().as_u16());
    Response::text(format!("{failure:?} {:?}", request.route_name()))
}

fn short(request: Request) -> Result<Response, Error> {
    let text = match request.parameter("what").unwrap_or_default() {
        "url" => url!(request, "item", id = 5)?,
        "url-language" => format!("{} {}", url!(request, "home")?, url!(request, "home", _lang = "es")?),
        "trans" => {
            format!("{} {}", trans!(request, "hello", name = "Ann"), trans!(request, "hello", name = 1, _lang = "es"))
        }
        "context" => {
            let context: Context = context! { "name" => "Ann" };
            request.render("page.html", context)?
        }
        _ => "?".to_string(),
    };
    Ok(Response::text(text))
}
