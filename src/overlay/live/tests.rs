use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};

use super::event::Position;
use super::*;
use crate::http::Body;
use crate::problem::Problem;

fn headers(kind: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))])
}

fn dressed(headers: &mut HeaderMap, method: &Method, body: &str) -> Option<String> {
    dressed_for("document", headers, method, body)
}

fn dressed_for(destination: &'static str, headers: &mut HeaderMap, method: &Method, body: &str) -> Option<String> {
    let hub = Hub::new(Path::new("/site"));
    let asked = &HeaderMap::from_iter([("sec-fetch-dest".parse().unwrap(), HeaderValue::from_static(destination))]);
    let body = Bytes::from(body.to_string());
    let page =
        Dressing::new(&hub, 7, "/at").dress(Page { method, asked, host: "localhost:80", headers, body: &body })?;
    Some(String::from_utf8(page.to_vec()).unwrap().replace(hub.process(), "process"))
}

const TAG: &str = "<script src=\"/at/_kalgan/live.js\" data-since=\"process-7\" async></script>";

#[test]
fn the_tag_stands_before_the_last_end_of_the_body() {
    for (before, after) in [
        ("<body>a</body></html>", format!("<body>a{TAG}</body></html>")),
        ("</body>a</BODY >\n</html>\n", format!("</body>a{TAG}</BODY >\n</html>\n")),
        ("<p>ü</p>", format!("<p>ü</p>{TAG}")),
        ("a</bod", format!("a</bod{TAG}")),
    ] {
        let page = dressed(&mut headers("text/html; charset=utf-8"), &Method::GET, before);
        assert_eq!(page, Some(after), "{before}");
    }
}

#[test]
fn what_is_no_page_stays_as_it_is() {
    for kind in ["text/plain", "application/json", "text/html; charset=UTF-16", "image/svg+xml", "text/htmlx"] {
        assert_eq!(dressed(&mut headers(kind), &Method::GET, "<body></body>"), None, "{kind}");
    }
    let mut encoded = headers("text/html");
    encoded.insert("content-encoding", HeaderValue::from_static("gzip"));
    assert_eq!(dressed(&mut encoded, &Method::GET, "<body></body>"), None);
    assert_eq!(dressed(&mut HeaderMap::new(), &Method::GET, "<body></body>"), None);
    assert_eq!(dressed(&mut headers("text/html"), &Method::GET, ""), None);
    assert_eq!(dressed_for("empty", &mut headers("text/html"), &Method::GET, "<p>a part</p>"), None);
    assert!(dressed_for("iframe", &mut headers("text/html"), &Method::GET, "<p>a frame</p>").is_some());
}

#[test]
fn head_is_told_what_get_is_and_only_a_form_gets_another_tag() {
    let page = |method| dressed(&mut headers("TEXT/HTML"), &method, "<body></body>").unwrap();
    assert_eq!(page(Method::HEAD), page(Method::GET));
    assert!(page(Method::POST).contains(" data-form"));
}

/// Policies as the site sends them, as they are sent then, and the nonce of the tag; `*` stands for the nonce of ours.
const POLICIES: &[(&str, &str, Option<&str>)] = &[
    // What admits our addresses stays as it is.
    ("", "", None),
    ("default-src 'self'", "default-src 'self'", None),
    ("script-src *; connect-src http:", "script-src *; connect-src http:", None),
    ("img-src 'none'", "img-src 'none'", None),
    ("script-src 'self' 'unsafe-inline'", "script-src 'self' 'unsafe-inline'", None),
    ("script-src http://localhost:80/at/; object-src x", "script-src http://localhost:80/at/; object-src x", None),
    ("script-src LOCALHOST:80", "script-src LOCALHOST:80", None),
    // What decides about more than our script is not changed: beside it comes what decides about scripts alone.
    ("script-src 'none'", "script-src 'none'; script-src-elem SCRIPT", None),
    ("script-src", "script-src; script-src-elem SCRIPT", None),
    ("Script-Src-Elem 'NONE'", "Script-Src-Elem SCRIPT", None),
    ("script-src https:", "script-src https:; script-src-elem https: SCRIPT", None),
    (
        "script-src 'unsafe-inline' https://cdn.example.com",
        "script-src 'unsafe-inline' https://cdn.example.com; script-src-elem 'unsafe-inline' https://cdn.example.com SCRIPT",
        None,
    ),
    ("script-src 'sha256-abc='", "script-src 'sha256-abc='; script-src-elem 'sha256-abc=' SCRIPT", None),
    (
        "default-src 'none'; img-src *",
        "default-src 'none'; img-src *; script-src-elem SCRIPT; connect-src EVENTS",
        None,
    ),
    (
        "default-src https://cdn.example.com; connect-src 'none'",
        "default-src https://cdn.example.com; connect-src EVENTS; script-src-elem https://cdn.example.com SCRIPT",
        None,
    ),
    (
        "script-src http://localhost:80/other/",
        "script-src http://localhost:80/other/; script-src-elem http://localhost:80/other/ SCRIPT",
        None,
    ),
    ("script-src localhost", "script-src localhost; script-src-elem localhost SCRIPT", None),
    // A nonce of the site goes on the tag.
    ("script-src 'nonce-aB3+/=' 'unsafe-inline'", "script-src 'nonce-aB3+/=' 'unsafe-inline'", Some("aB3+/=")),
    ("default-src 'Nonce-x'; connect-src 'self'", "default-src 'Nonce-x'; connect-src 'self'", Some("x")),
    ("script-src 'nonce-x' 'strict-dynamic'", "script-src 'nonce-x' 'strict-dynamic'", Some("x")),
    // What is no nonce is none.
    ("script-src 'nonce-<x>'", "script-src 'nonce-<x>'; script-src-elem 'nonce-<x>' SCRIPT", None),
    // Only a nonce helps where addresses do not count.
    (
        "script-src 'strict-dynamic' 'unsafe-inline' 'sha256-abc='",
        "script-src 'strict-dynamic' 'unsafe-inline' 'sha256-abc='; \
         script-src-elem 'strict-dynamic' 'unsafe-inline' 'sha256-abc=' 'nonce-*'",
        Some("*"),
    ),
    // The second directive of a name does not count.
    ("script-src 'self'; script-src 'none'", "script-src 'self'; script-src 'none'", None),
    // Every policy must admit it, and a tag has one nonce.
    (
        "script-src 'nonce-x', script-src 'nonce-y'",
        "script-src 'nonce-x', script-src 'nonce-y'; script-src-elem 'nonce-y' SCRIPT",
        Some("x"),
    ),
    (
        "script-src 'self', script-src 'strict-dynamic' 'nonce-y'",
        "script-src 'self', script-src 'strict-dynamic' 'nonce-y'",
        Some("y"),
    ),
    ("default-src 'self' ;;, connect-src 'none'", "default-src 'self', connect-src EVENTS", None),
];

#[test]
fn a_policy_is_amended_as_far_as_needed_and_no_further() {
    for (before, after, nonce) in POLICIES {
        let mut headers = HeaderMap::new();
        headers.append(CONTENT_SECURITY_POLICY, HeaderValue::from_static(before));
        headers.append("content-security-policy-report-only", HeaderValue::from_static("script-src 'none'"));
        let (script, events) = ("/at/_kalgan/live.js", "/at/_kalgan/events");
        let wanted = policy::Wanted { host: "localhost:80", script, events, nonce: "*" };
        let given = policy::admit(&mut headers, wanted);
        let lines: Vec<_> =
            headers.get_all(CONTENT_SECURITY_POLICY).iter().map(|line| line.to_str().unwrap()).collect();
        let after = after
            .replace("SCRIPT", "http://localhost:80/at/_kalgan/live.js")
            .replace("EVENTS", "http://localhost:80/at/_kalgan/events");
        assert_eq!((lines.join(", "), given.as_deref()), (after, *nonce), "{before}");
        assert_eq!(headers["content-security-policy-report-only"], "script-src 'none'");
    }
}

#[test]
fn a_host_that_is_no_source_is_met_by_self() {
    for host in ["[::1]:7878", "", "a;script-src *", "a,b", "a'b"] {
        let mut headers = HeaderMap::new();
        headers.append(CONTENT_SECURITY_POLICY, HeaderValue::from_static("script-src-elem 'none'"));
        policy::admit(&mut headers, policy::Wanted { host, script: "/live.js", events: "/events", nonce: "n" });
        assert_eq!(headers[CONTENT_SECURITY_POLICY], "script-src-elem 'self'", "{host}");
    }
}

fn asset(path: &str, version: &str) -> Change {
    Change { pages: false, assets: [(path.to_string(), version.to_string())].into() }
}

/// What a page that was served in a state is told first.
fn told(hub: &Hub, since: &str) -> Option<Value> {
    Position::of_page(hub, since).event(hub, &hub.subscribe().borrow())
}

#[test]
fn a_page_is_told_what_changed_since_it_was_made() {
    let hub = Hub::new(Path::new("/site"));
    let page = |generation| Position::text(&hub, generation);
    hub.publish(asset("static/a.css", "1"));
    hub.publish(asset("static/a.css", "2"));
    hub.publish(asset("static/b.css", "1"));
    let first = told(&hub, &page(0)).unwrap();
    assert_eq!(first["assets"], json!({"static/a.css": "2", "static/b.css": "1"}));
    assert_eq!((&first["reload"], &first["at"]), (&json!(false), &json!(page(3))));
    assert_eq!(told(&hub, &page(2)).unwrap()["assets"], json!({"static/b.css": "1"}));
    hub.publish(Change { pages: true, ..Change::default() });
    assert_eq!(told(&hub, &page(3)).unwrap()["reload"], true);
    assert_eq!(told(&hub, &page(4)).unwrap()["reload"], false);
    // It may be served in the moment before its generation is told.
    assert_eq!(told(&hub, &page(5)).unwrap()["at"], page(5));
    // That of another process, and one that makes no sense.
    for since in ["other-4", "", "x", &format!("{}-x", hub.process())] {
        assert_eq!(told(&hub, since).unwrap()["reload"], true, "{since}");
    }
}

#[test]
fn many_changes_take_no_more_memory_than_some() {
    let hub = Hub::new(Path::new("/site"));
    for _ in 0..1000 {
        hub.publish(Change::default());
    }
    let page = |generation| Position::text(&hub, generation);
    assert_eq!(told(&hub, &page(0)).unwrap()["reload"], true);
    assert_eq!(told(&hub, &page(990)).unwrap()["reload"], false);
    assert!(hub.subscribe().borrow().changes() <= 128);
}

#[test]
fn mistakes_are_told_when_they_are_known_and_only_then() {
    let hub = Hub::new(Path::new("/si te"));
    hub.set_editor(Some(Editor::parse("edit://{path}:{line}:{column}").unwrap()));
    let mut page = Position::of_page(&hub, &Position::text(&hub, 0));
    let mut next = || page.event(&hub, &hub.subscribe().borrow());
    assert_eq!(next().unwrap().get("mistakes"), None);
    assert_eq!(next(), None);
    let warning = Problem::warning("a.yaml", "unused");
    hub.set_problems(vec![warning, Problem::error("b.html", "wrong").at("<x>", 1, 2, 1).help("mend it")]);
    let mistakes = next().unwrap()["mistakes"].clone();
    assert_eq!(mistakes["count"], "1 error, 1 warning");
    let error = json!({
        "severity": "error", "place": "b.html:1:2", "message": "wrong", "excerpt": "  |\n1 | <x>\n  |  ^",
        "help": ["mend it"], "link": "edit:///si%20te/b.html:1:2",
    });
    assert_eq!(mistakes["list"][0], error);
    hub.publish(Change::default());
    assert_eq!(next().unwrap().get("mistakes"), None);
    hub.set_problems(Vec::new());
    assert_eq!(next().unwrap()["mistakes"]["list"], json!([]));
}

#[test]
fn errors_of_the_compiler_are_told_with_their_places() {
    let hub = Hub::new(Path::new("/crate/app"));
    let path = PathBuf::from("/crate/app/main.rs");
    let error = CompileError { path, line: 3, column: 5, rendered: "error: x\n --> ".into(), message: "x".into() };
    let general = CompileError { path: PathBuf::new(), line: 0, column: 0, ..error.clone() };
    hub.set_build(Build::Failed(vec![error, general]));
    let build = told(&hub, "").unwrap()["build"].clone();
    assert_eq!((&build["state"], &build["list"][0]["place"]), (&json!("failed"), &json!("app/main.rs:3:5")));
    assert_eq!((&build["list"][0]["excerpt"], &build["list"][1]["place"]), (&json!("error: x\n --> "), &json!("")));
    hub.set_build(Build::Running);
    assert_eq!(told(&hub, "").unwrap()["build"]["state"], "running");
}

#[tokio::test(start_paused = true)]
async fn the_stream_takes_a_burst_together_and_beats_while_nothing_happens() {
    let hub = Hub::new(Path::new("/site"));
    let response = stream::answer(&hub, &Position::text(&hub, 0));
    assert_eq!(response.header("content-type"), Some("text/event-stream"));
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let (_, _, Body::Stream(mut pieces)) = response.into_parts() else { panic!("no stream") };
    let mut next = async || String::from_utf8(pieces.0.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(next().await.starts_with("retry: 500\n\ndata: {"));
    assert_eq!(next().await, ":\n\n");
    hub.publish(asset("static/a.css", "1"));
    hub.publish(asset("static/b.css", "1"));
    let event = next().await;
    assert!(event.contains("a.css") && event.contains("b.css") && event.ends_with("\n\n"), "{event}");
    assert_eq!(next().await, ":\n\n");
}
