//! Tokens against forged forms, and the middleware that checks them (B119).

use kalgan::testing::{Answer, Client};

use super::cookie_site::{KEY, development, production};
use super::cookies::encoded;

/// A browser that has been to the page with the form: its cookie, and a token of that page.
struct Visitor {
    cookie: String,
    token: String,
}

impl Visitor {
    fn of(client: &Client) -> Visitor {
        let page = client.get("/form").send();
        let cookie = page.cookie("__Host-csrf").or_else(|| page.cookie("csrf")).expect("the first visit sets it");
        Visitor { cookie: format!("{}={}", cookie.name(), encoded(cookie.value())), token: token(&page) }
    }

    /// Asks for a page as this browser.
    fn get(&self, client: &Client, path: &str) -> Answer {
        client.get(path).header("cookie", &self.cookie).send()
    }

    /// Sends the form as this browser, with headers of one's own.
    fn send(&self, client: &Client, token: &str, headers: &[(&str, &str)]) -> Answer {
        let call = client.post("/form").header("cookie", &self.cookie).form(&[("csrf_token", token), ("a", "b")]);
        headers.iter().fold(call, |call, (name, value)| call.header(name, value)).send()
    }
}

/// The token that a page shows.
fn token(page: &Answer) -> String {
    let (_, rest) = page.text().split_once("<i>").expect("the page shows a token");
    rest.split_once("</i>").unwrap().0.to_string()
}

const SAME: (&str, &str) = ("sec-fetch-site", "same-origin");

#[test]
fn a_form_of_this_site_is_taken() {
    for client in [production(&[]), development(&[])] {
        let visitor = Visitor::of(&client);
        assert_eq!(visitor.send(&client, &visitor.token, &[SAME]).status(), 200);
        assert_eq!(visitor.send(&client, &visitor.token, &[]).status(), 200, "a client that says nothing of itself");
        let by_header = client.call("DELETE", "/form").header("cookie", &visitor.cookie);
        assert_eq!(by_header.header("X-CSRF-Token", &visitor.token).send().status(), 200);
    }
}

#[test]
fn the_page_carries_the_token_in_a_field_and_the_cookie_is_safe() {
    let client = production(&[]);
    let page = client.get("/form").send();
    let field = page.text().split_once("<form method=\"post\">").unwrap().1.split_once("</form>").unwrap().0;
    let value =
        field.strip_prefix("<input type=\"hidden\" name=\"csrf_token\" value=\"").expect("a field, not escaped");
    let value = value.strip_suffix("\">").unwrap();
    assert!(value.len() == 86 && value != token(&page), "another one for each use: {value}");
    let cookies: Vec<_> = page.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    assert_eq!(cookies.len(), 1);
    assert!(cookies[0].starts_with("__Host-csrf=") && cookies[0].ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/"));
    assert!(!cookies[0].contains(value) && page.header("etag").is_none());
    assert!(development(&[]).get("/form").send().cookie("csrf").is_some(), "without TLS there are no prefixes");
}

#[test]
fn tokens_differ_in_each_answer_and_all_are_right() {
    let client = production(&[]);
    let visitor = Visitor::of(&client);
    let pages: Vec<Answer> = (0..3).map(|_| visitor.get(&client, "/form")).collect();
    assert!(pages.iter().all(|page| page.headers().get("set-cookie").is_none()), "the browser has its secret");
    assert!(pages.iter().all(|page| page.header("etag").is_none()), "each page is made for once");
    let mut tokens: Vec<String> = pages.iter().map(token).collect();
    tokens.push(visitor.get(&client, "/token/by-controller").text().to_string());
    for token in &tokens {
        assert_eq!(visitor.send(&client, token, &[SAME]).status(), 200);
    }
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 4);
}

#[test]
fn a_form_with_files_carries_its_token_in_a_field_too() {
    let client = production(&[]);
    let visitor = Visitor::of(&client);
    let send = |token: &str| {
        let part =
            |head: &str, content: &str| format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n");
        let file = part("name=\"photo\"; filename=\"a.txt\"", "text");
        let body = format!("{file}{}--x--\r\n", part("name=\"csrf_token\"", token));
        let call = client.post("/form").header("cookie", &visitor.cookie).header(SAME.0, SAME.1);
        call.body("multipart/form-data; boundary=x", body).send().status()
    };
    assert_eq!((send(&visitor.token), send("wrong")), (200, 403));
}

#[test]
fn a_wrong_token_is_refused() {
    let client = development(&[]);
    let (visitor, other) = (Visitor::of(&client), Visitor::of(&client));
    let mut changed = visitor.token.clone().into_bytes();
    changed[80] = if changed[80] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    for (what, token, reason) in [
        ("of another browser", other.token.as_str(), "the token is not that of this browser"),
        ("changed", &changed, "the token is not that of this browser"),
        ("truncated", &visitor.token[..40], "the token is not that of this browser"),
        ("empty", "", "the token is not that of this browser"),
        ("no base64", "ñ", "the token is not that of this browser"),
    ] {
        let answer = visitor.send(&client, token, &[SAME]);
        assert!(answer.status() == 403 && answer.text().contains(reason), "{what}: {}", answer.text());
        assert!(token.len() < 5 || !answer.text().contains(token), "{what}: the token stays out of the reason");
    }
    let without = client.post("/form").header("cookie", &visitor.cookie).form(&[("a", "b")]).send();
    assert!(without.status() == 403 && without.text().contains("there is no token"), "{}", without.text());
    let json = client.post("/form").header("cookie", &visitor.cookie).json(&[("csrf_token", &visitor.token)]).send();
    assert!(json.status() == 403 && json.text().contains("there is no token"), "{}", json.text());
    let header = visitor.send(&client, &visitor.token, &[("x-csrf-token", &other.token)]);
    assert_eq!(header.status(), 403, "the header counts before the field");
}

#[test]
fn a_token_without_the_cookie_is_refused() {
    let client = development(&[]);
    let visitor = Visitor::of(&client);
    let name = visitor.cookie.split_once('=').unwrap().0;
    for cookie in [String::new(), format!("{name}=forged"), visitor.cookie.replace("csrf=", "other=")] {
        let stranger = Visitor { cookie, token: visitor.token.clone() };
        let answer = stranger.send(&client, &visitor.token, &[SAME]);
        assert!(answer.status() == 403 && answer.text().contains("sent no cookie `csrf`"), "{}", answer.text());
    }
}

#[test]
fn a_request_from_elsewhere_is_refused_though_its_token_is_right() {
    let client = development(&[]);
    let visitor = Visitor::of(&client);
    for (headers, reason) in [
        (
            &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")][..],
            "`Sec-Fetch-Site` is `cross-site`",
        ),
        (&[("sec-fetch-site", "cross-site")], "`Sec-Fetch-Site` is `cross-site`"),
        (&[("sec-fetch-site", "same-site"), ("origin", "http://sub.localhost")], "`Sec-Fetch-Site` is `same-site`"),
        (&[("sec-fetch-site", "something-new")], "`Sec-Fetch-Site` is `something-new`"),
        (&[("origin", "https://evil.example")], "`Origin` is `https://evil.example`"),
        (&[("origin", "null")], "`Origin` is `null`"),
        (&[("origin", "http://localhost:8080")], "neither this site's nor in `csrf.trusted_origins`"),
        (&[("origin", "http://localhost.evil.example")], "neither this site's"),
        (&[("origin", "ftp://localhost")], "neither this site's"),
        (&[("origin", "http://user@localhost")], "neither this site's"),
        (&[("origin", "http://pay.example.com")], "neither this site's"),
        (&[("sec-fetch-site", "cross-site"), ("origin", "null")], "`Sec-Fetch-Site` is `cross-site`"),
    ] {
        let answer = visitor.send(&client, &visitor.token, headers);
        let text = answer.text();
        assert!(answer.status() == 403 && text.contains(reason), "{headers:?}: {} {text}", answer.status());
    }
}

#[test]
fn the_sites_own_and_trusted_origins_pass_and_need_the_token_all_the_same() {
    let client = production(&[]);
    let visitor = Visitor::of(&client);
    for headers in [
        &[("sec-fetch-site", "none")][..],
        &[("sec-fetch-site", "same-origin"), ("origin", "null")],
        &[("origin", "http://localhost")],
        &[("origin", "https://LOCALHOST:443")],
        &[("origin", "https://pay.example.com")],
        &[("sec-fetch-site", "same-site"), ("origin", "https://pay.example.com:443")],
        &[("origin", "http://localhost:7878"), ("host", "localhost:7878")],
    ] {
        assert_eq!(visitor.send(&client, &visitor.token, headers).status(), 200, "{headers:?}");
        assert_eq!(visitor.send(&client, "wrong", headers).status(), 403, "{headers:?}");
    }
    let public = production(&[("server.public_url", "https://example.com")]);
    let visitor = Visitor::of(&public);
    assert_eq!(visitor.send(&public, &visitor.token, &[("origin", "https://example.com")]).status(), 200);
    let plain = [("origin", "http://example.com"), ("host", "example.com")];
    assert_eq!(visitor.send(&public, &visitor.token, &plain).status(), 403, "it is known to have TLS");
}

#[test]
fn what_only_reads_needs_no_token() {
    let client = production(&[]);
    let elsewhere = client.get("/form").header("sec-fetch-site", "cross-site").send();
    assert_eq!(elsewhere.status(), 200);
    assert_eq!(client.call("HEAD", "/form").send().status(), 200);
}

#[test]
fn signing_in_voids_the_tokens_of_before() {
    let client = production(&[]);
    for path in ["/token/rotated", "/token/only-rotated"] {
        let visitor = Visitor::of(&client);
        let page = visitor.get(&client, path);
        let cookie = page.cookie("__Host-csrf").expect("the browser gets another secret");
        let signed_in = Visitor { cookie: format!("__Host-csrf={}", encoded(cookie.value())), token: String::new() };
        assert_eq!(signed_in.send(&client, &visitor.token, &[SAME]).status(), 403, "{path}: the old token");
        let page = if path.ends_with("/rotated") { page } else { signed_in.get(&client, "/form") };
        assert_eq!(signed_in.send(&client, &token(&page), &[SAME]).status(), 200, "{path}: a new one");
    }
}

#[test]
fn a_page_with_a_token_is_kept_out_of_shared_caches() {
    let answer = production(&[]).get("/token/public").send();
    assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
}

#[test]
fn a_token_outlives_the_change_of_the_key() {
    let visitor = Visitor::of(&production(&[("security.secret_key", KEY)]));
    let new = ("security.secret_key", "another key of thirty-two letters");
    let both = production(&[new, ("security.previous_secret_key", KEY)]);
    assert_eq!(visitor.send(&both, &visitor.token, &[SAME]).status(), 200);
    assert_eq!(visitor.send(&production(&[new]), &visitor.token, &[SAME]).status(), 403);
}

#[test]
#[should_panic(expected = "has `pay.example.com`, which is no origin")]
fn a_trusted_origin_that_is_none_stops_the_start() {
    production(&[("csrf.trusted_origins", "https://a.example, pay.example.com")]);
}
