//! What failed becomes an error page: the site's own, the plain one, or the one for developers.

use super::functions::REASON;
use super::{app, development, production};

/// B84, B130, B142, B149: a template that failed had status 200 in Kalgan 0.9.
#[test]
fn each_failure_has_its_status() {
    let (production, development) = (production(&[]), development(&[]));
    for (address, status) in [
        ("/nowhere", 404),
        ("/item/x", 404),
        ("/static/absent.css", 404),
        ("/fail/forbidden", 403),
        ("/fail/number?n=x", 500),
        ("/fail/file", 500),
        ("/fail/url", 500),
        ("/fail/missing-parameter", 500),
        ("/fail/text", 500),
        ("/fail/panic", 500),
        ("/fail/template", 500),
        ("/fail/no-template", 500),
        ("/fail/filter", 500),
        ("/fail/setting", 500),
        ("/fail/header", 500),
        ("/fail/other", 418),
        ("/fail-later/panic", 500),
        ("/fail-later/block", 500),
        ("/fail-later/line", 409),
        ("/fail-later/other", 410),
        ("/guarded/text?do=fail", 401),
        ("/guarded/text?do=panic", 500),
    ] {
        for client in [&production, &development] {
            let answer = client.get(address).send();
            assert_eq!((answer.status(), answer.header("cache-control")), (status, Some("no-store")), "{address}");
            assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{address}");
            assert_eq!(client.get("/fail/number?n=7").send().text(), "7", "after {address}");
        }
    }
}

#[test]
fn an_error_page_that_is_unset_is_the_plain_one() {
    let answer = production(&[("error.404", "")]).get("/nowhere").send();
    assert!(answer.status() == 404 && answer.text().contains("<h1>404 Not Found</h1>"), "{}", answer.text());
}

/// B76: 404 in Kalgan 0.9.
#[test]
fn a_wrong_method_is_told_the_right_ones() {
    for settings in [&[][..], &[("error.405", "errors::lost")]] {
        let answer = production(settings).post("/item/5").send();
        assert_eq!(
            (answer.status(), answer.header("allow")),
            (405, Some("GET, HEAD, DELETE, OPTIONS")),
            "{settings:?}"
        );
        assert_eq!(answer.text().contains("<h1>Lost</h1>"), !settings.is_empty());
    }
    assert_eq!(development(&[]).post("/item/5").send().header("allow"), Some("GET, HEAD, DELETE, OPTIONS"));
}

/// B32, B98e, B145, B147: any code, either spelling of the name, and the failure's status instead of 200.
#[test]
fn the_sites_own_page_has_the_failures_status_unless_it_chooses_one() {
    for (code, controller, address, status, text) in [
        ("error.404", "errors::lost", "/nowhere", 404, "<h1>Lost</h1>"),
        ("error.404", "errors/lost", "/nowhere", 404, "<h1>Lost</h1>"),
        ("error.404", "errors::moved", "/nowhere", 302, ""),
        ("error.404", "errors::teapot", "/nowhere", 418, "short and stout"),
        ("error.404", "errors::tells", "/nowhere", 404, "Some(404) None"),
        ("error.500", "errors::tells", "/fail/panic", 500, "Some(500) Some(\"fail\")"),
        ("error.418", "errors::lost", "/fail/other", 418, "<h1>Lost</h1>"),
        ("error.413", "errors::tells", "/answer/text", 413, "Some(413) Some(\"answer\")"),
    ] {
        let client = production(&[(code, controller), ("server.max_body_size", "1")]);
        let call = if code == "error.413" { client.post(address).body("", "too long") } else { client.get(address) };
        let answer = call.send();
        assert_eq!(answer.status(), status, "{controller} {address}");
        assert!(answer.text().starts_with(text), "{controller} {address}: {}", answer.text());
    }
}

/// B147
#[test]
fn an_error_page_that_fails_itself_leaves_the_plain_one() {
    let own = ["errors::fails", "errors::panics", "errors::broken", "errors::no_file"];
    for controller in own {
        let client = production(&[("error.404", controller)]);
        let answer = client.get("/nowhere").send();
        assert_eq!(answer.status(), 404, "{controller}");
        assert!(answer.text().contains("<h1>404 Not Found</h1>"), "{controller}: {}", answer.text());
        assert_eq!(client.get("/en").send().status(), 200, "after {controller}");
    }
}

/// B147
#[test]
fn development_shows_its_own_page_unless_it_is_told_otherwise() {
    let own = ("error.404", "errors::lost");
    assert!(development(&[own]).get("/nowhere").send().text().contains("no route answers `/nowhere`"));
    let custom = development(&[own, ("error.custom_in_dev", "true")]);
    assert!(custom.get("/nowhere").send().text().starts_with("<h1>Lost</h1>"));
    assert!(custom.get("/fail/panic").send().text().contains("<h1>500 Internal Server Error</h1>"));
}

/// B79, B146, B148: the page is in the binary.
#[test]
fn development_shows_what_a_developer_needs() {
    let client = development(&[]);
    for (address, pieces) in [
        ("/fail/panic", &["a panic: reason-that-stays-inside", "<td>fail</td>", "<td>/fail/panic</td>"][..]),
        ("/fail/file?a=b", &["No such file", "<td>a=b</td>", "Parameter how", "x-mark", "visible"]),
        ("/fail/template", &["templates/broken.html:2:4", "2</span>{{ <mark>nobody</mark>.set.this }}"]),
        ("/fail/no-template", &["reason-that-stays-inside.html"]),
        ("/fail/filter", &["a panic: reason-that-stays-inside"]),
        ("/fail/url", &["reason-that-stays-inside"]),
        ("/item/x", &["Routes, in the order in which they were tried", "/item/{id}", "/answer/{kind}"]),
        ("/guarded/text?do=fail", &["Value order", "first"]),
    ] {
        let answer = client.get(address).header("x-mark", "visible").send();
        for piece in pieces {
            assert!(answer.text().contains(piece), "{address}: `{piece}` is not in\n{}", answer.text());
        }
    }
}

#[test]
fn a_program_gets_an_error_as_json() {
    for (client, address, status, words) in [
        (production(&[]), "/nowhere", 404, "Not Found"),
        (production(&[]), "/fail/panic", 500, "Internal Server Error"),
        (production(&[("error.404", "errors::panics")]), "/nowhere", 404, "Not Found"),
    ] {
        let answer = client.get(address).header("accept", "application/json, text/html;q=0.5").send();
        assert_eq!((answer.status(), answer.header("content-type")), (status, Some("application/json")));
        let body: serde_json::Value = serde_json::from_str(answer.text()).unwrap();
        assert_eq!(body, serde_json::json!({ "status": status, "error": words }));
        let browser = client.get(address).header("accept", "text/html,*/*;q=0.8").send();
        assert_eq!(browser.header("content-type"), Some("text/html; charset=utf-8"));
    }
}

/// B146, B173
#[test]
fn nothing_that_a_client_sends_becomes_markup() {
    let script = "<script>alert(1)</script>";
    for client in [development(&[]), production(&[])] {
        for address in [
            "/%3Cscript%3Ealert(1)%3C/script%3E",
            "/fail/%3Cscript%3E",
            "/en/x?%3Cscript%3E=%3Cscript%3E",
            "/%FF%3Cscript%3E",
        ] {
            let call = client.get(address).header("user-agent", script).header("host", script).header("x-a", script);
            let answer = call.cookie("c", script).send();
            assert!(answer.status() >= 400, "{address}");
            let is_text = answer.header("content-type") == Some("text/plain; charset=utf-8");
            assert!(is_text || !answer.text().contains("<script"), "{address}: {}", answer.text());
        }
    }
    assert!(development(&[]).get("/fail/forbidden").header("x-a", script).send().text().contains("&lt;script&gt;"));
}

#[test]
fn a_function_that_is_not_in_the_binary_is_an_error_of_its_route_only() {
    let site = super::app_with(kalgan::controller::Dispatch::default());
    let client = kalgan::testing::client(site);
    for (address, name) in [("/en", "controller `page::home`"), ("/guarded/x", "middleware `gate::first`")] {
        let answer = client.get(address).send();
        assert_eq!(answer.status(), 500, "{address}");
        assert!(answer.text().contains(&format!("there is no {name} in this binary")), "{}", answer.text());
    }
    assert_eq!(client.get("/static/site.css").send().status(), 200);
}

#[test]
#[should_panic(
    expected = "`error.404` (flag for error.404) names the controller `errors::absent`, which is not in this binary"
)]
fn an_error_page_by_a_function_that_is_not_in_the_binary_stops_the_start() {
    production(&[("error.404", "errors::absent")]);
}

/// B83, B84
#[test]
fn a_resolver_of_kalgan_0_9_answers_for_what_the_table_lacks() {
    fn resolve(request: &kalgan::Request, name: &str) -> Result<kalgan::Response, String> {
        match name {
            "page::home" => Ok(kalgan::Response::text(format!("home {}", request.language()))),
            other => Err(format!("{REASON} {other}")),
        }
    }
    let site = super::app_with(kalgan::controller::Dispatch::default()).resolver(resolve);
    let client = kalgan::testing::client_with(site, &[("environment.is_prod", "true")]);
    assert_eq!(client.get("/es").send().text(), "home es");
    let failed = client.get("/item/5").send();
    assert!(failed.status() == 500 && !failed.text().contains(REASON), "{}", failed.text());
    assert_eq!(kalgan::testing::client(app()).get("/old/7").send().text(), "7");
}

/// B136, B136b, B136d, B136e, B162
#[test]
fn the_short_forms_know_the_request() {
    let client = production(&[]);
    for (what, text) in [("url", "/item/5"), ("url-language", "/en /es"), ("trans", "Hello Ann Hola 1")] {
        assert_eq!(client.get(&format!("/short/{what}")).send().text(), text, "{what}");
    }
    assert!(client.get("/short/context").send().text().contains("Hello Ann"));
    assert_eq!(client.get("/item/7").send().text(), "item 7");
}
