//! Sites behind proxies: what they believe of a visitor, in whole requests and behind a real NGINX.

mod nginx;
pub mod site;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use kalgan::testing::{self, Answer, Client};

use crate::server::{SECRET_KEY, Server};
use site::{PUBLIC, app, production};

/// What a proxy at `PROXY` says of its visitor.
const SAID: [(&str, &str); 3] =
    [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-proto", "https"), ("x-forwarded-host", "shop.example")];

const PROXY: &str = "10.0.0.7:4711";
const TRUSTED: (&str, &str) = ("server.trusted_proxies", "10.0.0.0/8");

fn ask(client: &Client, path: &str, peer: &str, headers: &[(&str, &str)]) -> Answer {
    let call = client.get(path).from(peer.parse::<SocketAddr>().unwrap());
    headers.iter().fold(call, |call, (name, value)| call.header(name, value)).send()
}

fn is_secure(answer: &Answer) -> bool {
    answer.cookie("seen").expect("the page sets it").secure() == Some(true)
}

#[test]
fn a_trusted_proxy_says_who_asks_and_nobody_else_does() {
    let hosts = ("server.hosts", "localhost,shop.example");
    let client = production(&[TRUSTED, hosts]);
    let page = "https://shop.example/page";
    assert_eq!(ask(&client, "/who", PROXY, &SAID).text(), format!("192.0.2.1 https shop.example {page}"));
    assert_eq!(ask(&client, "/page", PROXY, &SAID).text().trim(), "192.0.2.1 https shop.example");
    let direct = "203.0.113.9 http localhost (";
    assert!(ask(&client, "/who", "203.0.113.9:1", &SAID).text().starts_with(direct));
    assert_eq!(client.get("/who").header("forwarded", "for=8.8.8.8").send().text().split(' ').next(), Some("nobody"));
    let over_socket = production(&[("server.trusted_proxies", "unix"), hosts]);
    assert!(over_socket.get("/who").header("x-forwarded-for", "192.0.2.1").send().text().starts_with("192.0.2.1 "));
}

#[test]
fn the_host_that_counts_is_checked_for_pages_and_static_files_and_chooses_the_route() {
    let client = production(&[TRUSTED, ("server.hosts", "shop.example")]);
    for path in ["/who", "/static/site.css", "/nowhere"] {
        let found = if path == "/nowhere" { 404 } else { 200 };
        assert_eq!(ask(&client, path, PROXY, &SAID).status(), found, "{path}: the proxy names a host of the site");
        assert_eq!(ask(&client, path, "203.0.113.9:1", &SAID).status(), 421, "{path}: `Host` counts, which is another");
        let evil = [("host", "shop.example"), ("x-forwarded-host", "evil.example")];
        assert_eq!(ask(&client, path, PROXY, &evil).status(), 421, "{path}: the proxy names another");
        assert_eq!(ask(&client, path, "203.0.113.9:1", &evil).status(), found, "{path}: nobody trusts this one");
    }
    let tenants = production(&[TRUSTED]);
    let of_tenant = [("x-forwarded-host", "acme.site.example")];
    assert_eq!(ask(&tenants, "/tenant", PROXY, &of_tenant).text(), "acme");
    assert_eq!(ask(&tenants, "/tenant", "203.0.113.9:1", &of_tenant).status(), 404);
}

#[test]
fn two_accounts_that_differ_are_refused_also_for_static_files() {
    let client = production(&[TRUSTED]);
    let both = [&SAID[..], &[("forwarded", "for=8.8.8.8")]].concat();
    for path in ["/who", "/static/site.css"] {
        assert_eq!(ask(&client, path, PROXY, &both).status(), 400, "{path}");
        assert_eq!(ask(&client, path, "203.0.113.9:1", &both).status(), 200, "{path}: nobody reads them");
    }
    let page = ask(&client, "/who", PROXY, &both).text().to_string();
    assert!(!page.contains("orwarded"), "the reason is for the log: {page}");
}

#[test]
fn an_absolute_address_is_that_of_the_settings_else_of_the_visitor_where_hosts_are_known() {
    let absolute = |client: &Client, peer: &str| {
        ask(client, "/who", peer, &SAID).text().split_once(' ').unwrap().1.splitn(3, ' ').nth(2).unwrap().to_string()
    };
    let client = production(&[TRUSTED, ("server.public_url", PUBLIC)]);
    assert_eq!(absolute(&client, PROXY), "https://public.example/page");
    let unknown = absolute(&production(&[TRUSTED]), PROXY);
    assert!(unknown.contains("`server.public_url`") && unknown.contains("`server.hosts`"), "{unknown}");
    let hosts = production(&[TRUSTED, ("server.hosts", "localhost,shop.example")]);
    assert_eq!(absolute(&hosts, PROXY), "https://shop.example/page");
    let untold = absolute(&hosts, "203.0.113.9:1");
    assert!(untold.contains("`server.public_url`") && untold.contains("`server.trusted_proxies`"), "{untold}");
    let empty = absolute(&production(&[TRUSTED, ("server.hosts", "")]), PROXY);
    assert!(empty.contains("`server.public_url`"), "{empty}");
    let development = testing::client_with(app(), &[TRUSTED, ("environment.is_prod", "false")]);
    assert_eq!(absolute(&development, PROXY), "https://shop.example/page");
    assert_eq!(absolute(&development, "203.0.113.9:1"), "http://localhost/page");
}

#[test]
fn a_cookie_is_secure_in_production_and_for_a_visitor_who_came_by_https() {
    let plain = [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-proto", "http")];
    let client = production(&[TRUSTED]);
    assert!(is_secure(&ask(&client, "/who", PROXY, &SAID)) && is_secure(&ask(&client, "/who", PROXY, &plain)));
    let client = testing::client_with(app(), &[TRUSTED, ("environment.is_prod", "false")]);
    assert!(is_secure(&ask(&client, "/who", PROXY, &SAID)));
    assert!(
        !is_secure(&ask(&client, "/who", PROXY, &plain)) && !is_secure(&ask(&client, "/who", "203.0.113.9:1", &SAID))
    );
}

#[test]
fn the_origin_of_a_form_is_compared_with_what_the_visitor_used() {
    let client = production(&[TRUSTED, ("security.secret_key", SECRET_KEY)]);
    let page = ask(&client, "/form", PROXY, &SAID);
    let cookie = page.cookie("__Host-csrf").expect("the first visit sets it");
    let cookie = format!("__Host-csrf={}", cookie.value());
    let send = |peer: &str, origin: &str, headers: &[(&str, &str)]| {
        let call = client.post("/form").from(peer.parse().unwrap()).header("origin", origin).header("cookie", &cookie);
        let call = call.header("x-csrf-token", page.text());
        headers.iter().fold(call, |call, (name, value)| call.header(name, value)).send().status()
    };
    assert_eq!(send(PROXY, "https://shop.example", &SAID), 200);
    assert_eq!(send(PROXY, "http://shop.example", &SAID), 403, "a page without TLS may be anybody's");
    assert_eq!(send(PROXY, "https://localhost", &SAID), 403, "the visitor did not ask for that host");
    assert_eq!(send(PROXY, "https://localhost", &SAID[..2]), 200);
    let other_peer = "203.0.113.9:1";
    assert_eq!(send(other_peer, "https://shop.example", &SAID), 403, "anybody can write that header");
    assert_eq!(send(other_peer, "https://localhost", &[]), 200, "nobody says how the visitor came");
}

#[test]
fn what_is_no_proxy_ends_the_start() {
    let server = std::process::Command::new(env!("CARGO_BIN_EXE_kalgan"))
        .args(["serve", "--port", "0", "--set", "server.trusted_proxies=127.0.0.1,10.0.0.1/8"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&server.stderr).into_owned();
    assert!(!server.status.success(), "{said}");
    for part in ["server.trusted_proxies", "`10.0.0.1/8`", "write `10.0.0.0/8`"] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn sighup_reads_anew_who_is_trusted() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let write = |trusted: &str| {
        let text = format!("server:\n  hosts: manual.example\n  trusted_proxies: [{trusted}]\n");
        std::fs::write(file.path(), text).unwrap();
    };
    write("192.0.2.1");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kalgan"));
    command.arg("--settings").arg(file.path());
    let server = Server::start_command(command, &["environment.is_prod=true"]);
    let status = || server.get_with("/en", &[("x-forwarded-host", "manual.example")]).status;
    assert_eq!(status(), 421, "{}", server.log());
    write("192.0.2.1, 127.0.0.1");
    server.hang_up();
    let end = Instant::now() + Duration::from_secs(60);
    while status() != 200 {
        assert!(Instant::now() < end, "the proxy is not trusted:\n{}", server.log());
        std::thread::sleep(Duration::from_millis(5));
    }
}
