//! What a client sends: right, wrong, too long, and in no known characters.

use super::{functions, production};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

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
