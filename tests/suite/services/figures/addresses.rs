//! The operator's address, and the command that asks there.

use std::process::{Command, Output};

use super::*;
use crate::servers::free_port;

/// The binary with these words, and no settings of the environment's.
fn kalgan(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kalgan")).args(words).output().unwrap()
}

fn healthcheck(words: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = kalgan(&[&["healthcheck"], words].concat());
    (status.code(), String::from_utf8([stdout, stderr].concat()).unwrap())
}

#[test]
fn the_operators_address_lists_what_it_has() {
    let watched = Watched::start(&[]);
    let (status, list) = watched.admin("/");
    assert!(status == 200 && ["/healthz", "/readyz", "/metrics"].iter().all(|path| list.contains(path)), "{list}");
    assert_eq!(watched.admin("/healthz"), (200, "ok".to_string()));
    let (status, told) = watched.admin("/readyz");
    assert!(status == 200 && told.starts_with(r#"{"ready":true,"phase":"serving","checks":[{"name":"#), "{told}");
    assert_eq!(watched.admin("/posts/7").0, 404);
    let (head, _) = ask(UnixStream::connect(watched.socket()).unwrap(), &get("/metrics").replace("GET", "DELETE"));
    assert!(head.starts_with("HTTP/1.1 405 ") && head.contains("allow: GET, HEAD\r\n"), "{head}");
    for path in ["/metrics", "/admin"] {
        assert!(watched.raw(&get(path)).0.starts_with("HTTP/1.1 404 "), "the site's own address tells nothing");
    }
}

#[test]
fn a_probe_has_its_answer_from_a_file_and_from_a_port() {
    let watched = Watched::start(&[]);
    let file = format!("unix:{}", watched.socket().display());
    let port = watched.server.origin.strip_prefix("http://").unwrap();
    for address in [&*file, port] {
        assert_eq!(healthcheck(&["--address", address]), (Some(0), format!("{address}: ready\n")));
        assert_eq!(healthcheck(&["--address", address, "--live"]), (Some(0), format!("{address}: alive\n")));
        let set = format!("server.admin={address}");
        assert_eq!(healthcheck(&["--set", &set]), (Some(0), format!("{address}: ready\n")));
    }
    let number = port.rsplit(':').next().unwrap();
    assert_eq!(healthcheck(&["--port", number]), (Some(0), format!("{port}: ready\n")), "without `server.admin`");
    assert_eq!(healthcheck(&["--address", "127.0.0.1", "--port", number]).0, Some(0));
}

#[test]
fn a_probe_says_why_it_fails() {
    let nobody = format!("127.0.0.1:{}", free_port());
    let (code, told) = healthcheck(&["--address", &nobody]);
    assert!(code == Some(1) && told.starts_with(&format!("{nobody}: no answer: ")), "{told}");
    let (code, told) = healthcheck(&["--address", "unix:/nowhere/admin.sock", "--live"]);
    assert!(code == Some(1) && told.starts_with("unix:/nowhere/admin.sock: no answer: "), "{told}");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, told) = healthcheck(&["--address", &silent.local_addr().unwrap().to_string(), "--timeout", "1"]);
    assert!(code == Some(1) && told.ends_with(": no answer within 1 s\n"), "{told}");
    let (code, told) = healthcheck(&["--set", "server.admin=9090"]);
    assert!(code == Some(1) && told.starts_with("error: ") && told.contains("server.admin"), "{told}");
    assert_eq!(healthcheck(&["--timeout", "0"]).0, Some(2));
    let down = format!("cache.server=redis://127.0.0.1:{}/", free_port());
    let watched = Watched::start(&[&down]);
    let (code, told) = healthcheck(&["--address", &format!("unix:{}", watched.socket().display())]);
    assert!(code == Some(1) && told.contains(": not ready: cache: ") && told.lines().count() == 1, "{told}");
}

/// The error with which a process refuses to start.
fn refused(settings: &[&str]) -> String {
    let data = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kalgan"));
    command.env("KALGAN__DATA__PATH", data.path()).env("KALGAN__SECURITY__SECRET_KEY", crate::server::SECRET_KEY);
    let pairs = settings.iter().flat_map(|setting| ["--set", setting]);
    let Output { status, stderr, .. } = command.arg("serve").args(pairs).output().unwrap();
    assert!(!status.success());
    String::from_utf8(stderr).unwrap()
}

#[test]
fn a_wrong_operators_address_ends_the_start() {
    let port = free_port();
    let own = format!("server.port={port}");
    let prod = "environment.is_prod=true";
    let same = refused(&[prod, &own, &format!("server.admin=127.0.0.1:{port}")]);
    assert!(same.contains("`server.admin`") && same.contains("the site itself is served at"), "{same}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = refused(&[prod, "server.port=0", &format!("server.admin={}", taken.local_addr().unwrap())]);
    assert!(taken.contains("a process listens there already"), "{taken}");
    let no_port = refused(&[prod, "server.port=0", "server.admin=127.0.0.1"]);
    assert!(no_port.contains("no host or no port") && no_port.contains("127.0.0.1:9091"), "{no_port}");
    let open = refused(&["environment.is_prod=false", "server.port=0", "server.admin=0.0.0.0:0"]);
    assert!(open.contains("a development process listens on this machine only"), "{open}");
}

#[test]
fn the_port_of_the_operators_address_is_told() {
    let server = Server::start(&["environment.is_prod=true", "server.admin=127.0.0.1:0"]);
    let mut address = None;
    until("the address is logged", || {
        let log = server.log();
        address = log
            .split("health checks and figures: http://")
            .nth(1)
            .map(|rest| rest.chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ':')).collect::<String>());
        address.is_some()
    });
    let ask = |request: &str| ask(TcpStream::connect(address.as_deref().unwrap()).unwrap(), request);
    assert_eq!(ask(&get("/healthz")).1, "ok");
    let rebound = get("/healthz").replace("localhost", "evil.example");
    assert_eq!(status(&ask(&rebound).0), 421, "a page whose name leads to this machine must not read anything");
}
