//! New connections while a process that was asked to stop still has old ones, on a socket that outlives it.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep, timeout};

use super::*;

/// Long after the pause.
const LONG_AFTER: Duration = Duration::from_millis(1500);

/// What a client takes between its connection and its request.
const MOMENT: Duration = Duration::from_millis(50);

/// Only so that a mistake ends the test.
const LIMIT: Duration = Duration::from_secs(10);

/// Sends a first request, and half of a second one.
async fn begin_second(server: &Running) -> TcpStream {
    let mut early = server.connect().await;
    early.write_all(GET.as_bytes()).await.unwrap();
    until(&mut early, "hello").await;
    early.write_all(&GET.as_bytes()[..20]).await.unwrap();
    // The server takes note of it.
    sleep(MOMENT).await;
    early
}

fn assert_is_last(answer: &str) {
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close\r\n"), "{answer:?}");
}

#[tokio::test]
async fn a_connection_that_comes_long_after_the_stop_is_answered_while_an_old_one_is_open() {
    for stop in [Stop::WithPause, Stop::AtOnce] {
        let server = Running::start_on_shared().await;
        let mut early = begin_second(&server).await;
        server.stop.send(stop).unwrap();
        sleep(LONG_AFTER).await;
        let mut late = TcpStream::connect(server.address).await.unwrap();
        sleep(MOMENT).await;
        late.write_all(GET.as_bytes()).await.unwrap();
        assert_is_last(&rest(&mut late).await);
        // This one is taken before the old one ends and sends its request after that.
        let mut last = TcpStream::connect(server.address).await.unwrap();
        sleep(MOMENT).await;
        early.write_all(&GET.as_bytes()[20..]).await.unwrap();
        assert_is_last(&rest(&mut early).await);
        sleep(MOMENT).await;
        last.write_all(GET.as_bytes()).await.unwrap();
        assert_is_last(&rest(&mut last).await);
        assert_eq!(server.served.await.unwrap(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_comes_after_the_stop_has_a_second_for_its_first_request_or_until_all_are_cut() {
    for (passed, rest_of_time, kept) in [(0, 30, 1.25), (2, 30, 1.0), (2, 3, 1.0), (9, 10, 1.0), (28, 28, 0.0)] {
        let (mut client, server) = duplex(ROOM);
        let connections = Arc::new(Connections::new(Options::default(), Arc::new(Site::default())));
        let stop = Instant::now();
        let cut_at = stop + Duration::from_secs(rest_of_time);
        connections.wind_up(Ending { idle_until: stop + Duration::from_secs(1), cut_at });
        sleep(Duration::from_secs(passed)).await;
        let begun = Instant::now();
        tokio::spawn(connection::run(connections.clone(), server, Peer { address: None })).await.unwrap();
        assert_eq!(rest(&mut client).await, "");
        // The timer wheel of the clock counts in milliseconds.
        assert_eq!((begun.elapsed().as_secs_f64() * 100.0).round() / 100.0, kept, "{passed} of {rest_of_time} s");
        assert_eq!(connections.cut(), 0, "nobody waits for an answer");
    }
}

/// Else the process would take new connections, and keep its successor from starting, until it is cut.
#[tokio::test]
async fn a_connection_that_ends_in_a_panic_has_ended() {
    let server = Running::start_on_shared().await;
    let mut broken = server.connect().await;
    broken.write_all(b"GET /panic-at-the-end HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut buffer = Vec::new();
    let _ = broken.read_to_end(&mut buffer).await;
    server.stop.send(Stop::WithPause).unwrap();
    assert_eq!(timeout(LIMIT, server.served).await.expect("nothing is waited for").unwrap(), 0);
}

#[tokio::test]
async fn a_slow_client_that_comes_after_the_stop_keeps_nobody_waiting_either() {
    let server = Running::start_on_shared().await;
    let mut early = begin_second(&server).await;
    server.stop.send(Stop::WithPause).unwrap();
    sleep(MOMENT).await;
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(&GET.as_bytes()[..20]).await.unwrap();
    sleep(MOMENT).await;
    early.write_all(&GET.as_bytes()[20..]).await.unwrap();
    assert_is_last(&rest(&mut early).await);
    let mut late = TcpStream::connect(server.address).await.unwrap();
    late.write_all(GET.as_bytes()).await.unwrap();
    let answer = timeout(LIMIT, rest(&mut late)).await.expect("it does not wait for the slow one");
    assert_is_last(&answer);
    slow.write_all(&GET.as_bytes()[20..]).await.unwrap();
    assert_is_last(&rest(&mut slow).await);
    assert_eq!(server.served.await.unwrap(), 0);
}
