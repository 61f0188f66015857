//! Clients that are too slow, on a clock that is paused: it jumps to the next timer whenever nobody has anything to do.

use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// B46
#[tokio::test(start_paused = true)]
async fn a_slow_head_is_told_so() {
    let (mut client, _, run) = open(ROOM);
    client.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
    let drip = tokio::spawn(async move {
        // More bytes give no more time: the clock runs from the first.
        while client.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(7)).await;
            if let Some(Ok(count)) = client.read_u8().now_or_never() {
                return format!("{}{}", count as char, until(&mut client, "\r\n\r\n").await);
            }
        }
        String::new()
    });
    assert_eq!(statuses(&drip.await.unwrap()), ["408"]);
    run.await.unwrap();
}

/// B46: as many of these as it had workers held up all of Kalgan 0.9.
#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_is_closed() {
    let (mut client, _, run) = open(ROOM);
    assert_eq!(rest(&mut client).await, "");
    run.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_outlives_the_header_timeout_and_no_more() {
    let (mut client, _, run) = open(ROOM);
    for _ in 0..3 {
        client.write_all(GET.as_bytes()).await.unwrap();
        until(&mut client, "hello").await;
        tokio::time::sleep(Duration::from_secs(80)).await;
    }
    client.write_all(GET.as_bytes()).await.unwrap();
    until(&mut client, "hello").await;
    assert_eq!(rest(&mut client).await, "");
    run.await.unwrap();
}

/// B46, B49
#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_take_its_answer_is_let_go() {
    let (mut client, _, run) = open(64);
    client.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    run.await.unwrap();
    assert!(rest(&mut client).await.len() < 1 << 20);
}

#[tokio::test(start_paused = true)]
async fn a_controller_may_take_longer_than_the_idle_timeout() {
    let (mut client, site, _) = open(ROOM);
    client.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1000)).await;
    site.go_on.notify_one();
    until(&mut client, "waited").await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_kept_for_the_pause_of_a_process_that_stops_and_no_longer() {
    let (mut client, server) = duplex(ROOM);
    let connections = Arc::new(Connections::new(Options::default(), Arc::new(Site::default())));
    let run = tokio::spawn(connection::run(connections.clone(), server, Peer { address: None }));
    client.write_all(GET.as_bytes()).await.unwrap();
    until(&mut client, "hello").await;
    let now = tokio::time::Instant::now();
    let idle_until = now + Duration::from_secs(1);
    connections.wind_up(Ending { idle_until, cut_at: now + Duration::from_secs(30) });
    assert_eq!(rest(&mut client).await, "");
    run.await.unwrap();
    // The timer wheel of the clock counts in milliseconds.
    assert_eq!(now.elapsed().as_secs_f64().round(), 1.0);
}
