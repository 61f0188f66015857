//! The client that tests of a site use, on a small site (kalgan-behaviour area 25).

use std::sync::atomic::Ordering;

use kalgan::AsProcess;
use kalgan::testing::{Client, client, client_with};
use serde_json::Value;

use super::process_site::{self, Counter, app};

fn echoed(client: &Client, address: &str, method: &str) -> (u16, Value) {
    let answer = client.call(method, address).form(&[("a", "1")]).follow().send();
    (answer.status(), if answer.status() == 200 { answer.json() } else { Value::Null })
}

/// B168
#[test]
fn a_visitor_keeps_cookies_and_signs_in_through_the_form() {
    let client = client(app());
    let (ann, other) = (client.visitor(), client.visitor());
    assert_eq!(ann.get("/").send().text(), "nobody");
    let form = ann.get("/sign-in").send();
    let token = form.hidden("token").unwrap();
    assert_eq!(token, "a<b>&\"c");
    let fields = [("name", "Ann ñ;"), ("token", &token)];
    let answer = ann.post("/sign-in").form(&fields).send();
    assert_eq!((answer.status(), answer.location()), (303, Some("/")));
    assert_eq!(answer.cookie("name").unwrap().value(), "Ann ñ;");
    assert_eq!(ann.cookie("name").unwrap().value(), "Ann ñ;");
    assert_eq!(ann.get("/").send().text(), "Ann ñ;");
    assert_eq!(other.get("/").send().text(), "nobody");
    assert_eq!(client.get("/").send().text(), "nobody", "a client keeps nothing");
    let out = ann.post("/sign-out").follow().send();
    assert_eq!((out.status(), out.address(), out.text()), (200, "/", "nobody"));
    assert!(ann.cookie("name").is_none());
    other.set_cookie("name=Bob; Path=/");
    assert_eq!(other.get("/").send().text(), "Bob");
    other.reopen();
    assert_eq!(other.get("/").send().text(), "nobody");
}

#[test]
fn redirections_are_followed_on_demand_and_as_browsers_do() {
    let client = client(app());
    assert_eq!(client.get("/to/302").send().status(), 302);
    for (method, status, then) in [
        ("POST", 301, "GET"),
        ("POST", 302, "GET"),
        ("PUT", 302, "PUT"),
        ("PUT", 303, "GET"),
        ("POST", 307, "POST"),
        ("PUT", 308, "PUT"),
    ] {
        let (code, echo) = echoed(&client, &format!("/to/{status}"), method);
        let body = if then == "GET" { "" } else { "a=1" };
        assert_eq!(
            (code, echo["method"].as_str(), echo["body"].as_str()),
            (200, Some(then), Some(body)),
            "{method} {status}"
        );
        assert_eq!(echo["type"].is_null(), then == "GET", "{method} {status}");
        assert_eq!(echo["query"], "from=redirect");
    }
    let signed_in = client.post("/sign-in").form(&[("name", "Ann"), ("token", "a<b>&\"c")]).follow().send();
    assert_eq!((signed_in.text(), signed_in.address()), ("Ann", "/"), "cookies that are set on the way are sent on");
    let elsewhere = client.get("/elsewhere").follow().send();
    assert_eq!((elsewhere.status(), elsewhere.location()), (302, Some("https://example.com/x")));
}

#[test]
#[should_panic(expected = "more than 20 redirections")]
fn redirections_that_go_in_a_circle_end_the_test() {
    client(app()).get("/circle").follow().send();
}

#[test]
fn forms_with_files_and_json_are_sent_and_json_is_read() {
    let client = client(app());
    let echo: Value = client
        .post("/echo")
        .field("name", "Ann")
        .file("photo", "a.png", "image/png", &b"\x89PNG"[..])
        .from("203.0.113.7:99".parse().unwrap())
        .send()
        .json();
    assert_eq!(echo["type"], "multipart/form-data; boundary=kalgan-testing-boundary");
    assert_eq!(echo["body"], "Ann, a.png image/png 4");
    assert_eq!(echo["address"], "203.0.113.7");
    let echo: Value = client.call("PUT", "/echo").json(&[1, 2]).send().json();
    assert_eq!((echo["type"].as_str(), echo["body"].as_str()), (Some("application/json"), Some("[1,2]")));
}

/// B166, B168
#[test]
fn a_controller_is_tested_alone_with_its_route_and_language() {
    let client = client(app());
    let request = client.request("/es/entradas/7?page=2").header("user-agent", "test").cookie("name", "Ann").build();
    assert_eq!((request.user_agent(), request.query("page"), request.host()), ("test", Some("2"), "localhost"));
    assert_eq!((request.cookie("name"), request.parameter("id")), (Some("Ann"), Some("7")));
    let response = process_site::post(request);
    assert_eq!(response.status(), 200);
    // B167: looking at a response does not consume it.
    let body = |response: &kalgan::Response| match response.body() {
        kalgan::Body::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(body(&response), "Entrada 7, post es");
    let named = client.request_to("post", &[("id", "8")]).language("es").build();
    assert_eq!(
        (named.path(), body(&process_site::post(named.clone())).as_str()),
        ("/en/posts/8", "Entrada 8, post es")
    );
    assert_eq!(client.address("post", &[("id", "8"), ("_lang", "es")]), "/es/entradas/8");

    let sent = client.request("/nowhere").method("POST").form(&[("a", "b")]).set("visitor", 7).build();
    assert_eq!((sent.method().as_str(), sent.route_name(), sent.get::<u8>("visitor")), ("POST", None, Some(7)));
    assert_eq!(sent.form_pairs().unwrap(), [("a".to_string(), "b".to_string())]);
    assert!(sent.process().state::<Counter>().is_some());
}

#[test]
#[should_panic(expected = "id")]
fn an_address_of_a_route_is_checked() {
    client(app()).request_to("post", &[("id", "seven")]);
}

/// B165
#[test]
fn each_client_has_settings_and_a_process_of_its_own() {
    let clients: Vec<Client> = (0..3).map(|_| client_with(app(), &[("i18n.negotiate", "true")])).collect();
    std::thread::scope(|scope| {
        for (index, client) in clients.iter().enumerate() {
            scope.spawn(move || (0..=index).for_each(|_| assert_eq!(client.get("/count").send().status(), 200)));
        }
    });
    let counts = clients.iter().map(|client| client.process().state::<Counter>().unwrap().0.load(Ordering::SeqCst));
    assert_eq!(counts.collect::<Vec<_>>(), [1, 2, 3]);
}

/// B129
#[test]
fn a_site_changes_the_template_engine() {
    let client = client(app());
    assert_eq!(client.get("/custom").send().text().trim(), "teatea 42 square &lt;b&gt;");
    // Escaping is a matter of the site as well.
    let plain = client_of_plain_text().get("/custom").send();
    assert_eq!(plain.text().trim(), "teatea 42 square <b>");
}

fn client_of_plain_text() -> Client {
    client(app().tera(|tera| tera.autoescape_on(Vec::<String>::new())))
}
