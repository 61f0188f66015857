//! A site behind NGINX as its own command sets it up.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::proxy::{Deployment, Raw};
use super::text;
use crate::services::subprocess;

/// The number of the process that answered, as the page says it.
fn process(body: &str) -> String {
    body.split(' ').nth(1).unwrap_or_else(|| panic!("{body}")).to_string()
}

/// The request that a page was made for, as the page says it.
fn id(body: &str) -> String {
    body.split("x-request-id=").nth(1).map(|rest| rest[..32].to_string()).expect("the page says it")
}

#[test]
fn several_instances_answer_and_see_who_asked() {
    let Some(deployment) = Deployment::start(3, &[]) else { return };
    let forged = ["X-Forwarded-For: 6.6.6.6", "X-Forwarded-Proto: https", "Forwarded: for=6.6.6.6"];
    let answers: Vec<String> = (0..12).map(|_| deployment.get("/page", &forged).body).collect();
    let mut processes: Vec<String> = answers.iter().map(|body| process(body)).collect();
    processes.sort();
    processes.dedup();
    assert_eq!(processes.len(), 3, "{answers:?}");
    assert!(
        answers[0].contains("x-forwarded-for=127.0.0.1 x-forwarded-proto=http forwarded=none x-request-id="),
        "{answers:?}"
    );
    assert!(!answers[0].contains("6.6.6.6") && !answers[0].contains("x-request-id=none"), "{answers:?}");
}

/// The test's own address stands for the balancer's (`Deployment`).
#[test]
fn what_a_balancer_says_of_the_visitor_reaches_the_site() {
    let Some(deployment) = Deployment::start(1, &["server.trusted_proxies=unix,192.0.2.1,10.0.0.0/8"]) else { return };
    let fields = ["X-Forwarded-For: 6.6.6.6, 203.0.113.9, 10.0.0.7", "X-Forwarded-Proto: https"];
    let page = deployment.get("/page", &fields).body;
    assert!(page.contains("x-forwarded-for=203.0.113.9 x-forwarded-proto=https"), "{page}");
    let odd = deployment.get("/page", &["X-Forwarded-Proto: ftp"]).body;
    assert!(odd.contains("x-forwarded-for=127.0.0.1 x-forwarded-proto=http "), "{odd}");
    let (plain, encrypted) = (deployment.get("/shared", &[]), deployment.get("/shared", &fields));
    assert!(plain.body.contains("proto=http ") && encrypted.body.contains("proto=https"), "each scheme has its copy");
}

/// B53
#[test]
fn http_only_leads_to_https_and_the_site_knows_how_it_was_asked() {
    let Some(deployment) = Deployment::encrypted() else { return };
    let redirect = deployment.get("/page?x=1", &[]);
    assert_eq!((redirect.status, redirect.field("location")), (301, Some("https://example.com/page?x=1")));
    // Whoever issues certificates is not sent on.
    assert_eq!(deployment.get("/.well-known/acme-challenge/none", &[]).status, 404);
    let page = deployment.get_encrypted("/page");
    assert!(page.status == 200 && page.body.contains("x-forwarded-proto=https"), "{page:?}");
    let file = deployment.get_encrypted("/robots.txt");
    assert_eq!(file.field("strict-transport-security"), Some("max-age=31536000"), "{file:?}");
}

#[test]
fn https_takes_the_curves_of_the_profile_and_no_suite_without_elliptic_curves() {
    let Some(deployment) = Deployment::encrypted() else { return };
    for curve in ["X25519", "prime256v1", "secp384r1"] {
        assert!(deployment.agrees(&["-groups", curve]), "{curve}");
    }
    assert!(!deployment.agrees(&["-groups", "secp521r1"]));
    assert!(deployment.agrees(&["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"]));
    assert!(!deployment.agrees(&["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"]));
}

#[cfg(feature = "websocket")]
#[test]
fn a_websocket_passes() {
    let Some(deployment) = Deployment::start(1, &[]) else { return };
    let fields = ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
    let answer = deployment.get("/socket", &fields);
    assert_eq!((answer.status, answer.field("upgrade")), (101, Some("websocket")), "{answer:?}");
}

#[test]
fn only_public_answers_are_kept_and_each_language_has_its_own() {
    let Some(deployment) = Deployment::start(1, &[]) else { return };
    let in_language = |language: &str| deployment.get("/shared", &[&format!("Accept-Language: {language}")]).body;
    let (english, spanish) = (in_language("en"), in_language("es"));
    assert!(english.starts_with("Hello ") && spanish.starts_with("Hola "), "{english} {spanish}");
    // The page says which request it was made for.
    assert_eq!((id(&english), id(&spanish)), (id(&in_language("en")), id(&in_language("es"))));
    for path in ["/page", "/cookie"] {
        let (one, two) = (deployment.get(path, &[]), deployment.get(path, &[]));
        assert_ne!(id(&one.body), id(&two.body), "{path} was kept");
    }
    // Conditions reach the site, and are answered there.
    let conditional = deployment.get("/shared", &["If-None-Match: \"none\"", "Accept-Language: en"]);
    assert!(conditional.body.contains("if-none-match=\"none\""), "{conditional:?}");
    let file = deployment.get("/static/site.css", &[]);
    let tag = file.field("etag").expect("a file has an entity tag");
    let again = deployment.get("/static/site.css", &[&format!("If-None-Match: {tag}")]);
    assert_eq!((again.status, again.field("etag")), (304, Some(tag)), "{again:?}");
    assert_eq!(deployment.get("/static/site.css", &["Range: bytes=0-3"]).body, "body");
}

/// NGINX 1.22 looks at the last line of `Vary` only.
#[test]
fn a_visitor_never_gets_what_was_kept_for_another() {
    let Some(deployment) = Deployment::start(1, &[]) else { return };
    let shown = |name: &str| deployment.get("/each", &[&format!("Cookie: name={name}")]).body;
    assert_eq!([shown("ann"), shown("bea"), shown("ann")], ["ann", "bea", "ann"]);
}

#[test]
fn while_nothing_runs_there_is_a_page_and_what_was_kept() {
    let Some(mut deployment) = Deployment::start(1, &[]) else { return };
    let busy = deployment.get("/busy", &[]);
    assert_eq!(
        (busy.status, &*busy.body, busy.field("retry-after")),
        (503, "not now", None),
        "the site's own answer passes"
    );
    let kept = deployment.get("/shared", &[]);
    // Nobody can ask for the page itself.
    assert_eq!(deployment.get("/.kalgan/maintenance.html", &[]).status, 404);
    deployment.stop();
    for answer in [deployment.get("/page", &[]), deployment.post("/plain", "x")] {
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.body.contains("Back in a moment"), "{answer:?}");
        assert_eq!(answer.field("retry-after"), Some("10"));
        assert_eq!(answer.field("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(answer.field("cache-control"), Some("no-store"));
    }
    let again = deployment.get("/shared", &[]);
    assert_eq!((again.status, again.body), (200, kept.body));
}

#[test]
fn every_answer_tells_the_id_of_its_own_request() {
    let Some(mut deployment) = Deployment::exported(&[]) else { return };
    let told = |answer: &Raw| {
        let all = answer.head.lines().filter_map(|line| line.strip_prefix("x-request-id: "));
        let all: Vec<String> = all.map(str::to_string).collect();
        assert!(matches!(&all[..], [one] if one.len() == 32), "{answer:?}");
        all[0].clone()
    };
    let page = deployment.get("/page", &[]);
    assert_eq!(told(&page), id(&page.body), "the site knows the request by the same id");
    let (made, kept) = (deployment.get("/shared", &[]), deployment.get("/shared", &[]));
    assert_eq!(made.body, kept.body, "the second is a copy");
    assert_ne!(told(&made), told(&kept));
    let others = ["/static/site.css", "/robots.txt", "/static/none.css", "/busy", "/.kalgan/maintenance.html"];
    let mut ids: Vec<String> = others.map(|path| told(&deployment.get(path, &[]))).to_vec();
    ids.push(told(&deployment.post("/plain", &"x".repeat(250_000))));
    deployment.stop();
    ids.push(told(&deployment.get("/page", &[])));
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), others.len() + 2);
}

#[test]
fn a_page_that_is_too_old_is_asked_for_again_while_the_site_is_well() {
    let Some(mut deployment) = Deployment::start(1, &[]) else { return };
    let first = deployment.get("/brief", &[]);
    thread::sleep(Duration::from_millis(2100));
    let second = deployment.get("/brief", &[]);
    assert_ne!(id(&first.body), id(&second.body), "the old copy was shown");
    deployment.stop();
    thread::sleep(Duration::from_millis(2100));
    let kept = deployment.get("/brief", &[]);
    assert_eq!((kept.status, kept.body), (200, second.body), "while the site is gone, the copy is better than nothing");
}

#[test]
fn a_route_may_take_more_than_others() {
    let Some(deployment) = Deployment::start(1, &[]) else { return };
    let large = "x".repeat(250_000);
    assert_eq!(deployment.post("/upload/a", &large).body, "250000 bytes");
    assert_eq!(deployment.post("/env%C3%ado/a", &large).body, "250000 bytes");
    assert_eq!(deployment.post("/endless", &large).body, "250000 bytes");
    let refused = deployment.post("/plain", &large);
    // The page is NGINX's own: the site was not asked.
    assert!(refused.status == 413 && refused.body.contains("nginx"), "{refused:?}");
    assert_eq!(deployment.post("/plain", &"x".repeat(1500)).body, "1500 bytes");
    assert_eq!(deployment.post("/upload/a", &"x".repeat(310_000)).status, 413);
}

#[test]
fn what_may_have_had_an_effect_is_never_sent_twice() {
    let deaths = |deployment: &Deployment| fs::read_to_string(deployment.deaths()).unwrap_or_default().lines().count();
    for method in ["PUT", "DELETE", "PATCH", "LOCK", "MOVE"] {
        for body in ["", "x"] {
            let Some(deployment) = Deployment::start(2, &[]) else { return };
            let answer = deployment.ask(method, "/dies", &[], body);
            assert_eq!((answer.status, deaths(&deployment)), (503, 1), "{method}: {answer:?}");
            assert!(answer.body.contains("Back in a moment"), "{method}: {answer:?}");
        }
    }
    let Some(deployment) = Deployment::start(3, &[]) else { return };
    let answer = deployment.post("/dies", "x");
    assert_eq!((answer.status, deaths(&deployment)), (503, 1), "{answer:?}");
    // The others go on, and what has no effect is asked of another one, but not of all.
    assert_eq!(deployment.get("/page", &[]).status, 200);
    assert_eq!(deployment.get("/dies", &[]).status, 503);
    assert!((2..=3).contains(&deaths(&deployment)));
}

#[test]
fn what_is_sent_once_arrives_as_it_was_written_and_within_the_limits() {
    for mount in ["", "/docs"] {
        let url = format!("server.public_url=http://example.com{mount}");
        let Some(mut deployment) = Deployment::exported(&[&url]) else { return };
        let ask = |deployment: &Deployment, method: &str, path: &str, length: usize| {
            deployment.ask(method, &format!("{mount}{path}"), &["X-Own: a b"], &"x".repeat(length))
        };
        for method in ["PUT", "DELETE", "MOVE"] {
            let told = |path: &str, length| ask(&deployment, method, path, length).body;
            assert_eq!(
                told("/told/%C3%B1%2Fa?b=%26&c", 1500),
                format!("{method} /told/%C3%B1%2Fa?b=%26&c a b 1500 bytes")
            );
            assert_eq!(told("/told/a", 0), format!("{method} /told/a a b 0 bytes"));
            for (path, most) in [("/told/a", 2000), ("/told-more/a", 300_000), ("/told-all/a", 400_000)] {
                assert_eq!(told(path, most), format!("{method} {path} a b {most} bytes"));
                let refused = ask(&deployment, method, path, most + 1);
                assert!(refused.status == 413 && refused.body.contains("nginx"), "{method} {path}: {refused:?}");
            }
            let missing = ask(&deployment, method, "/static/none.css", 10);
            assert!(missing.status == 404 && !missing.body.contains("nginx"), "{method}: {missing:?}");
        }
        // How long such a body is shows only when it has come, so the site itself refuses it.
        let chunks = |length: usize| format!("{length:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(length));
        let sent = |length: usize| {
            let fields = ["Transfer-Encoding: chunked", "X-Own: a b"];
            deployment.ask_as_written("PUT", &format!("{mount}/told/a"), &fields, &chunks(length))
        };
        assert_eq!(sent(1500).body, "PUT /told/a a b 1500 bytes");
        assert_eq!(sent(3000).status, 413);
        deployment.stop();
        let answer = ask(&deployment, "PUT", "/told/a", 10);
        assert!(answer.status == 503 && answer.body.contains("Back in a moment"), "{answer:?}");
    }
}

#[test]
fn nginx_serves_the_files_with_the_headers_of_the_binary() {
    for mount in ["", "/docs"] {
        let url = format!("server.public_url=http://example.com{mount}");
        let Some(deployment) = Deployment::exported(&[&url]) else { return };
        let css = deployment.get(&format!("{mount}/static/site.css"), &[]);
        assert_eq!((css.status, &*css.body), (200, "body { color: navy }\n"), "{css:?}");
        assert_eq!(css.field("cache-control"), Some("no-cache"));
        assert_eq!(css.field("content-type"), Some("text/css; charset=utf-8"));
        assert_eq!(css.field("x-content-type-options"), Some("nosniff"));
        assert_eq!(css.field("strict-transport-security"), None, "it is not HTTPS");
        assert_eq!(css.field("referrer-policy"), Some("strict-origin-when-cross-origin"));
        assert_eq!(css.field("content-security-policy"), None, "it is no page");
        let picture = deployment.get(&format!("{mount}/static/picture.svg"), &[]);
        assert_eq!(picture.field("content-type"), Some("image/svg+xml"));
        assert_eq!(picture.field("x-frame-options"), Some("SAMEORIGIN"));
        let policy = picture.field("content-security-policy");
        assert_eq!(policy, Some("object-src 'none'; base-uri 'self'; frame-ancestors 'self'"));
        let version = version();
        let versioned = deployment.get(&format!("{mount}/static/site.css?{version}"), &[]);
        assert_eq!(versioned.field("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(deployment.get(&format!("{mount}/robots.txt"), &[]).body, "User-agent: *\n");
        // What is not there is answered by the site.
        let missing = deployment.get(&format!("{mount}/static/none.css"), &[]);
        assert!(missing.status == 404 && !missing.body.contains("nginx"), "{missing:?}");
        assert_eq!(deployment.get(&format!("{mount}/page?x=1"), &[]).status, 200);
        if !mount.is_empty() {
            assert_eq!(deployment.get("/page", &[]).status, 404);
            let bare = deployment.get(mount, &[]);
            assert_eq!((bare.status, bare.field("location")), (301, Some("/docs/")), "{bare:?}");
            assert_eq!(deployment.post("/docs/upload/a", &"x".repeat(250_000)).body, "250000 bytes");
        }
    }
}

/// The version that addresses of static files carry.
fn version() -> String {
    let mut command: Command = subprocess::command("kit");
    let output = command.arg("version").output().expect("the test program can be run");
    let printed = text(&output);
    let line = printed.lines().find(|line| line.starts_with("static files ")).unwrap_or_else(|| panic!("{printed}"));
    line.split_whitespace().last().unwrap_or_default().trim_end_matches(['.', ',']).to_string()
}
