use serde::Serialize;

use super::form;
use super::*;

fn reason(response: &Response) -> String {
    response.failure().expect("a failure was expected").chain()
}

/// B99, B173
#[test]
fn a_line_break_never_gets_into_a_header() {
    // B99: Kalgan 0.9 wrote it as it was, and with it headers of the attacker's choice.
    let response = Response::text("x").with_header("x-name", "a\r\nset-cookie: b=c");
    assert_eq!(reason(&response), "the value of the header `x-name` contains a control character");
    assert!(response.headers().is_empty());
    assert!(Response::redirect("/a\r\nset-cookie: b=c").failure().is_some());
    let cookie = Cookie::build(("a", "b")).path("/\r\nx: y").build();
    assert!(Response::text("x").with_cookie(cookie).failure().is_some());
}

#[test]
fn a_header_may_hold_any_text_else() {
    let response = Response::text("x").with_header("x-name", "Grüße");
    assert_eq!(response.headers()["x-name"].as_bytes(), "Grüße".as_bytes());
}

#[test]
fn the_headers_of_the_connection_are_the_servers() {
    for name in ["Content-Length", "transfer-encoding", "Connection", "upgrade"] {
        let response = Response::text("x").with_added_header(name, "1");
        assert!(reason(&response).ends_with("is set by the server, which knows the body and the connection"), "{name}");
    }
}

#[test]
fn a_redirection_stays_within_the_site() {
    let response = Response::redirect("/en/routing?a=b#c");
    assert_eq!((response.status().as_u16(), response.header("location")), (302, Some("/en/routing?a=b#c")));
    for elsewhere in
        ["https://example.com/", "//example.com", "/\\example.com", "/\t/example.com", "", "routing", "javascript:x"]
    {
        let response = Response::redirect(elsewhere);
        assert_eq!(response.status().as_u16(), 500, "{elsewhere:?}");
    }
    assert_eq!(
        Response::redirect_to_other_site("https://example.com/").header("location"),
        Some("https://example.com/")
    );
}

#[test]
fn only_redirections_redirect() {
    for status in [301, 302, 303, 307, 308] {
        assert_eq!(Response::redirect_with(status, "/").status().as_u16(), status);
    }
    assert_eq!(Response::redirect_with(200, "/").status().as_u16(), 500);
}

/// B94, B95
#[test]
fn every_status_of_an_answer_can_be_sent() {
    // B95: Kalgan 0.9 knew seven.
    for status in [200, 201, 204, 303, 304, 401, 409, 422, 429, 502, 599] {
        assert_eq!(Response::text("x").with_status(status).status().as_u16(), status);
    }
    for status in [0, 99, 101, 600, 1000] {
        assert_eq!(Response::text("x").with_status(status).status().as_u16(), 500, "{status}");
    }
}

#[test]
fn the_first_failure_counts() {
    let response = Response::text("x").with_header("bad name", "y").with_status(42);
    assert_eq!(reason(&response), "`bad name` is not a header name");
}

#[test]
fn json_that_cannot_be_serialised_is_a_failure() {
    #[derive(Serialize)]
    struct Broken {
        #[serde(serialize_with = "refuse")]
        field: u8,
    }
    fn refuse<S: serde::Serializer>(_: &u8, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("refused"))
    }
    assert_eq!(reason(&Response::json(&Broken { field: 1 })), "refused");
    let Body::Bytes(json) = Response::json(&[1, 2]).into_parts().2 else { panic!("JSON is bytes") };
    assert_eq!(&json[..], b"[1,2]");
}

#[test]
fn a_cookie_is_encoded_and_can_be_deleted() {
    let response = Response::empty().with_cookie(Cookie::new("name", "a;b c")).without_cookie("old");
    let response = response.with_cookies_written(true);
    let lines: Vec<_> = response.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    assert_eq!(lines[0], "name=a%3Bb%20c; HttpOnly; SameSite=Lax; Secure; Path=/");
    assert!(
        lines[1].starts_with("old=; ") && lines[1].contains("Max-Age=0") && lines[1].contains("Path=/"),
        "{}",
        lines[1]
    );
}

#[test]
fn a_download_name_is_safe_in_both_forms() {
    let response = Response::text("x").with_download_name("Übung \"1\".txt");
    let line = response.header("content-disposition").unwrap();
    assert_eq!(line, "attachment; filename=\"_bung _1_.txt\"; filename*=UTF-8''%C3%9Cbung%20%221%22%2Etxt");
}

#[test]
fn an_error_becomes_the_failure_that_it_stands_for() {
    let inner: Result<Response, BoxErr> = Err(Box::new(Failure::new(403, "not yours")));
    assert_eq!(inner.into_response().status().as_u16(), 403);
    let request = crate::Error::Request("the form is not UTF-8".to_string());
    assert_eq!(Failure::from_error(request).status().as_u16(), 400);
    let other: Result<Response, std::num::ParseIntError> = "x".parse::<u8>().map(|_| Response::empty());
    let failed = other.into_response();
    assert_eq!((failed.status().as_u16(), reason(&failed)), (500, "invalid digit found in string".to_string()));
    assert_eq!(Failure::new(200, "no error").status().as_u16(), 500);
}

type BoxErr = Box<dyn std::error::Error + Send + Sync>;

#[test]
fn forms_keep_everything_after_the_first_equals_sign() {
    // B62: Kalgan 0.9 cut base64 values at the second one.
    let pairs = form::pairs(b"c=a=b&n+m=1+2&n+m=%2B&alone&=x&&e=%C3%A4", "form").unwrap();
    let expected = [("c", "a=b"), ("n m", "1 2"), ("n m", "+"), ("alone", ""), ("", "x"), ("e", "ä")];
    assert_eq!(pairs, expected.map(|(name, value)| (name.to_string(), value.to_string())));
    assert_eq!(form::last(&pairs, "n m"), Some("+"));
    assert_eq!(form::last(&pairs, "absent"), None);
}

#[test]
fn a_form_that_is_not_utf8_says_so() {
    let error = form::pairs(b"a=%FF", "form").unwrap_err();
    assert_eq!(error.to_string(), "the form is not UTF-8");
    assert!(form::pairs(b"a=\xff", "query").is_err());
}

/// B61: also of a second header, and blanks within a value stay.
#[test]
fn broken_cookies_do_not_hide_good_ones() {
    let mut headers = HeaderMap::new();
    headers.append("cookie", "a=1; broken; b=%20x; c=%FF".parse().unwrap());
    headers.append("cookie", header::HeaderValue::from_bytes(b"d=\xff").unwrap());
    headers.append("cookie", "e=5".parse().unwrap());
    let cookies = cookies::read(&headers);
    let pairs: Vec<_> = cookies.iter().map(|cookie| (cookie.name(), cookie.value())).collect();
    assert_eq!(pairs, [("a", "1"), ("b", " x"), ("e", "5")]);
}
