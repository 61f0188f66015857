//! Every kind of answer that a controller may give, as the client gets it.

use kalgan::HeaderMap;
use kalgan::testing::Answer;

use super::{functions, production};

/// B96, B97, B98, B98a, B98b, B98c, B98d, B136a, B136c
#[test]
fn each_kind_of_answer_has_its_status_type_and_body() {
    let client = production(&[]);
    let html = Some("text/html; charset=utf-8");
    let text = Some("text/plain; charset=utf-8");
    for (kind, status, media_type, body) in [
        ("html", 200, html, "<p>ä</p>"),
        ("text", 200, text, "ä"),
        ("json", 200, Some("application/json"), r#"{"a":[1,2]}"#),
        ("xml", 200, Some("application/xml; charset=utf-8"), "<a/>"),
        ("redirect", 302, None, ""),
        ("moved", 308, None, ""),
        ("elsewhere", 302, None, ""),
        ("empty", 204, None, ""),
        ("created", 201, Some("application/json"), "1"),
        ("file", 200, text, "A note.\n"),
        ("stream", 200, Some("text/plain"), "ab"),
        ("download", 200, text, "x"),
        ("unit", 204, None, ""),
        ("accepted", 202, None, ""),
        ("string", 200, text, "text"),
        ("blocking", 200, text, "done"),
    ] {
        let answer = client.get(&format!("/answer/{kind}")).send();
        assert_eq!(
            (answer.status(), answer.header("content-type"), answer.text()),
            (status, media_type, body),
            "{kind}"
        );
    }
    let answer = client.get("/answer/bytes").send();
    assert_eq!((answer.header("content-type"), &answer.body()[..]), (Some("image/png"), &[0x89, 0xff][..]));
}

#[test]
fn what_cannot_be_answered_is_an_error_page() {
    let client = production(&[]);
    for (kind, status) in [
        ("lured", 500),
        ("length", 500),
        ("no-file", 404),
        ("folder", 404),
        ("below-a-file", 404),
        ("zero-byte", 404),
        ("status", 410),
        ("unknown", 404),
    ] {
        let answer = client.get(&format!("/answer/{kind}")).send();
        assert_eq!(
            (answer.status(), answer.header("content-type")),
            (status, Some("text/html; charset=utf-8")),
            "{kind}"
        );
        assert!(answer.text().starts_with("<!DOCTYPE html>") && answer.header("location").is_none(), "{kind}");
    }
}

/// B54, B59, B65, B134: the query is no part of what a route matches.
#[test]
fn a_page_knows_its_request_route_and_language() {
    let page = production(&[]).get("/answer/render?a=b").send();
    let version = page.text().split("?").last().and_then(|rest| rest.split('<').next()).unwrap_or_default();
    let expected = format!(
        "<html lang=\"en\">\n<p class=\"hello\">Hello &lt;Ann&gt;</p>\n<p class=\"route\">answer /answer/{{kind}} en</p>\n\
         <p class=\"request\">GET /answer/render?a=b /answer/render localhost</p>\n\
         <p class=\"links\">/item/5 /en /static/site.css?{version}</p>\n</html>\n"
    );
    assert_eq!(page.text(), expected);
    assert!(version.len() > 5, "{version:?} is no version tag");
}

/// B129: several hooks, in order, behind Kalgan's own filters, so that one of these may be replaced.
#[test]
fn a_filter_of_the_sites_own_takes_the_place_of_kalgans() {
    use kalgan::{Kwargs, State};
    let mine = |text: &'static str| move |_: &str, _: Kwargs, _: &State| text.to_string();
    let site = super::app().tera(move |tera| tera.register_filter("asset", mine("first")));
    let site = site.tera(move |tera| tera.register_filter("asset", mine("second")));
    let page = kalgan::testing::client(site).get("/en").send();
    assert!(page.text().contains("/en second</p>"), "{}", page.text());
}

/// B54, B174
#[test]
fn what_a_client_sends_is_escaped_in_a_page() {
    let client = production(&[]);
    let script = "<script>alert(1)</script>";
    let page = client
        .call("POST", "/answer/echo?q=%3Cscript%3E&%3Cb%3E=1")
        .header("user-agent", script)
        .cookie("c", "%3Cscript%3E")
        .form(&[("f", script)])
        .send();
    assert_eq!(page.status(), 200);
    for piece in
        ["<i>q=&lt;script&gt;</i>", "<i>&lt;b&gt;=1</i>", "<b>c=&lt;script&gt;</b>", "<u>f=&lt;script&gt;alert(1)"]
    {
        assert!(page.text().contains(piece), "{piece} is not in {}", page.text());
    }
    assert!(!page.text().contains("<script"), "{}", page.text());
}

/// B43, B96
#[test]
fn every_answer_says_how_long_it_is_and_whether_it_may_be_kept() {
    let client = production(&[]);
    for (kind, length) in [("text", "2"), ("file", "8"), ("redirect", "0"), ("no-file", "")] {
        let answer = client.get(&format!("/answer/{kind}")).send();
        let own = answer.body().len().to_string();
        assert_eq!(answer.header("content-length"), Some(if length.is_empty() { &own[..] } else { length }), "{kind}");
    }
    assert_eq!(client.get("/answer/stream").send().header("content-length"), None);
    for (kind, cache) in [
        ("text", "private, no-cache"),
        ("redirect", "private, no-cache"),
        ("cached", "public, max-age=60"),
        ("no-file", "no-store"),
    ] {
        assert_eq!(client.get(&format!("/answer/{kind}")).send().header("cache-control"), Some(cache), "{kind}");
    }
}

/// B94
#[test]
fn headers_of_the_controller_are_sent() {
    let client = production(&[]);
    for (kind, name, value) in [
        ("redirect", "location", "/en?a=b"),
        ("moved", "location", "/en"),
        ("elsewhere", "location", "https://example.com/"),
        ("created", "location", "/item/1"),
        ("download", "content-disposition", "attachment; filename=\"_bung.txt\"; filename*=UTF-8''%C3%9Cbung%2Etxt"),
    ] {
        assert_eq!(client.get(&format!("/answer/{kind}")).send().header(name), Some(value), "{kind}");
    }
    let answer = client.get("/answer/cookies").send();
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    assert_eq!(cookies.len(), 2);
    assert_eq!(cookies[0], "sid=a%20b%3Bc; HttpOnly; SameSite=Lax; Secure; Path=/");
    assert!(cookies[1].starts_with("old=; ") && cookies[1].contains("Max-Age=0"), "{}", cookies[1]);
}

/// The headers of an answer but for its id, which no two answers share.
pub fn of_both(answer: &Answer) -> HeaderMap {
    let mut headers = answer.headers().clone();
    assert!(headers.remove("x-request-id").is_some());
    headers
}

/// B76
#[test]
fn head_is_answered_like_get_without_the_body() {
    let client = production(&[]);
    for address in ["/answer/text", "/answer/file", "/answer/stream", "/answer/echo", "/nowhere", "/static/site.css"] {
        let (get, head) = (client.get(address).send(), client.call("HEAD", address).send());
        assert_eq!((head.status(), of_both(&head)), (get.status(), of_both(&get)), "{address}");
        assert!(!get.body().is_empty() && head.body().is_empty(), "{address}");
    }
}

/// B76
#[test]
fn options_names_the_methods() {
    let client = production(&[]);
    let answer = client.call("OPTIONS", "/item/5").send();
    assert_eq!((answer.status(), answer.header("allow"), answer.text()), (204, Some("GET, HEAD, DELETE, OPTIONS"), ""));
    assert_eq!(client.call("OPTIONS", "/item/x").send().status(), 404);
}

#[test]
#[should_panic(expected = "the answer broke off")]
fn a_stream_that_breaks_is_not_taken_for_a_whole_one() {
    production(&[]).get("/answer/broken-stream").send();
}

#[test]
#[should_panic(expected = "the answer broke off: a panic in the stream")]
fn a_panic_in_a_stream_breaks_it() {
    production(&[]).get("/answer/panicking-stream").send();
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_or_never_ends_is_not_sent() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let client = |path: std::path::PathBuf| {
        let controllers =
            [("answer::any", kalgan::controller::controller(move || kalgan::Response::file(path.clone())))];
        let site = super::app_with(kalgan::controller::Dispatch::new(controllers, []));
        kalgan::testing::client_with(site, &[("environment.is_prod", "true")])
    };
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(client(pipe).get("/answer/x").send().status(), 404);
    let secret = folder.path().join("secret");
    std::fs::write(&secret, functions::REASON).unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o0)).unwrap();
    // Root may read everything, and then there is nothing to test.
    if std::fs::read(&secret).is_err() {
        assert_eq!(client(secret).get("/answer/x").send().status(), 500);
    }
}
