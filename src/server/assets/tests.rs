use http::Request;

use super::*;
use crate::site::{Outside, Settings};
use crate::snapshot::{Place, Setting, Snapshot, Text, Value};

const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef";
const VERSION: &str = "0123456789abcdef";
const TAG: &str = "\"0123456789abcdef0123456789abcdef\"";

fn asset(path: &'static str) -> Asset {
    let mime = Text::Borrowed("text/css; charset=utf-8");
    Asset {
        path: Text::Borrowed(path),
        mime,
        hash: Text::Borrowed(HASH),
        version: Text::Borrowed(VERSION),
        body: Cow::Borrowed(b"0123456789"),
        variants: Cow::Borrowed(&[]),
    }
}

/// The files of a site in production whose version is `v1`.
fn files(settings: &[(&'static str, Value)]) -> StaticFiles {
    let setting = |(key, value): &(&'static str, Value)| Setting {
        key: Text::Borrowed(key),
        value: value.clone(),
        only: None,
        place: Place::default(),
    };
    let snapshot = Snapshot {
        name: Text::Borrowed("site"),
        release: Text::Borrowed("1.0.0"),
        is_prod: true,
        version: Text::Borrowed("v1"),
        date: None,
        settings: settings.iter().map(setting).collect(),
        routes: Cow::Borrowed(&[]),
        languages: Cow::Borrowed(&[]),
        templates: Cow::Borrowed(&[]),
        assets: Cow::Owned(vec![asset("static/a b.css"), asset("static/css/site.css"), asset("static/ü.css")]),
    };
    let settings = Settings::load(&snapshot, Outside::default()).unwrap();
    StaticFiles::new(&Site::new(snapshot, settings, &|_| ()).unwrap()).unwrap()
}

fn ask(files: &StaticFiles, request: http::request::Builder) -> Lookup {
    files.answer(&request.body(()).unwrap().into_parts().0)
}

fn get(files: &StaticFiles, target: &str) -> Lookup {
    ask(files, Request::get(target))
}

#[track_caller]
fn answered(lookup: Lookup) -> Response<Bytes> {
    match lookup {
        Lookup::Answer(response) => response,
        other => panic!("no answer: {other:?}"),
    }
}

#[test]
fn a_file_is_sent_with_what_a_browser_needs() {
    let response = answered(get(&files(&[]), "/static/css/site.css"));
    assert_eq!(response.status(), StatusCode::OK);
    for (name, value) in [
        ("content-type", "text/css; charset=utf-8"),
        ("etag", TAG),
        ("cache-control", "no-cache"),
        ("x-content-type-options", "nosniff"),
        ("accept-ranges", "bytes"),
    ] {
        assert_eq!(response.headers()[name], value, "{name}");
    }
    assert_eq!(response.into_body(), "0123456789");
}

#[test]
fn an_address_with_the_current_version_is_kept_for_good() {
    let cache = |files: &StaticFiles, target: &str| answered(get(files, target)).headers()[CACHE_CONTROL].clone();
    let plain = files(&[]);
    assert_eq!(cache(&plain, "/static/css/site.css?v1"), IMMUTABLE);
    assert_eq!(cache(&plain, "/static/css/site.css?v0"), REVALIDATE);
    let limited = files(&[("static.max_age", Value::Integer(60))]);
    assert_eq!(cache(&limited, "/static/css/site.css"), "public, max-age=60");
    assert_eq!(cache(&limited, "/static/css/site.css?v1"), IMMUTABLE);
}

#[test]
fn a_client_gets_only_what_it_lacks() {
    let files = files(&[]);
    let ask = |name: &str, value: &str| answered(ask(&files, Request::get("/static/ü.css").header(name, value)));
    let known = ask("if-none-match", TAG);
    assert_eq!((known.status(), &known.headers()[ETAG]), (StatusCode::NOT_MODIFIED, &text(TAG.to_owned())));
    assert!(!known.headers().contains_key(CONTENT_TYPE));
    assert_eq!(known.into_body(), "");
    let part = ask("range", "bytes=2-4");
    assert_eq!(
        (part.status(), &part.headers()[CONTENT_RANGE]),
        (StatusCode::PARTIAL_CONTENT, &text("bytes 2-4/10".to_owned()))
    );
    assert_eq!(part.into_body(), "234");
    let behind = ask("range", "bytes=10-");
    assert_eq!(
        (behind.status(), &behind.headers()[CONTENT_RANGE]),
        (StatusCode::RANGE_NOT_SATISFIABLE, &text("bytes */10".to_owned()))
    );
    assert_eq!(ask("if-match", "\"x\"").status(), StatusCode::PRECONDITION_FAILED);
}

#[test]
fn names_may_be_encoded_once() {
    let files = files(&[]);
    for target in ["/static/a%20b.css", "/static/%C3%BC.css", "/static/%63ss/site.css", "/%73tatic/css/site.css"] {
        assert_eq!(answered(get(&files, target)).status(), StatusCode::OK, "{target}");
    }
}

#[test]
fn nothing_but_a_file_is_ever_found() {
    let files = files(&[]);
    for target in [
        "/static/",
        "/static/css",
        "/static/css/",
        "/static/none.css",
        "/static/../static/css/site.css",
        "/static/%2e%2e/static/css/site.css",
        "/static/css%2Fsite.css",
        "/static/css%2fsite.css",
        "/static%2Fcss/site.css",
        "/static//css/site.css",
        "/static/./css/site.css",
        "/static/css/site.css%00",
        "/static/css%5Csite.css",
        "/static/css\\site.css",
        "/static/%252e%252e/x",
        "/static/a%2520b.css",
        "/static/%ff.css",
        "/static/css/site.css/",
        "/static/CSS/site.css",
    ] {
        assert!(matches!(get(&files, target), Lookup::Missing), "{target}");
    }
    assert!(matches!(get(&files, &format!("/static/{}", "x/".repeat(30_000))), Lookup::Missing));
}

#[test]
fn what_lies_below_no_static_folder_is_left_to_the_routes() {
    for target in ["/", "/static", "/statics/x", "//static/css/site.css", "/x/static/css/site.css", "*"] {
        assert!(matches!(get(&files(&[]), target), Lookup::NotStatic), "{target}");
    }
    // Empty items cover nothing, and without any item nothing is looked up.
    let others = files(&[("static.folders", Value::Text(Text::Borrowed(" , /other/ ,")))]);
    assert!(matches!(get(&others, "/static/css/site.css"), Lookup::NotStatic));
    assert!(matches!(get(&others, "//etc/passwd"), Lookup::NotStatic));
    assert!(matches!(get(&others, "/other/x"), Lookup::Missing));
}

#[test]
fn files_are_for_reading() {
    let files = files(&[]);
    let ask = |method| answered(ask(&files, Request::builder().method(method).uri("/static/css/site.css")));
    assert_eq!(ask("HEAD").status(), StatusCode::OK);
    let refused = ask("POST");
    assert_eq!((refused.status(), &refused.headers()[ALLOW]), (StatusCode::METHOD_NOT_ALLOWED, &METHODS));
    assert_eq!(ask("OPTIONS").status(), StatusCode::NO_CONTENT);
}
