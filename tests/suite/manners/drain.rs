//! What becomes of connections when a process is asked to stop.

use std::net::TcpStream;
use std::os::unix::net::UnixListener;

use super::client::Client;
use super::{kalgan, wait_until, with_socket};
use crate::server::Server;

const PRODUCTION: &str = "environment.is_prod=true";

/// Whether the process has taken note of the signal: it answers each request as the last one of its connection from then on.
fn is_stopping(origin: &str) -> bool {
    Client::origin(origin).and_then(|mut client| client.get("/en")).is_ok_and(|answer| answer.is_last())
}

#[test]
fn an_idle_connection_gets_its_next_request_answered_after_sigterm() {
    let server = Server::start(&[PRODUCTION]);
    let mut kept = Client::origin(&server.origin).unwrap();
    let mut posts = Client::origin(&server.origin).unwrap();
    for client in [&mut kept, &mut posts] {
        assert!(!client.get("/en").unwrap().is_last());
    }
    server.terminate();
    // A socket of its own is closed first.
    wait_until(|| TcpStream::connect(server.origin.trim_start_matches("http://")).is_err());
    let answer = kept.get("/en").unwrap();
    assert_eq!((&answer.status[..], answer.is_last()), ("200", true), "{answer:?}");
    assert_eq!(kept.rest(), "");
    let answer = posts.post("/en", "").unwrap();
    assert!(answer.status.starts_with('4') && answer.is_last(), "{answer:?}");
    assert_eq!(server.wait().0.code(), Some(0));
}

#[test]
fn a_socket_of_systemd_is_served_from_until_the_pause_is_over_and_then_waits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let socket = UnixListener::bind(&path).unwrap();
    let server = Server::start_command(with_socket(&socket, &kalgan()), &[PRODUCTION]);
    assert_eq!(server.origin, format!("unix:{}", path.display()));
    let mut kept = Client::file(&path).unwrap();
    assert!(!kept.get("/en").unwrap().is_last());
    server.terminate();
    // The connection that is kept holds the pause open: new ones are served, each for one request.
    wait_until(|| is_stopping(&server.origin));
    assert_eq!(kept.rest(), "", "it is closed when the pause is over");
    assert_eq!(server.wait().0.code(), Some(0));
    // What comes between two processes waits for the next one.
    let mut waiting = Client::file(&path).unwrap();
    waiting.send("GET /en HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let next = Server::start_command(with_socket(&socket, &kalgan()), &[PRODUCTION]);
    assert_eq!(waiting.answer().unwrap().status, "200");
    drop(next);
    assert!(path.exists());
}

#[test]
fn a_slow_client_does_not_keep_new_ones_waiting_for_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let socket = UnixListener::bind(&path).unwrap();
    let server = Server::start_command(with_socket(&socket, &kalgan()), &[PRODUCTION]);
    let (mut kept, mut slow) = (Client::file(&path).unwrap(), Client::file(&path).unwrap());
    assert!(!kept.get("/en").unwrap().is_last());
    slow.send("GET /en HTTP/1.1\r\nHo");
    server.terminate();
    assert_eq!(kept.rest(), "", "it is closed when the pause is over");
    let answer = Client::file(&path).unwrap().get("/en").unwrap();
    assert_eq!((&answer.status[..], answer.is_last()), ("200", true), "{answer:?}");
    slow.send("st: localhost\r\n\r\n");
    let answer = slow.answer().unwrap();
    assert_eq!((&answer.status[..], answer.is_last()), ("200", true), "{answer:?}");
    assert_eq!(server.wait().0.code(), Some(0));
}

#[test]
fn sigint_and_development_close_idle_connections_at_once() {
    for (signal, settings) in [("-INT", PRODUCTION), ("-TERM", "environment.is_prod=false")] {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixListener::bind(folder.path().join("http.sock")).unwrap();
        let server = Server::start_command(with_socket(&socket, &kalgan()), &[settings]);
        let mut kept = Client::origin(&server.origin).unwrap();
        kept.get("/en").unwrap();
        server.signal(signal);
        assert_eq!(kept.rest(), "");
        // Without a pause nobody is served any more, and this waits for the next process.
        let mut late = Client::origin(&server.origin).unwrap();
        late.send("GET /en HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(server.wait().0.code(), Some(0), "{signal}");
        let next = Server::start_command(with_socket(&socket, &kalgan()), &[settings]);
        assert_eq!(late.answer().unwrap().status, "200");
        drop(next);
    }
}
