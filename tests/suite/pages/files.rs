//! Static files beside routes: a site whose routes would answer at the addresses of files as well.

use kalgan::controller::{Dispatch, controller};
use kalgan::testing::{self, Client};
use kalgan::{App, Response};

use super::read;

fn site(settings: &[(&str, &str)]) -> Client {
    let controllers = [("page::show", controller(|| Response::text("a route")))];
    testing::client_with(App::new(|| read("files"), Dispatch::new(controllers, [])), settings)
}

/// B85, B144
#[test]
fn folders_of_files_shadow_routes_until_an_operator_leaves_them_out() {
    let files = site(&[]);
    let style = files.get("/static/docs/docs.css").send();
    assert_eq!((style.status(), style.header("content-type")), (200, Some("text/css; charset=utf-8")));
    assert_eq!(files.get("/static/none").send().status(), 404);
    assert_eq!(files.get("/other/none").send().text(), "a route");
    let routes = site(&[("static.folders", "")]);
    assert_eq!(routes.get("/static/none").send().text(), "a route");
}

#[test]
fn a_folder_shows_its_page_below_the_slash_that_its_links_need() {
    let site = site(&[]);
    let page = site.get("/static/docs/").send();
    assert_eq!((page.status(), page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let redirect = site.get("/static/docs?page=2").send();
    assert_eq!((redirect.status(), redirect.header("location")), (308, Some("./docs/?page=2")));
    assert_eq!(site.get("/static/docs/docs.css").send().status(), 200);
    assert_eq!(site.get("/static/").send().status(), 404);
}

#[test]
fn other_methods_get_the_sites_page_with_what_files_answer_to() {
    let refused = site(&[]).post("/static/docs/docs.css").send();
    assert_eq!((refused.status(), refused.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    assert!(refused.header("content-type").is_some_and(|mime| mime.starts_with("text/html")));
    let asked = site(&[]).call("OPTIONS", "/static/docs/docs.css").send();
    assert_eq!((asked.status(), asked.header("allow"), asked.text()), (204, Some("GET, HEAD, OPTIONS"), ""));
}
