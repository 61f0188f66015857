//! Groups of routes, hosts, and middleware of all routes: the site in `tests/sites/groups`.

use kalgan::controller::{Dispatch, controller, middleware};
use kalgan::testing::{self, Answer, Client};
use kalgan::{App, Failure, Next, Outcome, Request, Response, render};

use super::read;

/// The site in production with these settings.
pub fn groups(settings: &[(&str, &str)]) -> Client {
    let controllers = [
        ("page::show", controller(show)),
        ("page::how", controller(how)),
        ("page::lost", controller(|| Response::text("lost"))),
    ];
    let layers = [
        ("layers::stamp", middleware(stamp)),
        ("layers::outer", middleware(outer)),
        ("layers::inner", middleware(inner)),
        ("layers::around", middleware(around)),
        ("layers::refuse", middleware(refuse)),
        ("layers::never", middleware(never)),
        ("layers::last", middleware(last)),
    ];
    let app = App::new(|| read("groups"), Dispatch::new(controllers, layers));
    testing::client_with(app, &[&[("environment.is_prod", "true")], settings].concat())
}

/// What was there on the way in and on the way out.
pub fn steps(answer: &Answer) -> String {
    let all = answer.headers().get_all("steps").iter().map(|value| value.to_str().unwrap());
    all.collect::<Vec<_>>().join(" ")
}

fn show(request: Request) -> Response {
    let parameters = request.parameters().iter().map(|(name, value)| format!("{name}={value}"));
    Response::text(format!(
        "{} [{}] {}",
        request.route_name().unwrap_or_default(),
        parameters.collect::<Vec<_>>().join(" "),
        request.language()
    ))
}

fn how(request: Request) -> Result<Response, Failure> {
    match request.parameter("how").unwrap_or_default() {
        "fail" => Err(Failure::new(409, "not now")),
        "panic" => panic!("in the controller"),
        "render" => Ok(render!("page.html")),
        "missing" => Ok(render!("absent.html")),
        _ => Ok(Response::text(request.get::<String>("steps").unwrap_or_default())),
    }
}

fn note(request: &mut Request, name: &str) {
    let before: String = request.get("steps").unwrap_or_default();
    request.set("steps", format!("{before}{name} ")).expect("text can be kept");
}

fn stamp(request: &mut Request) {
    note(request, "stamp");
}

/// After the controller of every route.
fn outer(request: &Request, response: Response) -> Response {
    let failure = response.failure().map(|failure| failure.status().as_u16());
    let response = response.with_added_header("steps", "outer").with_header("x-path", request.path());
    match failure {
        Some(status) => response.with_header("x-failure", status.to_string()),
        None => response,
    }
}

async fn inner(request: Request, response: Response) -> Result<Response, Failure> {
    tokio::task::yield_now().await;
    match request.query("inner") {
        Some("fail") => Err(Failure::new(503, "the layer fails").with_header("retry-after", "9")),
        Some("panic") => panic!("in the layer"),
        Some("rescue") if response.failure().is_some() => Ok(Response::text("rescued")),
        _ => Ok(response.with_added_header("steps", "inner")),
    }
}

async fn around(request: &mut Request, next: Next<'_>) -> Response {
    note(request, "in");
    if request.query("around") == Some("stop") {
        return Response::text("stopped").with_added_header("steps", "around");
    }
    let response = next.run(request).await;
    if request.query("around") == Some("spanish") {
        request.set_language("es");
    }
    response
        .with_added_header("steps", "around")
        .with_header("x-left", request.get::<String>("left").unwrap_or_default())
}

fn refuse(request: &mut Request) -> Option<Response> {
    (request.query("refuse").is_some()).then(|| Response::text("refused").with_status(403))
}

/// Stands behind the one that refuses.
fn never(_: &Request, response: Response) -> Response {
    response.with_added_header("steps", "never")
}

async fn last(request: &mut Request) -> Outcome {
    request.set("left", "by-last").expect("text can be kept");
    Outcome::Continue
}

#[test]
fn a_prefix_stands_before_the_paths_of_its_routes() {
    let client = groups(&[]);
    let admin = |path: &str| {
        let answer = client.get(path).header("host", "Admin.Example.com:8080").send();
        (answer.status(), answer.text().to_string())
    };
    assert_eq!(admin("/admin"), (200, "admin_home [] en".to_string()));
    // B70: the slash at the end makes another address.
    assert_eq!(admin("/admin/").0, 404);
    assert_eq!(admin("/admin/user/7"), (200, "user [id=7] en".to_string()));
    assert_eq!(admin("/admin/user/7/mail/ann"), (200, "user_mail [id=7 mail=ann] en".to_string()));
    assert_eq!(admin("/admin/user/x").0, 404);
    assert_eq!(admin("/admin/user/7/mail/7").0, 404);
}

#[test]
fn languages_of_prefix_and_path_are_put_together() {
    let client = groups(&[]);
    for (path, text) in [
        ("/", "home [] en"),
        ("/es", "home [] es"),
        ("/about", "about [] en"),
        ("/es/acerca", "about [] es"),
        ("/es/local/page", "local_page [locale=es] es"),
    ] {
        assert_eq!(client.get(path).send().text(), text, "{path}");
    }
    for path in ["/acerca", "/es/about", "/es/", "/de/local/page"] {
        assert_eq!(client.get(path).send().status(), 404, "{path}");
    }
}

#[test]
fn a_host_decides_before_path_and_method_do() {
    let client = groups(&[]);
    assert_eq!(client.get("/admin").send().status(), 404);
    assert_eq!(client.call("POST", "/admin/user/7").send().status(), 404);
    let post = client.call("POST", "/admin/user/7").header("host", "admin.example.com").send();
    assert_eq!((post.status(), post.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    let tenant = |host: &str| client.get("/").header("host", host).send().text().to_string();
    assert_eq!(tenant("Acme.shop.example.com"), "tenant [tenant=acme] en");
    assert_eq!(tenant("shop.example.com"), "home [] en");
    assert_eq!(tenant("a.b.shop.example.com"), "home [] en");
}

#[test]
fn middleware_of_all_routes_run_around_those_of_groups_and_routes() {
    // B93: Kalgan 0.9 had neither a chain nor middleware of all routes.
    let client = groups(&[]);
    let plain = client.get("/plain/text").send();
    assert_eq!((plain.text(), steps(&plain).as_str()), ("stamp ", "outer"));
    let admin = client.get("/admin/user/7?refuse").header("host", "admin.example.com").send();
    assert_eq!((admin.status(), steps(&admin).as_str()), (403, "inner outer"));
    // A middleware that is listed twice, by the group and by its route, runs once.
    assert_eq!(steps(&client.get("/wrapped/text").send()), "never around inner outer");
}

#[test]
fn static_files_and_addresses_without_a_route_run_no_middleware() {
    let client = groups(&[("error.404", "page::lost")]);
    let file = client.get("/static/site.css").send();
    assert_eq!((file.status(), steps(&file).as_str()), (200, ""));
    let lost = client.get("/nowhere/at/all").send();
    assert_eq!((lost.status(), lost.text(), steps(&lost).as_str()), (404, "lost", ""));
}
