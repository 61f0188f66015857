//! What a client sends: right, wrong, too long, and in no known characters.

use super::{functions, production};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// B62: Kalgan 0.9 read JSON as a form.
#[test]
fn a_body_is_read_as_what_it_is() {
    let client = production(&[]);
    let order = r#"{"name":"Ä","count":2,"tags":["a","b"]}"#;
    let form = "name=%C3%84&count=2&tags=a&tags=b";
    for (kind, media_type, body, status, expected) in [
        ("json", JSON, order, 200, "Ä 2 a+b"),
        ("json", "Application/JSON; charset=utf-8", order, 200, "Ä 2 a+b"),
        ("json", "application/vnd.api+json", order, 200, "Ä 2 a+b"),
        ("json", "text/plain", order, 415, ""),
        ("json", "", order, 415, ""),
        ("json", JSON, "", 400, ""),
        ("json", JSON, "{\"name\":", 400, ""),
        ("json", JSON, r#"{"name":"x","count":300}"#, 400, ""),
        ("json", JSON, r#"{"name":"x"}"#, 400, ""),
        ("form", FORM, form, 200, "Ä 2 a+b"),
        ("form", "application/X-WWW-form-urlencoded;charset=UTF-8", form, 200, "Ä 2 a+b"),
        ("form", FORM, "name=a+b&count=1", 200, "a b 1 "),
        ("form", FORM, "name=x", 400, ""),
        ("form", FORM, "name=x&count=many", 400, ""),
        ("form", FORM, "name=%FF&count=1", 400, ""),
        ("form", "multipart/form-data; boundary=x", form, 415, ""),
        ("pairs", FORM, "c=a=b&&d", 200, r#"[("c", "a=b"), ("d", "")]"#),
        ("text", "text/plain", "plain text", 200, "plain text"),
    ] {
        let answer = client.post(&format!("/input/{kind}")).body(media_type, body).send();
        assert_eq!(answer.status(), status, "{kind} {media_type} {body}");
        if status == 200 {
            assert_eq!(answer.text(), expected, "{kind} {media_type} {body}");
        }
    }
    assert_eq!(client.post("/input/text").body("text/plain", &b"\xff"[..]).send().status(), 400);
    assert_eq!(client.post("/input/length").body("", &b"\xff\0"[..]).send().text(), "2");
}

#[test]
fn a_body_above_the_limit_is_refused() {
    let client = production(&[("server.max_body_size", "10")]);
    for (length, status) in [(0, 200), (10, 200), (11, 413), (100_000, 413)] {
        let answer = client.post("/input/length").body("", vec![b'x'; length]).send();
        assert_eq!(answer.status(), status, "{length} bytes");
    }
    let none = production(&[("server.max_body_size", "0")]);
    assert_eq!(none.post("/input/length").send().status(), 200);
    assert_eq!(none.post("/input/length").body("", "x").send().status(), 413);
}

/// B55, B55a, B55b, B55c, B55d, B55e, B55f, B55g, B55h, B55j, B55l, B58, B61, B65: all that Kalgan 0.9 gave of a request, and blanks stay.
#[test]
fn a_request_tells_what_the_client_sent() {
    let client = production(&[]);
    let call = client.post("/answer/accessors?a=%C3%A4+b").cookie("a", "1 2").header("host", "localhost:7878");
    let call = call.header("user-agent", "Mozilla/5.0 (X11; Linux)").header("referer", "http://localhost:7878/foo");
    let answer = call.header("x-own", " of my own ").form(&[("c", "d=e f")]).send();
    let expected = [
        "POST",
        "/answer/accessors?a=%C3%A4+b",
        "HTTP/1.1",
        "a=1 2",
        "localhost:7878",
        "Mozilla/5.0 (X11; Linux)",
        r#"[("c", "d=e f")]"#,
        "http://localhost:7878/foo",
        r#" of my own  b"c=d%3De+f""#,
        r#"answer Some("accessors") en"#,
    ];
    assert_eq!(answer.text().lines().collect::<Vec<_>>(), expected);
}

/// B56, B60a: Kalgan 0.9 took the first `host:` of the whole text for the header, wherever it stood.
#[test]
fn a_header_is_found_by_its_name_and_nowhere_else() {
    let client = production(&[]);
    let call = client.post("/answer/accessors").header("x-forwarded-host", "evil.example");
    let call = call.header("referer", "http://host:7878/foo").header("host", "site.example");
    let answer =
        call.body("application/x-www-form-urlencoded", "a=\r\nUser-Agent: evil\r\nCookie: sid=evil\r\n").send();
    let lines: Vec<_> = answer.text().lines().collect();
    assert_eq!((lines[3], lines[4], lines[5]), ("", "site.example", ""));
}

/// B60, B173: one of these ended Kalgan 0.9 for everybody, until it was started again.
#[test]
fn an_address_outside_ascii_is_one_like_any_other() {
    let client = production(&[]);
    for (address, status) in [
        ("/%F0%9F%98%80x", 404),
        ("/e%F0%9F%98%80", 404),
        ("/answer/%F0%9F%98%80", 404),
        ("/item/%D9%A3", 200),
        ("/%E2%82%AC/about", 404),
        ("/static/%F0%9F%98%80.css", 404),
        ("/%F0%9F", 400),
    ] {
        assert_eq!(client.get(address).send().status(), status, "{address}");
        assert_eq!(client.get("/en").send().status(), 200, "after {address}");
    }
}

/// B59
#[test]
fn a_query_is_decoded() {
    let client = production(&[]);
    let pairs = client.post("/input/all?a=1+2&a=%2B&b&%C3%A4=%26").send();
    assert_eq!(pairs.text(), r#"[("a", "1 2"), ("a", "+"), ("b", ""), ("ä", "&")]"#);
    assert_eq!(client.post("/input/query?name=x&count=1&tags=a&tags=b").send().text(), "x 1 a+b");
    for query in ["", "name=x", "name=x&count=y"] {
        assert_eq!(client.post(&format!("/input/query?{query}")).send().status(), 400, "{query}");
    }
}

#[test]
fn what_is_not_utf8_is_the_clients_mistake() {
    for client in [production(&[]), super::development(&[])] {
        for address in ["/item/%FF", "/%C3", "/en?a=%FF", "/en?%FF", "/static/%FF.css"] {
            let answer = client.get(address).send();
            assert_eq!((answer.status(), answer.header("cache-control")), (400, Some("no-store")), "{address}");
        }
        assert_eq!(client.get("/en").send().status(), 200);
    }
}

/// B61
#[test]
fn a_broken_cookie_hides_no_good_one() {
    let client = production(&[]);
    let page =
        client.get("/answer/echo").cookie("a", "%FF").cookie("b", "2").header("cookie", "no pair; c=%20;=; d=4").send();
    // The template walks a map, whose order is not said.
    for cookie in ["<b>c= </b>", "<b>d=4</b>"] {
        assert!(page.text().contains(cookie), "{}", page.text());
    }
    let page = client.get("/answer/echo").cookie("a", "%FF").cookie("b", "2").cookie("b", "3").send();
    assert!(page.text().contains("<b>b=2</b>") && !page.text().contains("<b>a="), "{}", page.text());
}

#[test]
fn only_the_named_hosts_are_answered() {
    let client = production(&[("server.hosts", "example.com, www.example.com")]);
    for (host, status) in [
        ("example.com", 200),
        ("EXAMPLE.com:8080", 200),
        ("www.example.com", 200),
        ("example.com.evil.org", 421),
        ("evil.org", 421),
        ("evil.org:example.com", 421),
        ("localhost", 421),
        ("", 421),
    ] {
        for address in ["/en", "/static/site.css"] {
            assert_eq!(client.get(address).header("host", host).send().status(), status, "{host} {address}");
        }
    }
    assert_eq!(client.get("http://example.com/en").header("host", "evil.org").send().status(), 200);
}

#[test]
fn a_controller_that_does_not_answer_is_given_up() {
    let client = production(&[("server.request_timeout", "1"), ("error.503", "errors::hangs")]);
    let answer = client.get("/fail-later/hang").send();
    assert_eq!(answer.status(), 503);
    assert!(answer.text().contains("503 Service Unavailable"));
    assert!(!answer.text().contains(functions::REASON));
}
