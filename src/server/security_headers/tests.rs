//! Which answers get which headers, with the settings as they are by default, of the site's own, and off.

use std::sync::Arc;

use http::Request as HttpRequest;
use http_body_util::Full;

use super::*;
use crate::controller::Dispatch;
use crate::server::tests::static_site::{self, process, snapshot};
use crate::server::{Peer, Pipeline, Serving};
use crate::snapshot::{Inline, Links, Snapshot, Template};

/// The headers and what they say by default.
const DEFAULTS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("x-frame-options", "SAMEORIGIN"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

fn site(settings: &[(&'static str, &'static str)]) -> Arc<Site> {
    static_site::site(snapshot(settings))
}

fn headers(settings: &[(&'static str, &'static str)]) -> Result<SecurityHeaders, Error> {
    SecurityHeaders::new(&site(settings))
}

/// What an answer gets that has these headers already.
fn added(headers: &SecurityHeaders, own: &[(&'static str, &'static str)], subject: &Subject) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in own {
        map.append(*name, HeaderValue::from_static(value));
    }
    headers.add(&mut map, &site(&[]), subject);
    map
}

#[test]
fn each_header_has_its_default_its_own_value_and_none() {
    let own = [
        ("security.headers.x_content_type_options", "nosniff"),
        ("security.headers.referrer_policy", "no-referrer, same-origin"),
        ("security.headers.x_frame_options", "DENY"),
        ("security.headers.cross_origin_opener_policy", "unsafe-none"),
        ("security.headers.permissions_policy", "camera=(self \"https://a.example\"), usb=*"),
    ];
    let off = own.map(|(key, _)| (key, "off"));
    let nothing = Subject::default();
    let by_default = added(&headers(&[]).unwrap(), &[], &nothing);
    let by_own = added(&headers(&own).unwrap(), &[], &nothing);
    let by_off = added(&headers(&off).unwrap(), &[], &nothing);
    for ((name, default), (_, own)) in DEFAULTS.into_iter().zip(own) {
        assert_eq!(by_default[name], default);
        assert_eq!(by_own[name], own);
        assert!(!by_off.contains_key(name), "{name}");
    }
    assert_eq!((by_default.len(), by_off.len()), (6, 1), "the policy has a setting of its own");
}

#[test]
fn what_an_answer_says_itself_stays() {
    let headers = headers(&[]).unwrap();
    let own = DEFAULTS.map(|(name, _)| (name, "own"));
    let map = added(&headers, &own, &Subject { is_encrypted: true, ..Subject::default() });
    for (name, _) in DEFAULTS {
        assert_eq!(map.get_all(name).iter().collect::<Vec<_>>(), ["own"], "{name}");
    }
    let map = added(
        &headers,
        &[("content-security-policy", "default-src *"), ("strict-transport-security", "max-age=1")],
        &Subject { is_encrypted: true, ..Subject::default() },
    );
    assert_eq!(map["content-security-policy"], "default-src *");
    assert_eq!(map["strict-transport-security"], "max-age=1");
    assert_eq!(map["x-frame-options"], "SAMEORIGIN");
    let framed = [("content-security-policy", "img-src *; Frame-Ancestors https://a.example")];
    assert!(
        !added(&headers, &framed, &Subject::default()).contains_key("x-frame-options"),
        "it would say another thing"
    );
}

#[test]
fn strict_transport_security_is_for_encrypted_connections_in_production() {
    const NAME: &str = "strict-transport-security";
    let said = |settings: &[_], is_encrypted| {
        let map = added(&headers(settings).unwrap(), &[], &Subject { is_encrypted, ..Subject::default() });
        map.get(NAME).map(|value| value.to_str().unwrap().to_string())
    };
    assert_eq!(said(&[], true).as_deref(), Some("max-age=31536000"));
    assert_eq!(said(&[], false), None);
    assert_eq!(said(&[("security.headers.strict_transport_security", "off")], true), None);
    let own = "max-age=\"60\"; includeSubDomains; preload";
    assert_eq!(said(&[("security.headers.strict_transport_security", own)], true).as_deref(), Some(own));
    let development = static_site::setting("environment.is_prod", crate::snapshot::Value::Bool(false));
    let site = static_site::site(Snapshot { settings: vec![development].into(), ..snapshot(&[]) });
    let mut map = HeaderMap::new();
    SecurityHeaders::new(&site).unwrap().add(&mut map, &site, &Subject { is_encrypted: true, ..Subject::default() });
    assert!(!map.contains_key(NAME), "a browser would remember it for all servers on localhost");
}

#[test]
fn wrong_values_stop_the_start() {
    for (key, value) in [
        ("security.headers.x_content_type_options", "sniff"),
        ("security.headers.x_content_type_options", ""),
        ("security.headers.referrer_policy", "none"),
        ("security.headers.referrer_policy", "no-referrer;"),
        ("security.headers.x_frame_options", "ALLOWALL"),
        ("security.headers.cross_origin_opener_policy", "same"),
        ("security.headers.permissions_policy", "camera 'none'"),
        ("security.headers.permissions_policy", "camera=()\u{e9}"),
        ("security.headers.strict_transport_security", "includeSubDomains"),
        ("security.headers.strict_transport_security", "max-age=a"),
        ("security.headers.strict_transport_security", "max-age=1; subdomains"),
        ("security.headers.content_security_policy", "script-src {script}"),
        ("security.headers.content_security_policy", "script-src\n'self'"),
    ] {
        let error = headers(&[(key, value)]).unwrap_err().to_string();
        assert!(error.contains(key) && error.contains("`off`"), "{error}");
    }
}

#[test]
fn a_policy_is_made_of_what_is_needed() {
    let policy = |settings: &[_], subject: &Subject| {
        let map = added(&headers(settings).unwrap(), &[], subject);
        map.get("content-security-policy").map(|value| value.to_str().unwrap().to_string()).unwrap_or_default()
    };
    const KEY: &str = "security.headers.content_security_policy";
    const REST: &str = "style-src-attr 'unsafe-inline'; object-src 'none'; base-uri 'self'; frame-ancestors 'self'";
    let nothing = Subject::default();
    assert_eq!(policy(&[], &nothing), format!("script-src 'self'; style-src 'self'; {REST}"));
    assert_eq!(policy(&[(KEY, "off")], &nothing), "");
    assert_eq!(policy(&[(KEY, "script-src {scripts}; img-src *")], &nothing), "script-src; img-src *");
    let with_nonce = Subject { nonce: Some("abc"), style: Some("'sha256-x'"), ..Subject::default() };
    assert_eq!(
        policy(&[], &with_nonce),
        format!("script-src 'self' 'nonce-abc'; style-src 'self' 'sha256-x' 'nonce-abc'; {REST}")
    );
    for (path, source) in [
        ("https://cdn.example/static", " https://cdn.example/static/"),
        ("https://CDN.example/ann/a;b,c/", " https://cdn.example/ann/a%3Bb%2Cc/"),
        ("//cdn.example:8443", " cdn.example:8443/"),
        ("/static", ""),
        ("https://{host}/static", ""),
    ] {
        let expected = format!("script-src 'self'{source}; style-src 'self'{source}; {REST}");
        assert_eq!(policy(&[("static.path", path)], &nothing), expected, "{path}");
    }
}

/// The site that is asked is another one than that of the start, so that what is looked up for the answer shows.
#[test]
fn what_templates_need_is_looked_up_once_in_production() {
    let of = |source: &'static str| {
        let named = |name: &'static str| Template {
            name: name.into(),
            source: "".into(),
            links: Links::NONE,
            inline: Inline { scripts: vec![source.into()].into(), ..Inline::NONE },
        };
        static_site::site(Snapshot { templates: vec![named("a.html"), named("b.html")].into(), ..snapshot(&[]) })
    };
    let (start, other) = (of("https://start.example/a.js"), of("https://other.example/a.js"));
    let headers = SecurityHeaders::new(&start).unwrap();
    for rendered in [Rendered::One("b.html"), Rendered::Several(vec!["a.html".into(), "b.html".into()])] {
        let mut map = HeaderMap::new();
        headers.add(&mut map, &other, &Subject { rendered, ..Subject::default() });
        let policy = map["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("https://start.example/a.js") && !policy.contains("other.example"), "{policy}");
    }
}

async fn answer(pipeline: &Pipeline, path: &str) -> HeaderMap {
    let (parts, ()) = HttpRequest::get(path).header("host", "localhost").body(()).unwrap().into_parts();
    pipeline.answer_whole(parts, Full::new(bytes::Bytes::new()), Peer { address: None }).await.headers().clone()
}

#[tokio::test]
async fn static_files_get_what_browsers_make_use_of() {
    let site = site(&[("static.root", "root")]);
    let pipeline = Pipeline::new(Serving::new(site, &Dispatch::new([], [])).unwrap(), process());
    let names = |headers: HeaderMap| {
        let all = DEFAULTS.iter().map(|(name, _)| *name).chain(["content-security-policy"]);
        all.filter(|name| headers.contains_key(*name)).collect::<Vec<_>>()
    };
    assert_eq!(names(answer(&pipeline, "/help/").await).len(), 6, "a page");
    assert_eq!(names(answer(&pipeline, "/static/css/site.css").await), ["x-content-type-options", "referrer-policy"]);
    assert_eq!(names(answer(&pipeline, "/robots.txt").await), ["x-content-type-options"]);
    let page = answer(&pipeline, "/help/").await;
    assert_eq!(page["content-security-policy"], "object-src 'none'; base-uri 'self'; frame-ancestors 'self'");
    assert_eq!(names(answer(&pipeline, "/nothing").await).len(), 6, "an error page");
}

#[tokio::test]
async fn what_came_by_https_says_so_to_browsers() {
    let site = site(&[("server.trusted_proxies", "127.0.0.1")]);
    let pipeline = Pipeline::new(Serving::new(site, &Dispatch::new([], [])).unwrap(), process());
    for (scheme, expected) in [("https", Some("max-age=31536000")), ("http", None)] {
        for path in ["/static/css/site.css", "/static/docs", "/nothing"] {
            let request = HttpRequest::get(path).header("host", "localhost").header("x-forwarded-for", "192.0.2.1");
            let (parts, ()) = request.header("x-forwarded-proto", scheme).body(()).unwrap().into_parts();
            let peer = Peer { address: Some(([127, 0, 0, 1], 4711).into()) };
            let answer = pipeline.answer_whole(parts, Full::new(bytes::Bytes::new()), peer).await;
            let said = answer.headers().get("strict-transport-security").map(|value| value.to_str().unwrap());
            assert_eq!(said, expected, "{scheme} {path}");
        }
    }
}

#[tokio::test]
async fn plain_error_pages_show_their_style() {
    let pipeline = Pipeline::new(Serving::new(site(&[]), &Dispatch::new([], [])).unwrap(), process());
    for path in ["/nothing", "/%ff"] {
        let policy = answer(&pipeline, path).await["content-security-policy"].to_str().unwrap().to_string();
        assert!(policy.contains("style-src 'self' 'sha256-"), "{path}: {policy}");
    }
}
