//! What of an answer a client may keep, and in which coding it is sent: entity tags, 304, `Vary`, `Content-Encoding`.

use std::io::Read;

use kalgan::testing::{Answer, Client};
use kalgan::{Cookie, Failure, Kwargs, Request, Response, State, render};

use super::answers::of_both;
use super::{development, functions, production};

/// Compresses well.
fn long() -> String {
    "<p>A line like many others.</p>\n".repeat(200)
}

/// A template's function that is different each time.
pub fn once(_: Kwargs, _: &State) -> String {
    kalgan::mark_for_once();
    "the same all the same".to_string()
}

/// The answers of `/sent/{kind}`.
pub fn any(request: Request) -> Response {
    let html = || Response::html(long());
    match request.parameter("kind").unwrap_or_default() {
        "page" => html(),
        "short" => Response::html("<p>short</p>"),
        "json" => Response::json(&vec!["one of many"; 200]),
        "template" => render!("long.html", "title" => "Long", "text" => long()),
        "picture" => Response::bytes("image/png", vec![7; 5000]),
        "file" => Response::file(functions::file("note.txt")),
        "file-tagged" => Response::file(functions::file("note.txt")).with_header("etag", "\"note\""),
        "file-dated" => Response::file(functions::file("note.txt")).with_header("last-modified", DATE),
        "no-file-tagged" => Response::file(functions::file("absent.txt")).with_header("etag", "\"gone\""),
        "cookie" => html().with_cookie(Cookie::new("a", "b")),
        "no-store" => html().with_cache("no-store"),
        "no-store-tagged" => html().with_cache("no-store").with_header("etag", "\"own\""),
        "no-transform" => html().with_cache("private, no-transform"),
        "public" => html().with_cache("public, max-age=60").with_header("expires", DATE),
        "strong" => html().with_header("etag", "\"own\""),
        "weak" => html().with_header("etag", "W/\"own\"").with_header("content-location", "/sent/weak"),
        "dated" => html().with_header("last-modified", DATE),
        "created" => html().with_status(201),
        "part" => html().with_header("content-range", "bytes 0-1/2"),
        "encoded" => html().with_header("content-encoding", "deflate"),
        "varied" => html().with_header("vary", "Cookie, accept-encoding"),
        "varied-twice" => html().with_added_header("vary", "Cookie").with_added_header("vary", "accept-encoding"),
        "varied-file" => Response::file(functions::file("note.txt"))
            .with_added_header("vary", "Cookie")
            .with_added_header("vary", "*"),
        "for-once" => html().for_once(),
        "for-once-tagged" => html().for_once().with_header("etag", "W/\"own\""),
        "for-once-by-template" => render!("once.html"),
        "for-once-by-request" => {
            // A clone that has been changed is no longer the request that the server holds.
            let mut own = request.clone();
            own.set_language("es");
            own.mark_for_once();
            html()
        }
        "uncompressed" => html().uncompressed(),
        "uncompressed-by-request" => {
            request.mark_uncompressed();
            html()
        }
        other => Response::failed(Failure::new(404, format!("there is no answer `{other}`"))),
    }
}

const DATE: &str = "Sun, 22 Nov 2026 16:00:00 GMT";

fn ask(client: &Client, method: &str, kind: &str, fields: &[(&str, &str)]) -> Answer {
    let call = client.call(method, &format!("/sent/{kind}"));
    fields.iter().fold(call, |call, (name, value)| call.header(name, value)).send()
}

/// The body before it was compressed.
fn plain(answer: &Answer) -> Vec<u8> {
    let mut plain = Vec::new();
    match answer.header("content-encoding") {
        Some("gzip") => flate2::read::GzDecoder::new(&answer.body()[..]).read_to_end(&mut plain),
        Some("br") => brotli::Decompressor::new(&answer.body()[..], 4096).read_to_end(&mut plain),
        _ => return answer.body().to_vec(),
    }
    .unwrap();
    plain
}

#[test]
fn a_page_that_the_client_has_is_a_304_without_a_body() {
    for client in [production(&[]), development(&[]), production(&[("server.compression", "false")])] {
        for kind in
            ["page", "short", "json", "template", "picture", "public", "no-transform", "strong", "weak", "uncompressed"]
        {
            let whole = ask(&client, "GET", kind, &[]);
            let tag = whole.header("etag").unwrap_or_else(|| panic!("{kind} has no tag"));
            for method in ["GET", "HEAD"] {
                for condition in [tag, "*", &format!("\"x\", {tag}")] {
                    let known = ask(&client, method, kind, &[("if-none-match", condition)]);
                    assert_eq!((known.status(), known.body().len()), (304, 0), "{method} {kind} {condition}");
                    for field in ["etag", "cache-control", "vary", "expires", "content-location"] {
                        assert_eq!(known.header(field), whole.header(field), "{kind} {field}");
                    }
                    let of_body = known.headers().keys().filter(|name| name.as_str().starts_with("content-"));
                    let others = ["content-location", "content-security-policy"];
                    assert_eq!(of_body.filter(|name| !others.contains(&name.as_str())).count(), 0, "{kind}");
                }
            }
            assert_eq!(ask(&client, "GET", kind, &[("if-none-match", "\"other\"")]).status(), 200, "{kind}");
        }
    }
}

#[test]
fn a_tag_is_over_the_page_and_not_over_its_coding() {
    let client = production(&[]);
    let tags: Vec<_> = ["", "gzip", "br", "identity"]
        .map(|coding| ask(&client, "GET", "page", &[("accept-encoding", coding)]).header("etag").unwrap().to_string())
        .into();
    assert!(tags[0].starts_with("W/\"") && tags.iter().all(|tag| *tag == tags[0]), "{tags:?}");
    assert_ne!(ask(&client, "GET", "short", &[]).header("etag"), Some(&*tags[0]));
}

#[test]
fn an_answer_that_is_another_one_each_time_has_no_tag_and_no_304() {
    let client = production(&[]);
    for (method, kind) in [
        ("GET", "cookie"),
        ("GET", "no-store"),
        ("GET", "created"),
        ("GET", "part"),
        ("GET", "for-once"),
        ("GET", "for-once-by-template"),
        ("GET", "for-once-by-request"),
        ("GET", "file"),
        ("GET", "unknown"),
        ("POST", "page"),
    ] {
        let answer = ask(&client, method, kind, &[("if-none-match", "*")]);
        assert_eq!((answer.status() == 304, answer.header("etag")), (false, None), "{method} {kind}");
        assert!(!answer.body().is_empty(), "{method} {kind}");
    }
    assert_eq!(ask(&client, "GET", "for-once-tagged", &[("if-none-match", "*")]).status(), 200);
    assert_eq!(ask(&client, "POST", "strong", &[("if-none-match", "\"own\"")]).status(), 200);
}

#[test]
fn the_validators_of_a_controller_are_honoured() {
    let client = production(&[]);
    for (kind, field, value, status) in [
        ("strong", "if-none-match", "\"own\"", 304),
        ("strong", "if-none-match", "W/\"own\"", 304),
        ("weak", "if-none-match", "\"own\"", 304),
        ("no-store-tagged", "if-none-match", "\"own\"", 304),
        ("file-tagged", "if-none-match", "\"note\"", 304),
        ("file-tagged", "if-none-match", "\"other\"", 200),
        ("no-file-tagged", "if-none-match", "\"gone\"", 304),
        ("no-file-tagged", "if-none-match", "\"other\"", 404),
        ("dated", "if-modified-since", DATE, 304),
        ("dated", "if-modified-since", "Mon, 23 Nov 2026 16:00:00 GMT", 200),
        ("file-dated", "if-modified-since", DATE, 304),
        ("file-dated", "if-modified-since", "Mon, 23 Nov 2026 16:00:00 GMT", 200),
    ] {
        assert_eq!(ask(&client, "GET", kind, &[(field, value)]).status(), status, "{kind} {field}: {value}");
    }
}

#[test]
fn text_is_compressed_for_clients_that_take_it_so_and_says_that_it_depends_on_them() {
    let client = production(&[]);
    for (kind, is_compressed, vary) in [
        ("page", true, Some("Accept-Encoding")),
        ("json", true, Some("Accept-Encoding")),
        ("template", true, Some("Accept-Encoding")),
        ("created", true, Some("Accept-Encoding")),
        ("cookie", true, Some("Accept-Encoding")),
        ("no-store", true, Some("Accept-Encoding")),
        ("weak", true, Some("Accept-Encoding")),
        ("for-once", true, Some("Accept-Encoding")),
        ("varied", true, Some("Cookie, accept-encoding")),
        ("varied-twice", true, Some("Cookie, accept-encoding")),
        ("varied-file", false, Some("*")),
        ("short", false, Some("Accept-Encoding")),
        ("unknown", false, Some("Accept-Encoding")),
        ("strong", false, None),
        ("no-transform", false, None),
        ("uncompressed", false, None),
        ("uncompressed-by-request", false, None),
        ("part", false, None),
        ("picture", false, None),
        ("file", false, None),
        ("encoded", false, None),
    ] {
        let untouched = ask(&client, "GET", kind, &[]);
        let answer = ask(&client, "GET", kind, &[("accept-encoding", "gzip, br")]);
        let head = ask(&client, "HEAD", kind, &[("accept-encoding", "gzip, br")]);
        assert_eq!(answer.header("content-encoding") == Some("gzip"), is_compressed, "{kind}");
        assert_eq!(answer.headers().get_all("vary").iter().collect::<Vec<_>>(), vary.as_slice(), "{kind}");
        assert_eq!(untouched.header("vary"), vary, "{kind}");
        assert_eq!(plain(&answer), untouched.body()[..], "{kind}");
        assert_eq!(answer.header("content-length"), Some(&*answer.body().len().to_string()), "{kind}");
        assert_eq!(of_both(&head), of_both(&answer), "{kind}");
        assert!(head.body().is_empty(), "{kind}");
    }
}

#[test]
fn nobody_on_the_way_may_compress_what_must_not_be() {
    let client = production(&[]);
    for kind in ["uncompressed", "uncompressed-by-request"] {
        let cache = ask(&client, "GET", kind, &[]);
        assert_eq!(
            cache.headers().get_all("cache-control").iter().collect::<Vec<_>>(),
            ["private, no-cache, no-transform"]
        );
    }
    let cache = ask(&client, "GET", "no-transform", &[]);
    assert_eq!(cache.headers().get_all("cache-control").iter().collect::<Vec<_>>(), ["private, no-transform"]);
}

#[test]
fn a_client_of_tests_and_a_site_without_compression_get_the_bytes_as_they_are() {
    let answer = ask(&production(&[]), "GET", "page", &[]);
    assert_eq!((answer.header("content-encoding"), answer.text()), (None, &*long()));
    let off = ask(&production(&[("server.compression", "false")]), "GET", "page", &[("accept-encoding", "gzip")]);
    assert_eq!((off.header("content-encoding"), off.header("vary"), off.text()), (None, None, &*long()));
}

#[test]
fn languages_and_codings_are_both_named_in_vary() {
    let client = production(&[("i18n.negotiate", "true")]);
    let answer = client.get("/sent/page").language("es").header("accept-encoding", "br").send();
    let vary: Vec<_> = answer.headers().get_all("vary").iter().collect();
    assert_eq!(vary, ["Accept-Language, Accept-Encoding"]);
    let tag = answer.header("etag").unwrap();
    let known = client.get("/sent/page").language("es").header("if-none-match", tag).send();
    assert_eq!(known.headers().get_all("vary").iter().collect::<Vec<_>>(), vary);
}

#[test]
fn error_pages_are_compressed_too() {
    // The page for developers lists all routes, so it is long.
    let client = development(&[]);
    let answer = ask(&client, "GET", "unknown", &[("accept-encoding", "br")]);
    assert_eq!((answer.status(), answer.header("content-encoding"), answer.header("etag")), (404, Some("br"), None));
    assert!(String::from_utf8(plain(&answer)).unwrap().starts_with("<!DOCTYPE html>"));
}

/// Whatever a client sends in `Accept-Encoding`, it gets the same page in a coding that it takes, if there is one.
#[test]
fn every_wish_is_met_or_the_bytes_stay_as_they_are() {
    let client = production(&[]);
    let names = ["gzip", "br", "zstd", "identity", "*", "x-gzip", "deflate", "GZIP"];
    let weights = ["", ";q=0", ";q=0.5", ";q=1", "; q=0.001", ";q=7", ";q", ";a=b"];
    let mut random = 20_261_122_u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    for _ in 0..500 {
        let parts = (0..next(5)).map(|_| format!("{}{}", names[next(names.len())], weights[next(weights.len())]));
        let wanted = parts.collect::<Vec<_>>().join(", ");
        let kind = ["page", "short"][next(2)];
        let answer = ask(&client, "GET", kind, &[("accept-encoding", &wanted)]);
        let coding = answer.header("content-encoding").unwrap_or("identity");
        assert!(is_acceptable(&wanted, coding) || nothing_is(&wanted), "{kind} {wanted:?}: {coding}");
        assert_eq!(plain(&answer), ask(&client, "GET", kind, &[]).body()[..], "{kind} {wanted:?}");
    }
}

/// RFC 9110 section 12.5.3, written down once more as plainly as can be. Parts that are malformed do not count.
fn is_acceptable(wanted: &str, coding: &str) -> bool {
    let weights = |named: &str| -> Vec<bool> {
        let parts = wanted.split(',').map(|part| part.trim().to_lowercase().replace("x-gzip", "gzip"));
        let parts = parts.map(|part| part.replace("; ", ";"));
        let parts: Vec<_> = parts.filter(|part| part.split(';').next() == Some(named)).collect();
        let valid = parts.iter().filter(|part| !part.ends_with(";q") && !part.ends_with("=7") && !part.ends_with("=b"));
        valid.map(|part| !part.ends_with(";q=0")).collect()
    };
    let (own, any) = (weights(coding), weights("*"));
    match (own.is_empty(), any.is_empty()) {
        (false, _) => own.iter().all(|is_wanted| *is_wanted),
        (true, false) => any.iter().all(|is_wanted| *is_wanted),
        (true, true) => coding == "identity",
    }
}

fn nothing_is(wanted: &str) -> bool {
    !["identity", "gzip", "br"].iter().any(|coding| is_acceptable(wanted, coding))
}
