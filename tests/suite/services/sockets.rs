//! WebSockets and event streams over real sockets, on a site that has pages and static files as well.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use kalgan::warp::ws::{Message as Sent, WebSocket, Ws};
use kalgan::warp::{self, Filter};
use kalgan::{App, Process};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::process_site;
use super::subprocess::start;
use crate::server::Server;

const PRODUCTION: &str = "environment.is_prod=true";

/// Whether a stubborn handler is at work, and its end.
static IS_STUBBORN: AtomicBool = AtomicBool::new(false);
static GAVE_UP: Notify = Notify::const_new();

/// Echoes at `/echo`, events at `/events`, a socket at `/deaf` whose handler does nothing at all, and one at `/stubborn` whose handler reads for
/// as long as it can.
pub fn app() -> App {
    process_site::app()
        .on_stop(|_| async {
            if IS_STUBBORN.load(SeqCst) {
                GAVE_UP.notified().await;
                eprintln!("the stubborn one has given up");
            }
            Ok::<_, kalgan::Error>(())
        })
        .mount(|_| warp::path!("stubborn").and(warp::ws()).map(|ws: Ws| ws.on_upgrade(stubborn)))
        .mount(|process: Process| {
            warp::path!("echo").and(warp::ws()).map(move |ws: Ws| {
                let process = process.clone();
                ws.on_upgrade(|socket| echo(process, socket))
            })
        })
        .mount(|_| warp::path!("deaf").and(warp::ws()).map(|ws: Ws| ws.on_upgrade(deaf)))
        .mount(|_| {
            let events = || futures_util::stream::iter(0..1).chain(futures_util::stream::pending());
            let event =
                |number: i32| Ok::<_, std::convert::Infallible>(warp::sse::Event::default().data(number.to_string()));
            warp::path!("events").map(move || warp::sse::reply(events().map(event)))
        })
}

/// Sends back what comes, until the process is asked to stop.
async fn echo(process: Process, mut socket: WebSocket) {
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(message)) if message.is_text() || message.is_binary() => {
                    if socket.send(message).await.is_err() {
                        return;
                    }
                }
                Some(Ok(message)) if message.is_close() => return,
                Some(Ok(_)) => {}
                _ => return,
            },
            () = process.asked_to_stop() => {
                let _ = socket.send(Sent::close_with(1001_u16, "bye")).await;
                while let Some(Ok(_)) = socket.next().await {}
                return;
            }
        }
    }
}

/// Takes nothing, sends nothing and does not hear that the process stops.
async fn deaf(socket: WebSocket) {
    let _held = socket;
    std::future::pending::<()>().await;
}

async fn stubborn(mut socket: WebSocket) {
    IS_STUBBORN.store(true, SeqCst);
    let _ = socket.send(Sent::text("ready")).await;
    while let Some(Ok(_)) = socket.next().await {}
    GAVE_UP.notify_one();
}

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

async fn open(server: &Server, path: &str) -> Socket {
    let address = format!("{}{path}", server.origin.replace("http://", "ws://"));
    connect_async(address).await.unwrap().0
}

async fn exchange(socket: &mut Socket, message: Message) {
    socket.send(message.clone()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), message);
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(120), work).await.expect("it does not hang") })
}

#[test]
fn sockets_echo_text_and_bytes_beside_pages_and_outlive_the_time_limits_of_http() {
    let server =
        start("sockets", &[PRODUCTION, "server.idle_timeout=1", "server.header_timeout=1", "server.request_timeout=1"]);
    run(async {
        let mut socket = open(&server, "/echo").await;
        exchange(&mut socket, Message::text("ñ".repeat(100_000))).await;
        exchange(&mut socket, Message::binary(vec![0, 255])).await;
        tokio::time::sleep(Duration::from_millis(2500)).await;
        exchange(&mut socket, Message::text("still there")).await;
        socket.close(None).await.unwrap();
        while let Some(Ok(_)) = socket.next().await {}
    });
    assert_eq!(server.get("/echo").status, 200, "without an upgrade it is a page");
    assert_eq!(server.get("/").body, "nobody");
    assert_eq!(server.get("/static/site.css").status, 200);
    let (status, log) = server.stop();
    assert!(status.success() && !log.contains("cut"), "{log}");
}

#[test]
fn a_hundred_sockets_are_open_at_one_time_and_all_hear_that_the_process_stops() {
    let server = start("sockets", &[PRODUCTION]);
    let (status, log) = run(async {
        let mut sockets = Vec::new();
        for _ in 0..100 {
            sockets.push(open(&server, "/echo").await);
        }
        let each = sockets.iter_mut().enumerate().map(|(number, socket)| async move {
            for round in 0..10 {
                exchange(socket, Message::text(format!("{number} {round}"))).await;
                exchange(socket, Message::binary(vec![number as u8; 1000 + round])).await;
            }
        });
        futures_util::future::join_all(each).await;
        server.terminate();
        for socket in &mut sockets {
            let goodbye = socket.next().await.unwrap().unwrap();
            assert!(matches!(&goodbye, Message::Close(Some(frame)) if frame.reason == "bye"), "{goodbye:?}");
            while let Some(Ok(_)) = socket.next().await {}
        }
        drop(sockets);
        tokio::task::spawn_blocking(|| server.wait()).await.unwrap()
    });
    assert!(status.success() && !log.contains("cut"), "{log}");
}

#[test]
fn an_open_socket_counts_as_a_connection() {
    let server = start("sockets", &[PRODUCTION, "server.max_connections=2"]);
    run(async {
        let (mut first, mut second) = (open(&server, "/echo").await, open(&server, "/deaf").await);
        exchange(&mut first, Message::text("a")).await;
        let mut third = tokio::net::TcpStream::connect(server.origin.trim_start_matches("http://")).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut third, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        while !server.log().contains("all 2 connections are in use") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        first.close(None).await.unwrap();
        let mut answer = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut third, &mut answer).await.unwrap();
        assert!(answer.ends_with("nobody"), "{answer}");
        second.close(None).await.unwrap();
    });
}

#[test]
fn a_socket_that_does_not_say_goodbye_is_cut_when_the_time_is_over() {
    let server = start("sockets", &[PRODUCTION, "server.shutdown_timeout=1"]);
    let (status, log) = run(async {
        let mut socket = open(&server, "/deaf").await;
        socket.send(Message::text("is anybody there?")).await.unwrap();
        server.terminate();
        tokio::task::spawn_blocking(|| server.wait()).await.unwrap()
    });
    assert!(status.success(), "{log}");
    assert!(log.contains("its WebSocket was still open") && log.contains("1 connections were cut"), "{log}");
}

#[test]
fn a_socket_that_was_cut_cannot_be_read_any_more() {
    let server = start("sockets", &[PRODUCTION, "server.shutdown_timeout=1"]);
    let (status, log) = run(async {
        let mut socket = open(&server, "/stubborn").await;
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("ready"));
        server.terminate();
        while let Some(Ok(_)) = socket.next().await {}
        tokio::task::spawn_blocking(|| server.wait()).await.unwrap()
    });
    assert!(status.success(), "{log}");
    assert!(log.contains("the stubborn one has given up") && !log.contains("did not end in time"), "{log}");
}

#[test]
fn an_event_stream_ends_when_the_process_stops() {
    let server = start("sockets", &[PRODUCTION]);
    let mut stream = TcpStream::connect(server.origin.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut text = String::new();
    while !text.contains("data:0\n\n") {
        let mut piece = [0; 1024];
        let count = stream.read(&mut piece).unwrap();
        assert!(count > 0, "{text}");
        text.push_str(std::str::from_utf8(&piece[..count]).unwrap());
    }
    server.terminate();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.contains("text/event-stream") && text.ends_with("0\r\n\r\n"), "it comes to an orderly end: {text}");
    let (status, log) = server.wait();
    assert!(status.success() && !log.contains("cut"), "{log}");
}

#[test]
fn pages_still_change_by_themselves_in_development() {
    let server = start("sockets", &["environment.is_prod=false"]);
    let page = server.get("/sign-in").body;
    let script = page.split('"').find(|part| part.starts_with("/_kalgan/")).unwrap_or_else(|| panic!("{page}"));
    assert_eq!(server.get(script).status, 200);
    run(async { exchange(&mut open(&server, "/echo").await, Message::text("a")).await });
}
