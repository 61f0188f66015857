//! The life of connections: how many there may be, and how they end.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::*;

/// B51
#[tokio::test]
async fn stopping_finishes_what_is_in_flight() {
    let server = Running::start(Options::default()).await;
    let mut idle = server.connect().await;
    idle.write_all(GET.as_bytes()).await.unwrap();
    until(&mut idle, "hello").await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    server.site.entered.notified().await;

    server.stop.send(Stop::AtOnce).unwrap();
    assert_eq!(rest(&mut idle).await, "");
    assert!(TcpStream::connect(server.address).await.is_err(), "the listener must be closed");
    server.site.go_on.notify_one();
    let text = rest(&mut busy).await;
    assert!(text.ends_with("waited") && text.contains("connection: close\r\n"), "{text}");
    assert_eq!(server.served.await.unwrap(), 0);
}

#[tokio::test]
async fn stopping_waits_for_a_request_that_has_begun() {
    for (path, answer) in [("/", "hello"), ("/at-once", "at once")] {
        let server = Running::start(Options::default()).await;
        let mut begun = server.connect().await;
        let mut other = server.connect().await;
        let get = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        let (start, end) = get.split_at(20);
        for (stream, next) in [(&mut begun, start), (&mut other, "")] {
            stream.write_all(get.as_bytes()).await.unwrap();
            until(stream, answer).await;
            stream.write_all(next.as_bytes()).await.unwrap();
        }
        server.stop.send(Stop::AtOnce).unwrap();
        while TcpStream::connect(server.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        begun.write_all(end.as_bytes()).await.unwrap();
        let text = rest(&mut begun).await;
        assert!(text.ends_with(answer) && text.contains("connection: close\r\n"), "{text}");
        assert_eq!(server.served.await.unwrap(), 0);
    }
}

#[tokio::test]
async fn stopping_waits_a_moment_for_the_first_request_of_a_connection_and_no_longer() {
    let server = Running::start(Options::default()).await;
    let mut new = server.connect().await;
    let mut silent = server.connect().await;
    server.stop.send(Stop::AtOnce).unwrap();
    while TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    new.write_all(GET.as_bytes()).await.unwrap();
    let text = rest(&mut new).await;
    assert!(text.ends_with("hello") && text.contains("connection: close\r\n"), "{text}");
    assert_eq!(rest(&mut silent).await, "");
    assert_eq!(server.served.await.unwrap(), 0);
}

#[tokio::test]
async fn stopping_cuts_what_takes_too_long() {
    let server = Running::start(Options { shutdown_timeout: Duration::ZERO, ..Options::default() }).await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    server.site.entered.notified().await;
    server.stop.send(Stop::AtOnce).unwrap();
    assert_eq!(server.served.await.unwrap(), 1);
    assert_eq!(rest(&mut busy).await, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_does_not_wait_for_a_blocked_thread() {
    let server = Running::start(Options { shutdown_timeout: Duration::ZERO, ..Options::default() }).await;
    let mut stuck = server.connect().await;
    stuck.write_all(b"GET /block HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    server.site.entered.notified().await;
    server.stop.send(Stop::AtOnce).unwrap();
    assert_eq!(server.served.await.unwrap(), 1);
    BLOCK.wait();
}

/// B45
#[tokio::test]
async fn connections_over_the_limit_wait() {
    let server = Running::start(Options { max_connections: 1, ..Options::default() }).await;
    let mut first = server.connect().await;
    first.write_all(GET.as_bytes()).await.unwrap();
    until(&mut first, "hello").await;
    let mut second = server.connect().await;
    second.write_all(b"GET /second HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    first.write_all(b"GET /first HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    until(&mut first, "hello").await;
    assert_eq!(server.site.paths(), ["/", "/first"]);
    drop(first);
    until(&mut second, "hello").await;
    assert_eq!(server.site.paths(), ["/", "/first", "/second"]);
}

/// B49
#[tokio::test]
async fn a_client_that_hangs_up_halfway_is_one_line_in_the_log() {
    let log = CapturedLog::start();
    // A body that breaks off and an answer that nobody takes are told where they were read and made.
    for (text, expected) in [
        ("", None),
        ("GET / HT", Some("INFO")),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab", Some("DEBUG")),
        ("GET /large HTTP/1.1\r\nHost: a\r\n\r\n", Some("DEBUG")),
    ] {
        let (mut client, _, run) = open(ROOM);
        client.write_all(text.as_bytes()).await.unwrap();
        drop(client);
        run.await.unwrap();
        let logged = log.take();
        assert_eq!(logged.len(), usize::from(expected.is_some()), "{text:?}: {logged:?}");
        assert!(logged.iter().zip(expected).all(|(line, level)| line.contains(level)), "{text:?}: {logged:?}");
    }
}

#[tokio::test]
async fn a_controller_is_not_stopped_halfway_when_its_client_has_gone() {
    let (mut client, site, run) = open(ROOM);
    client.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    site.entered.notified().await;
    drop(client);
    site.go_on.notify_one();
    site.done.notified().await;
    run.await.unwrap();
}

/// Nginx does not send a `POST` again on another connection, so one that is on its way must be answered.
#[tokio::test]
async fn a_pause_keeps_idle_connections_and_answers_what_comes_on_them() {
    for path in ["/", "/at-once"] {
        let server = Running::start(Options::default()).await;
        let mut kept = [server.connect().await, server.connect().await];
        for stream in &mut kept {
            stream.write_all(GET.as_bytes()).await.unwrap();
            until(stream, "hello").await;
        }
        server.stop.send(Stop::WithPause).unwrap();
        while TcpStream::connect(server.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        let [mut used, mut idle] = kept;
        used.write_all(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await.unwrap();
        let text = rest(&mut used).await;
        assert!(text.starts_with("HTTP/1.1 200") && text.contains("connection: close\r\n"), "{text}");
        assert!(idle.read_u8().now_or_never().is_none(), "an idle connection is still open");
        assert_eq!(rest(&mut idle).await, "", "and closed when the pause is over");
        assert_eq!(server.served.await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_pause_ends_when_no_connection_is_open() {
    let server = Running::start(Options::default()).await;
    let mut kept = server.connect().await;
    kept.write_all(GET.as_bytes()).await.unwrap();
    until(&mut kept, "hello").await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    server.site.entered.notified().await;
    server.stop.send(Stop::WithPause).unwrap();
    drop(kept);
    server.site.go_on.notify_one();
    let text = rest(&mut busy).await;
    assert!(text.ends_with("waited") && text.contains("connection: close\r\n"), "{text}");
    assert_eq!(server.served.await.unwrap(), 0);
}

#[tokio::test]
async fn a_body_that_panics_breaks_off_and_is_told_with_its_reason() {
    let log = CapturedLog::start();
    let (mut client, site, run) = open(ROOM);
    client.write_all(b"GET /panic-in-body HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let answer = rest(&mut client).await;
    assert!(!answer.ends_with("0\r\n\r\n"), "{answer:?}");
    run.await.unwrap();
    let logged = log.take().concat();
    assert!(logged.contains("the stream of an answer broke off: a panic: on\\npurpose"), "{logged}");
    assert_eq!(*site.over.lock().unwrap(), ["200 /panic-in-body 3"]);
}
