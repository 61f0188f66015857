//! Warp filters beside the routes, without sockets: who is asked, with what, and what comes of a rejection.

use std::time::Duration;

use kalgan::testing::{Client, client, client_with};
use kalgan::warp::{self, Filter, Rejection, Reply};
use kalgan::{App, Request};
use serde_json::Value;

use super::process_site::{self, Counter};

#[derive(Debug)]
struct Refused;

impl warp::reject::Reject for Refused {}

/// Some filters whose addresses routes have as well, and some whose they have not.
fn app() -> App {
    let visitor = warp::path!("who").and(warp::ext::get::<Request>()).map(|request: Request| {
        format!(
            "{} {:?} {}",
            request.cookie("name").unwrap_or_default(),
            request.route_name(),
            request.query("q").unwrap_or_default()
        )
    });
    process_site::app()
        .mount(|process| {
            let count = move || {
                process.state::<Counter>().map_or(0, |counter| counter.0.load(std::sync::atomic::Ordering::SeqCst))
            };
            warp::path!("count").map(move || format!("a filter counts {}", count()))
        })
        .mount(|_| warp::path!("count").map(|| "nobody asks the second one"))
        .mount(|_| warp::path!("static" / "site.css").map(|| "nobody asks for this file"))
        .mount(move |_| visitor)
        .mount(|_| {
            warp::path!("echo").and(warp::put()).and(warp::body::json()).map(|value: Value| warp::reply::json(&value))
        })
        .mount(|_| warp::path!("echo").and(warp::header::<u8>("x-number")).map(|number| format!("number {number}")))
        .mount(|_| {
            warp::path!("short").and(warp::body::content_length_limit(3)).and(warp::body::bytes()).map(|_| "short")
        })
        .mount(|_| {
            warp::path!("all")
                .and(warp::body::bytes())
                .map(|bytes: warp::hyper::body::Bytes| format!("{}", bytes.len()))
        })
        .mount(|_| warp::path!("mine").and_then(|| async { Err::<&str, Rejection>(warp::reject::custom(Refused)) }))
        .mount(|_| {
            warp::path!("handled").and_then(|| async { Err::<&str, _>(warp::reject::custom(Refused)) }).recover(recover)
        })
        .mount(|_| warp::path!("panic").map(|| -> &str { panic!("a mistake in a filter") }))
        .mount(|_| warp::path!("never").then(std::future::pending::<&str>))
        .mount(|_| warp::path!("rude").and(warp::body::bytes()).and(warp::delete()).map(|_| "rude"))
        .mount(|_| warp::path!("varied").map(varied))
        .mount(|_| warp::path!("events").map(|| warp::sse::reply(events())))
}

/// An answer for each visitor that a cache may keep, as several filters around one another would make it.
fn varied() -> impl Reply {
    let mut response = "varied".into_response();
    for (name, value) in [
        ("vary", "Cookie"),
        ("cache-control", "public"),
        ("vary", "accept-encoding, cookie"),
        ("cache-control", "max-age=60"),
    ] {
        response.headers_mut().append(name, warp::http::HeaderValue::from_static(value));
    }
    response
}

async fn recover(rejection: Rejection) -> Result<impl Reply, Rejection> {
    rejection
        .find::<Refused>()
        .is_some()
        .then(|| warp::reply::with_status("handled", warp::http::StatusCode::CONFLICT))
        .ok_or(rejection)
}

fn events() -> impl futures_util::Stream<Item = Result<warp::sse::Event, std::convert::Infallible>> + Send {
    futures_util::stream::iter(["one", "two"].map(|text| Ok(warp::sse::Event::default().data(text))))
}

fn production(settings: &[(&str, &str)]) -> Client {
    client_with(app(), &[&[("environment.is_prod", "true")], settings].concat())
}

#[test]
fn filters_come_before_routes_and_after_static_files() {
    let client = client(app());
    assert_eq!(client.get("/count").send().text(), "a filter counts 0");
    assert_eq!(client.get("/").send().text(), "nobody");
    assert!(client.get("/static/site.css").send().text().starts_with("body"));
    assert_eq!(client.get("/nowhere").send().status(), 404);
    assert_eq!(client.get("/events").send().text(), "data:one\n\ndata:two\n\n");
    let hosts = production(&[("server.hosts", "example.com")]);
    assert_eq!(hosts.get("/count").send().status(), 421, "another host is none of their business");
}

#[test]
fn a_filter_sees_the_request_that_a_controller_would_get() {
    let answer = client(app()).get("/who?q=%C3%B1").cookie("name", "Ann").send();
    assert_eq!(answer.text(), "Ann None ñ");
    assert_eq!(client(app()).get("/who?q=%ff").send().status(), 400, "one that cannot be read is answered before");
}

#[test]
fn what_a_filter_does_not_want_goes_to_the_routes_with_its_body() {
    let client = client(app());
    let post: Value = client.post("/echo").json(&[1, 2]).send().json();
    assert_eq!((post["method"].as_str(), post["body"].as_str()), (Some("POST"), Some("[1,2]")), "405 and 400");
    assert_eq!(client.get("/echo").header("x-number", "7").send().text(), "number 7");
    let get: Value = client.get("/echo").header("x-number", "seven").send().json();
    assert_eq!(get["method"], "GET", "400");
    let form = client.get("/sign-in").send();
    assert!(form.hidden("token").is_some(), "404");
}

/// A cache that looks at one line only, as that of NGINX 1.22 does, would show one visitor's page to another.
#[test]
fn what_an_answer_of_a_filter_depends_on_is_said_in_one_line() {
    let answer = client(app()).get("/varied").send();
    let lines = |name| answer.headers().get_all(name).iter().collect::<Vec<_>>();
    assert_eq!(lines("vary"), ["Cookie, accept-encoding"]);
    assert_eq!(lines("cache-control"), ["public, max-age=60"]);
}

#[test]
fn a_rejection_because_of_the_body_is_the_answer() {
    let client = production(&[("server.max_body_size", "10")]);
    let put = |media_type: &str, body: &'static str| client.call("PUT", "/echo").body(media_type, body).send();
    assert_eq!(put("application/json", "[1]").text(), "[1]");
    let broken = put("application/json", "[1");
    assert_eq!(broken.status(), 400);
    assert!(
        broken.header("content-type").is_some_and(|mime| mime.starts_with("text/html"))
            && !broken.text().contains("EOF")
    );
    assert_eq!(put("text/plain", "[1]").status(), 415);
    assert_eq!(put("application/json", "[1,2,3,4,5,6]").status(), 413, "`server.max_body_size` holds");
    assert_eq!(client.post("/short").body("text/plain", "abcd").send().status(), 413, "a limit of the filter's own");
    assert_eq!(client.post("/all").body("text/plain", "0123456789").send().text(), "10");
}

#[test]
fn what_goes_wrong_in_a_filter_is_an_error_page() {
    let client = production(&[("server.request_timeout", "1")]);
    for (method, address, status) in [
        ("GET", "/mine", 500),
        ("GET", "/handled", 409),
        ("GET", "/panic", 500),
        ("GET", "/never", 503),
        ("POST", "/rude", 500),
    ] {
        let answer = client.call(method, address).body("text/plain", "x").send();
        assert_eq!(answer.status(), status, "{address}");
        assert!(!answer.text().contains("Refused") && !answer.text().contains("mistake"), "{}", answer.text());
    }
    assert_eq!(client.get("/").send().status(), 200);
    let developers =
        client_with(app(), &[("environment.is_prod", "false")]).post("/rude").body("text/plain", "x").send();
    assert!(developers.text().contains("before what reads the body"), "{}", developers.text());
}

#[test]
fn filters_answer_at_the_same_time() {
    let app = process_site::app().mount(|_| {
        warp::path!("wait").then(|| async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            "waited"
        })
    });
    let client = client(app);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(client.get("/wait").send().text(), "waited"));
        }
    });
}
