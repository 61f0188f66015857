use super::*;
use crate::http::Response;
use crate::site::Outside;
use crate::testing;

fn settings(pairs: &[(&str, &str)]) -> Result<crate::site::Settings, crate::Error> {
    let flags = pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    crate::site::Settings::load(&testing::empty(), Outside { flags, ..Outside::default() })
}

fn lines(response: Response, is_prod: bool) -> Vec<String> {
    let response = response.with_cookies_written(is_prod);
    assert!(response.failure().is_none(), "{:?}", response.failure());
    response.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_string()).collect()
}

fn names(line: &str) -> Vec<String> {
    let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(line).unwrap())]);
    read(&headers).iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect()
}

#[test]
fn cookies_of_a_request_are_read_whatever_stands_beside_them() {
    assert_eq!(names("a=1; b=x=y ;c=%20 ; broken; d="), ["a=1", "b=x=y", "c= ", "d="], "B61");
}

#[test]
fn a_prefix_counts_only_as_the_browser_saw_it() {
    assert_eq!(names("__Host-a=1;__Secure-b=2"), ["__Host-a=1", "__Secure-b=2"]);
    assert!(names("__%48ost-a=1; %5F_Secure-b=2").is_empty());
    let headers =
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_bytes("\u{2000}__Host-a=1".as_bytes()).unwrap())]);
    assert!(read(&headers).is_empty(), "a blank that only decoding takes away");
}

/// B101, B102
#[test]
fn what_a_cookie_leaves_open_is_safe_and_what_it_says_counts() {
    let open = || Response::text("x").with_cookie(("a", "1"));
    assert_eq!(lines(open(), true), ["a=1; HttpOnly; SameSite=Lax; Secure; Path=/"], "B107");
    assert_eq!(lines(open(), false), ["a=1; HttpOnly; SameSite=Lax; Path=/"]);
    let said = Cookie::build(("a", "1")).http_only(false).secure(false).path("/x").same_site(cookie::SameSite::Strict);
    assert_eq!(lines(Response::text("x").with_cookie(said), true), ["a=1; SameSite=Strict; Path=/x"]);
    let embedded = Cookie::build(("a", "1")).same_site(cookie::SameSite::None).partitioned(true);
    let line = "a=1; HttpOnly; SameSite=None; Partitioned; Secure; Path=/";
    assert_eq!(lines(Response::text("x").with_cookie(embedded), false), [line]);
}

#[test]
fn the_later_of_two_equal_cookies_is_sent() {
    let response = Response::text("x").with_cookie(("a", "1")).with_cookie(("b", "1")).with_cookie(("a", "2"));
    let lines = lines(response, false);
    assert_eq!(lines.iter().map(|line| &line[..3]).collect::<Vec<_>>(), ["b=1", "a=2"]);
}

#[test]
fn prefixes_are_kept() {
    let host = |cookie: cookie::CookieBuilder<'static>| Response::text("x").with_cookie(cookie);
    assert_eq!(
        lines(host(Cookie::build(("__Host-a", "1"))), false),
        ["__Host-a=1; HttpOnly; SameSite=Lax; Secure; Path=/"]
    );
    for (cookie, reason) in [
        (Cookie::build(("__Host-a", "1")).path("/x"), "its `path` must be `/`"),
        (Cookie::build(("__host-a", "1")).domain("example.com"), "its `domain` must not be there"),
        (Cookie::build(("__Host-a", "1")).secure(false), "its `secure` must not be `false`"),
        (Cookie::build(("__Secure-a", "1")).secure(false), "its `secure` must not be `false`"),
        (Cookie::build(("a", "1")).secure(false).partitioned(true), "because the cookie is partitioned"),
        (Cookie::build(("a", "1")).path("/;domain=x"), "its `path` contains a semicolon"),
        (Cookie::build(("", "1")), "its `name` is empty"),
    ] {
        let response = host(cookie);
        let failure = response.failure().expect(reason);
        assert!(failure.status() == 500 && failure.to_string().contains(reason), "{failure}");
    }
}

#[test]
fn a_cookie_that_browsers_drop_is_a_failure() {
    let of = |length: usize| Response::text("x").with_cookie(("a", "v".repeat(length)));
    assert!(of(4095).failure().is_none());
    let response = of(4096);
    let reason = response.failure().unwrap().to_string();
    assert!(reason.contains("4097 bytes with the name, and browsers take 4096"), "{reason}");
    assert!(!reason.contains("vvv"), "the value stays out of it");
}

#[test]
fn a_cookie_is_removed_where_it_was_set() {
    let removed = |cookie: Cookie<'static>| lines(Response::text("x").without_cookie(cookie), false).remove(0);
    let line = removed("__Host-a".into());
    assert!(line.starts_with("__Host-a=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0; Expires="), "{line}");
    let settings = settings(&[("cookie.a.path", "/x"), ("cookie.a.domain", "example.com"), ("cookie.a.value", "1")]);
    let line = removed(of_settings(&settings.unwrap(), "a").unwrap());
    assert!(line.starts_with("a=; HttpOnly; SameSite=Lax; Path=/x; Domain=example.com; Max-Age=0;"), "{line}");
}

#[test]
fn settings_describe_a_cookie_whole() {
    let all = settings(&[
        ("cookie.login.name", "sid"),
        ("cookie.login.value", "v"),
        ("cookie.login.max_age", "3600"),
        ("cookie.login.expires", "Sat, 06 Nov 2094 08:49:37 GMT"),
        ("cookie.login.domain", "example.com"),
        ("cookie.login.path", "/x"),
        ("cookie.login.secure", "true"),
        ("cookie.login.http_only", "false"),
        ("cookie.login.same_site", "None"),
        ("cookie.login.partitioned", "true"),
    ]);
    let cookie = of_settings(&all.unwrap(), "login").unwrap();
    let line = "sid=v; SameSite=None; Partitioned; Secure; Path=/x; Domain=example.com; Max-Age=3600; \
                Expires=Sat, 06 Nov 2094 08:49:37 GMT";
    assert_eq!(
        lines(Response::text("x").with_cookie(cookie), false),
        [line],
        "B103a, B103b, B103c, B103d, B103e, B103f, B103g, B103h, B104, B105, C9"
    );
    let one = settings(&[("cookie.login.max_age", "1"), ("cookie.login.name", "")]).unwrap();
    let cookie = of_settings(&one, "login").unwrap();
    let line = "login=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=1";
    assert_eq!(lines(Response::text("x").with_cookie(cookie), true), [line], "an empty name counts as absent (B103)");
}

#[test]
fn all_dates_of_http_are_read() {
    let expires = |date: &str| {
        let settings = settings(&[("cookie.a.expires", date)]).unwrap();
        of_settings(&settings, "a").map(|cookie| cookie.expires_datetime().unwrap().unix_timestamp())
    };
    for date in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
        assert_eq!(expires(date).unwrap(), 784_111_777, "{date}");
    }
    let error = expires("tomorrow").unwrap_err().to_string();
    assert!(error.contains("`cookie.a.expires`") && error.contains("is `tomorrow` and must be a date"), "{error}");
}

#[test]
fn wrong_settings_are_told_together_and_with_their_layer() {
    let wrong = settings(&[
        ("cookie.renew", "login , gone"),
        ("cookie.login.name", "a b"),
        ("cookie.b.same_site", "lex"),
        ("cookie.c.same_site", "none"),
        ("cookie.c.secure", "false"),
        ("cookie.d.name", "__Host-d"),
        ("cookie.d.path", "/x"),
        ("cookie.e.partitioned", "true"),
        ("cookie.e.secure", "false"),
        ("cookie.f.max_age", "1"),
    ]);
    let text = check(&wrong.unwrap()).unwrap_err().to_string();
    let lines: Vec<&str> = text.lines().collect();
    let expected = [
        "the setting `cookie.b.same_site` (flag for cookie.b.same_site) is `lex` and must be `strict`, `lax` or `none`",
        "the setting `cookie.c.secure` (flag for cookie.c.secure) must not be `false`, because `same_site` is `none`",
        "the setting `cookie.d.path` (flag for cookie.d.path) must be `/`, because the name begins with `__Host-`",
        "the setting `cookie.e.secure` (flag for cookie.e.secure) must not be `false`, because the cookie is partitioned",
        "the setting `cookie.login.name` (flag for cookie.login.name) is no name of a cookie: use letters, digits and any of ``!#$%&'*+-.^_`|~``",
        "the setting `cookie.renew` (flag for cookie.renew): the settings describe no cookie `gone`: there is no `cookie.gone.name` and nothing else of it",
    ];
    assert_eq!(lines, expected);
    assert!(check(&settings(&[("cookie.a.same_site", "none"), ("cookie.renew", " a ")]).unwrap()).is_ok());
}

#[test]
fn a_cookie_that_nobody_described_is_an_error_with_a_hint() {
    let settings = settings(&[("cookie.login.name", "sid")]).unwrap();
    let error = in_settings(&settings, "logim").unwrap_err().to_string();
    assert!(error.ends_with("did you mean `login`?"), "{error}");
    assert_eq!(of_settings(&settings, "other").unwrap().name(), "other");
}
