//! The whole way of a request, without sockets: a small site of files, with controllers and middleware written here.

mod answers;
mod errors;
mod files;
mod functions;
mod groups;
mod inputs;
mod languages;
mod middleware;
mod private;
mod sent;

use std::path::Path;

use kalgan::App;
use kalgan::controller::Dispatch;
use kalgan::snapshot::Snapshot;
use kalgan::source::{self, Options};
use kalgan::testing::{self, Answer, Client};

/// The site in `tests/sites/<name>/app` as a build would freeze it; it must have no mistake.
pub fn read(name: &str) -> Snapshot {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sites").join(name).join("app");
    let options = Options { name: name.to_string(), release: "1.0.0".to_string(), is_prod: true, minify: None };
    let reading = source::read(&folder, &options);
    assert_eq!(kalgan::problem::report(&reading.problems), "0 errors, 0 warnings");
    reading.snapshot
}

fn app() -> App {
    let dispatch = Dispatch::new(functions::controllers(), functions::middleware());
    app_with(dispatch)
}

/// The site with other functions than its own.
fn app_with(dispatch: Dispatch) -> App {
    App::new(|| read("pages"), dispatch).tera(|tera| {
        tera.register_filter("burst", functions::burst);
        tera.register_function("once", sent::once);
    })
}

/// The site in production with these settings.
fn production(settings: &[(&str, &str)]) -> Client {
    testing::client_with(app(), &[&[("environment.is_prod", "true")], settings].concat())
}

/// The site in development with these settings.
fn development(settings: &[(&str, &str)]) -> Client {
    testing::client_with(app(), &[&[("environment.is_prod", "false")], settings].concat())
}

/// Whether an answer says that the client's `Accept-Language` decided about it.
fn depends_on_language(answer: &Answer) -> bool {
    answer.headers().get_all("vary").iter().any(|line| line.to_str().unwrap().contains("Accept-Language"))
}

/// B5, B127, B136a, B170
#[test]
fn the_first_project_of_kalgan_0_9_is_served() {
    let controllers =
        [("controller::hello_world", kalgan::controller::controller(|| kalgan::render!("hello_world.html")))];
    let site = App::new(|| read("scaffold"), Dispatch::new(controllers, []));
    let answer = testing::client_with(site, &[]).get("/").send();
    assert_eq!((answer.status(), answer.text().trim()), (200, "<p>Hello World! :)</p>"));
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
}
