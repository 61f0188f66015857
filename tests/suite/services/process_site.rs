//! The controllers of the site in `tests/sites/process`.

use std::sync::atomic::{AtomicUsize, Ordering};

use kalgan::controller::{Dispatch, controller};
use kalgan::{App, AsProcess, Cookie, Error, Failure, Request, Response, context, upload};
use serde_json::json;

/// What the site keeps of its own.
#[derive(Default)]
pub struct Counter(pub AtomicUsize);

pub fn app() -> App {
    let controllers = [
        ("visit::home", controller(home)),
        ("visit::sign_in", controller(sign_in)),
        ("visit::sign_out", controller(|| Response::redirect_with(303, "/").without_cookie("name"))),
        ("visit::post", controller(post)),
        ("visit::redirect", controller(redirect)),
        ("visit::circle", controller(|| Response::redirect("/circle"))),
        ("visit::elsewhere", controller(|| Response::redirect_to_other_site("https://example.com/x"))),
        ("visit::echo", controller(echo)),
        ("visit::count", controller(count)),
        ("visit::custom", controller(|| Response::render("custom.html", context! {}))),
    ];
    App::new(|| crate::pages::read("process"), Dispatch::new(controllers, [])).state(Counter::default()).tera(|tera| {
        tera.register_filter("doubled", |text: &str, _: kalgan::Kwargs, _: &kalgan::State| format!("{text}{text}"));
        tera.register_function("answer", |_: kalgan::Kwargs, _: &kalgan::State| 42);
        tera.register_test("square", |number: u64, _: kalgan::Kwargs, _: &kalgan::State| {
            number.isqrt().pow(2) == number
        });
    })
}

fn home(request: Request) -> Response {
    Response::text(request.cookie("name").unwrap_or("nobody").to_string())
}

fn sign_in(request: Request) -> Result<Response, Failure> {
    if request.method() == "GET" {
        return Ok(Response::render("sign_in.html", context! { "token" => "a<b>&\"c" }));
    }
    let field = |name: &str| Ok::<_, Failure>(request.form_pairs()?.into_iter().find(|(found, _)| found == name));
    let (name, token) = (field("name")?, field("token")?);
    match (name, token) {
        (Some((_, name)), Some((_, token))) if token == "a<b>&\"c" => {
            let cookie = Cookie::build(("name", name)).path("/").build();
            Ok(Response::redirect_with(303, "/").with_cookie(cookie))
        }
        _ => Ok(Response::error(403)),
    }
}

pub fn post(request: Request) -> Response {
    let id = request.parameter("id").unwrap_or_default().to_string();
    let title = request.trans("post", &[("id", id.into())]);
    Response::text(format!("{title}, {} {}", request.route_name().unwrap_or_default(), request.language()))
}

fn redirect(request: Request) -> Result<Response, Error> {
    let status = request.parameter("status").and_then(|status| status.parse().ok()).unwrap_or(302);
    Ok(Response::redirect_with(status, "/echo?from=redirect"))
}

async fn echo(request: Request) -> Result<Response, Failure> {
    let body = match request.header("content-type").unwrap_or_default().starts_with("multipart/") {
        true => told(&*upload::form(&request).await?),
        false => String::from_utf8_lossy(request.body()).into_owned(),
    };
    Ok(Response::json(&json!({
        "method": request.method().as_str(),
        "type": request.header("content-type"),
        "body": body,
        "address": request.client_address(),
        "query": request.raw_query(),
    })))
}

/// What came with a form with files.
fn told(form: &upload::Form) -> String {
    let files = form.files("photo").map(|file| format!("{} {} {}", file.file_name(), file.declared_type(), file.len()));
    form.texts("name").map(str::to_string).chain(files).collect::<Vec<_>>().join(", ")
}

fn count(request: Request) -> Response {
    let counter = request.process().state::<Counter>().map(|counter| counter.0.fetch_add(1, Ordering::SeqCst));
    Response::text(format!("{counter:?}"))
}
