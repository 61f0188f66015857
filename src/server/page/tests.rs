use super::*;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, ETAG, IF_NONE_MATCH};
use std::io::Read;
use std::sync::LazyLock;

static COMPRESSION: LazyLock<Compression> = LazyLock::new(Compression::new);

fn fields(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
}

fn head(of: &[(&'static str, &'static str)]) -> Head {
    Head { status: StatusCode::OK, headers: fields(of), marks: Marks::default() }
}

fn get(headers: &HeaderMap) -> Asked<'_> {
    Asked { method: &Method::GET, headers, compression: Some(&COMPRESSION) }
}

fn html() -> Bytes {
    "<p>One line of many, and all of them are alike.</p>\n".repeat(100).into()
}

fn tag_of(body: &'static str) -> Option<HeaderValue> {
    let mut head = head(&[]);
    head.tag(get(&HeaderMap::new()), &Bytes::from_static(body.as_bytes()));
    head.headers.remove(ETAG)
}

#[test]
fn a_tag_is_the_same_in_every_process_and_release() {
    // XXH3 with 128 bits and without a seed, as its reference implementation gives it: `printf a | xxhsum -H128`.
    assert_eq!(tag_of("a").unwrap(), "W/\"a96faf705af16834e6c632b61e964e1f\"");
    assert_eq!(tag_of("a"), tag_of("a"));
    assert_ne!(tag_of("a"), tag_of("b"));
    assert_eq!(tag_of(""), None);
}

#[test]
fn conditions_are_compared_weakly() {
    for (tag, condition, expected) in [
        ("W/\"a\"", "W/\"a\"", true),
        ("W/\"a\"", "\"a\"", true),
        ("\"a\"", "W/\"a\"", true),
        ("\"a\"", "\"a\"", true),
        ("\"a\"", "\"x\", W/\"a\",\"y\"", true),
        ("\"a\"", ",, \"x\"\t,\"a\"", true),
        ("\"a,b\"", "\"x\", \"a,b\"", true),
        ("\"\"", "\"\"", true),
        ("\"a\"", "*", true),
        ("\"a\"", " * ", true),
        ("\"a\"", "\"b\"", false),
        ("\"a\"", "\"aa\"", false),
        ("\"a\"", "a", false),
        ("\"a\"", "\"a", false),
        ("\"a\"", "a\"", false),
        ("\"a\"", "w/\"a\"", false),
        ("\"a\"", "W/", false),
        ("\"a\"", "\"", false),
        ("\"a\"", "", false),
        ("\"a\"", "x, \"a\"", false),
        ("\"a\"", "\"*\"", false),
        ("\"b\"", "\"a,\"b\",c\"", false),
    ] {
        let headers = fields(&[("if-none-match", condition)]);
        assert_eq!(head(&[("etag", tag)]).is_known(get(&headers)), expected, "{tag} {condition:?}");
    }
    let mut several = fields(&[("if-none-match", "\"x\"")]);
    several.append(IF_NONE_MATCH, HeaderValue::from_static("\"a\""));
    assert!(head(&[("etag", "\"a\"")]).is_known(get(&several)));
}

#[test]
fn a_date_counts_where_no_tag_is_asked_for() {
    let date = "Sun, 22 Nov 2026 16:00:00 GMT";
    let dated = head(&[("last-modified", date)]);
    assert!(dated.is_known(get(&fields(&[("if-modified-since", date)]))));
    assert!(!dated.is_known(get(&fields(&[("if-modified-since", "Sun, 22 Nov 2026 16:00:01 GMT")]))));
    assert!(!dated.is_known(get(&fields(&[("if-modified-since", date), ("if-none-match", "\"a\"")]))));
    assert!(!head(&[]).is_known(get(&fields(&[("if-modified-since", date)]))));
    assert!(!head(&[]).is_known(get(&HeaderMap::new())));
    assert!(!dated.is_known(get(&HeaderMap::new())));
}

#[test]
fn a_304_keeps_what_a_cache_needs_and_drops_what_describes_a_body() {
    let kept = ["cache-control", "content-location", "date", "etag", "expires", "vary", "content-security-policy"];
    let dropped = ["content-type", "content-length", "content-encoding", "content-language", "content-disposition"];
    let all: Vec<_> = kept.iter().chain(&dropped).chain(&["last-modified"]).map(|name| (*name, "x")).collect();
    let head = head(&all).into_not_modified();
    let mut left: Vec<_> = head.headers.keys().map(|name| name.as_str()).collect();
    left.sort_unstable();
    let mut expected = kept.to_vec();
    expected.sort_unstable();
    assert_eq!((head.status.as_u16(), left), (304, expected));
}

#[test]
fn vary_names_a_field_once() {
    for (before, after) in [
        (&[][..], &["Accept-Encoding"][..]),
        (&["Accept-Language"], &["Accept-Language, Accept-Encoding"]),
        (&["accept-encoding"], &["accept-encoding"]),
        (&["Cookie , ACCEPT-ENCODING"], &["Cookie , ACCEPT-ENCODING"]),
        (&["Cookie", "Accept-Encoding"], &["Cookie", "Accept-Encoding"]),
        (&["*"], &["*"]),
        (&["Accept", "Cookie"], &["Accept, Cookie, Accept-Encoding"]),
    ] {
        let mut headers = HeaderMap::new();
        before.iter().for_each(|line| {
            headers.append(VARY, HeaderValue::from_static(line));
        });
        vary(&mut headers, "Accept-Encoding");
        assert_eq!(headers.get_all(VARY).iter().collect::<Vec<_>>(), after, "{before:?}");
    }
}

#[test]
fn what_an_answer_depends_on_and_who_may_keep_it_is_said_in_one_line() {
    for (name, before, after) in [
        ("vary", &["Cookie", "Accept-Encoding"][..], "Cookie, Accept-Encoding"),
        ("vary", &["Cookie , accept", "ACCEPT,cookie", "", "Origin,"], "Cookie, accept, Origin"),
        ("vary", &["Cookie", "*"], "*"),
        ("vary", &["Accept, *", "Cookie"], "*"),
        // One line is left as it was written.
        ("vary", &["Cookie,cookie"], "Cookie,cookie"),
        ("cache-control", &["public, max-age=60", "private=\"a, b\""], "public, max-age=60, private=\"a, b\""),
    ] {
        let lines: Vec<_> = before.iter().map(|line| (name, *line)).collect();
        let mut headers = fields(&[&lines[..], &[("set-cookie", "a=b"), ("set-cookie", "c=d")]].concat());
        join_lines(&mut headers);
        assert_eq!(headers.get_all(name).iter().collect::<Vec<_>>(), [after], "{before:?}");
        assert_eq!(headers.get_all("set-cookie").iter().count(), 2, "{before:?}");
    }
}

#[test]
fn text_of_every_kind_is_compressed_and_nothing_else() {
    for (media_type, expected) in [
        ("text/html; charset=utf-8", true),
        ("TEXT/css", true),
        ("text/calendar", true),
        ("application/json", true),
        ("application/problem+json;charset=utf-8", true),
        ("application/javascript", true),
        ("application/xml", true),
        ("application/atom+XML ; a=b", true),
        ("image/svg+xml", true),
        ("image/png", false),
        ("application/pdf", false),
        ("application/zip", false),
        ("application/octet-stream", false),
        ("font/woff2", false),
        ("json", false),
        ("", false),
        ("text", false),
    ] {
        let mut head = head(&[("content-type", media_type)]);
        assert_eq!(head.may_be_compressed(get(&HeaderMap::new()), &html()), expected, "{media_type:?}");
        assert_eq!(head.headers.contains_key(VARY), expected, "{media_type:?}");
    }
}

#[test]
fn what_must_stay_as_it_is_is_not_compressed() {
    let asked = HeaderMap::new();
    for field in [
        ("content-encoding", "br"),
        ("content-range", "bytes 0-1/2"),
        ("cache-control", "public, No-Transform"),
        ("etag", "\"strong\""),
    ] {
        let mut head = head(&[("content-type", "text/html"), field]);
        assert!(!head.may_be_compressed(get(&asked), &html()), "{field:?}");
        assert!(!head.headers.contains_key(VARY), "{field:?}");
    }
    let mut page = head(&[("content-type", "text/html"), ("etag", "W/\"weak\"")]);
    assert!(page.may_be_compressed(get(&asked), &html()));
    assert!(!page.may_be_compressed(Asked { compression: None, ..get(&asked) }, &html()));
    assert!(!page.may_be_compressed(get(&asked), &Bytes::new()));
    page.forbid_compression();
    assert!(!page.may_be_compressed(get(&asked), &html()));
    let mut bodiless = Head { status: StatusCode::NO_CONTENT, ..head(&[("content-type", "text/html")]) };
    assert!(!bodiless.may_be_compressed(get(&asked), &html()));
}

#[tokio::test]
async fn the_coding_is_the_one_that_the_client_likes_most_and_its_bytes_are_the_same() {
    let large: Bytes =
        (0..20_000).map(|line| format!("line {line} of a page that is handed over\n")).collect::<String>().into();
    for body in [html(), large] {
        for (wanted, expected) in [
            ("gzip", Some("gzip")),
            ("br", Some("br")),
            ("gzip, deflate, br, zstd", Some("gzip")),
            ("gzip;q=0.9, br", Some("br")),
            ("*", Some("gzip")),
            ("zstd", None),
            ("", None),
            ("identity;q=0", None),
        ] {
            let asked = fields(&[("accept-encoding", wanted)]);
            let mut head = head(&[("content-length", "1")]);
            let sent = head.compress(get(&asked), body.clone()).await;
            let coding = head.headers.get(CONTENT_ENCODING).and_then(|coding| coding.to_str().ok());
            assert_eq!(coding, expected, "{wanted}");
            assert_eq!(decoded(coding, &sent), body, "{wanted}");
            assert_eq!(coding.is_some(), sent.len() < body.len() && !head.headers.contains_key("content-length"));
        }
    }
}

#[tokio::test]
async fn a_body_that_does_not_shrink_is_compressed_only_where_it_must() {
    let small = Bytes::from_static(b"short");
    let noise: Bytes =
        std::iter::successors(Some(1_u32), |x| Some(x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)))
            .map(|x| (x >> 24) as u8)
            .take(5000)
            .collect();
    for body in [small, noise] {
        for (wanted, expected) in [("gzip", None), ("gzip, identity;q=0", Some("gzip"))] {
            let asked = fields(&[("accept-encoding", wanted)]);
            let mut head = head(&[]);
            let sent = head.compress(get(&asked), body.clone()).await;
            let coding = head.headers.get(CONTENT_ENCODING).and_then(|coding| coding.to_str().ok());
            assert_eq!(coding, expected, "{wanted}");
            assert_eq!(decoded(coding, &sent), body, "{wanted}");
        }
    }
}

fn decoded(coding: Option<&str>, bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    match coding {
        Some("gzip") => flate2::read::GzDecoder::new(bytes).read_to_end(&mut plain),
        Some("br") => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut plain),
        _ => return bytes.to_vec(),
    }
    .unwrap();
    plain
}
