//! A site as one grew under Kalgan 0.9, in `tests/sites/grown`: its YAML and templates are taken as they are.

use std::path::Path;

use kalgan::App;
use kalgan::controller::{Dispatch, controller, middleware};
use kalgan::source::{self, Options, Reading};
use kalgan::testing::{self, Client};
use kalgan::{Outcome, Request, Response, context, render};

fn reading() -> Reading {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sites/grown/app");
    source::read(&folder, &Options { name: "grown".into(), release: "1.0.0".into(), is_prod: false, minify: None })
}

fn page(request: &Request) -> Response {
    Response::render("page.html", context! { "language" => request.language() })
}

fn auth(request: &mut Request) -> Outcome {
    match request.cookie("sid") {
        Some(_) => Outcome::Continue,
        None => Outcome::answer(Response::redirect("/")),
    }
}

/// The site on its own: what the settings say of servers elsewhere is unset.
fn client() -> Client {
    let controllers = [
        ("page_controller::home", controller(page)),
        ("page_controller::about", controller(page)),
        ("shop::item_controller::show", controller(page)),
        ("err::notfound", controller(|| render!("lost.html").with_status(404))),
        ("err::broken", controller(|| Response::text("broken"))),
    ];
    let site = App::new(|| reading().snapshot, Dispatch::new(controllers, [("auth", middleware(auth))]));
    let elsewhere = ["cache.server", "db.server", "db.user", "db.name", "db.password", "mailer.server"];
    let mut settings = vec![("environment.is_prod", "false"), ("error.custom_in_dev", "true")];
    settings.extend(elsewhere.map(|key| (key, "")));
    testing::client_with(site, &settings)
}

/// B33, B34, B35, B103, B104: a cookie that lives longer than browsers keep one, and a line without a value, are told and taken.
#[test]
fn its_yaml_has_no_mistake() {
    let reading = reading();
    let told: Vec<_> = reading.problems.iter().map(|problem| (problem.is_error(), problem.message.as_str())).collect();
    let long = "`cookie.basket.max_age` is 86400000, of which 34560000 count: browsers keep no cookie longer";
    assert_eq!(told, [(false, long), (false, "`cookie.basket.domain` has no value")]);
    assert_eq!((reading.snapshot.routes.len(), reading.snapshot.languages.len()), (3, 2));
}

/// B27, B30, B31, B67b, B67c, B78, B120, B133, B134, B135
#[test]
fn its_pages_are_served() {
    let client = client();
    for (address, hello) in [("/", "Hello Ann"), ("/en/about", "Hello Ann"), ("/es/about", "Hola Ann")] {
        let answer = client.get(address).send();
        assert_eq!(answer.status(), 200, "{address}");
        let script = "<script src=\"/static/js/app.js?";
        assert!(answer.text().contains(&format!("{hello} /item/5")), "{address}: {}", answer.text());
        assert!(answer.text().starts_with(script), "{address}: {}", answer.text());
    }
    let item = |method: &str| client.call(method, "/item/5").cookie("sid", "x").send();
    assert!(item("POST").text().contains("Hola Ann"));
    assert_eq!(item("DELETE").status(), 405);
    assert_eq!(client.get("/static/js/app.js").send().status(), 200);
}

/// B89, B91, B147: the name of an error page may be written with a slash, as that of a route.
#[test]
fn its_middleware_and_error_pages_are_asked() {
    let client = client();
    let turned_away = client.get("/item/5").send();
    assert_eq!((turned_away.status(), turned_away.header("location")), (302, Some("/")));
    let lost = client.get("/nowhere").send();
    assert!(lost.status() == 404 && lost.text().contains("lost"), "{}", lost.text());
}
