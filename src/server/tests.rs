//! Connections over a pipe in memory where the clock matters (it is paused there), and over real sockets where the system does.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::request::Parts;
use hyper::body::Incoming;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use warp::reply::Response;

use super::connection::{self, Connections};
use super::{Answer, Listener, Options, Peer, body, serve};

/// Answers by path, so that each test can ask for the behaviour that it needs.
#[derive(Default)]
struct Site {
    paths: Mutex<Vec<String>>,
    entered: Notify,
    go_on: Notify,
}

impl Site {
    fn paths(&self) -> Vec<String> {
        self.paths.lock().unwrap().clone()
    }
}

impl Answer for Site {
    fn answer<'a>(&'a self, parts: Parts, body: Incoming, _: Peer) -> BoxFuture<'a, Response> {
        self.paths.lock().unwrap().push(parts.uri.path().to_owned());
        async move {
            match parts.uri.path() {
                "/panic" => panic!("on purpose"),
                "/large" => Response::new(vec![b'x'; 1 << 20].into()),
                "/wait" => {
                    self.entered.notify_one();
                    self.go_on.notified().await;
                    Response::new("waited".into())
                }
                "/echo" => match body::read(body, 10).await {
                    Ok(bytes) => Response::new(bytes.into()),
                    Err(error) => {
                        let mut response = Response::new(error.to_string().into());
                        *response.status_mut() = error.status();
                        response
                    }
                },
                _ => Response::new("hello".into()),
            }
        }
        .boxed()
    }
}

/// Starts a connection over a pipe that holds `room` bytes.
fn open(options: Options, room: usize) -> (DuplexStream, JoinHandle<()>) {
    let (client, server) = duplex(room);
    let connections = Arc::new(Connections::new(options, Arc::new(Site::default())));
    (client, tokio::spawn(connection::run(connections, server, Peer { address: None })))
}

/// Sends everything, closes the sending side and gives all that comes back.
async fn exchange(text: &str) -> String {
    let (mut client, _) = open(Options::default(), 1 << 20);
    client.write_all(text.as_bytes()).await.unwrap();
    client.shutdown().await.unwrap();
    rest(&mut client).await
}

async fn rest(client: &mut (impl AsyncRead + Unpin)) -> String {
    let mut text = String::new();
    client.read_to_string(&mut text).await.unwrap();
    text
}

/// Reads until the text is complete.
async fn until(client: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let mut text = Vec::new();
    while !text.ends_with(end.as_bytes()) {
        text.push(client.read_u8().await.unwrap());
    }
    String::from_utf8(text).unwrap()
}

/// The status codes of all answers in the text.
fn statuses(text: &str) -> Vec<&str> {
    text.split("HTTP/1.").skip(1).map(|answer| &answer[2..5]).collect()
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn requests_on_one_connection_are_answered_in_order() {
    let text = exchange(&format!(
        "{GET}HEAD / HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc{GET}"
    ))
    .await;
    assert_eq!(statuses(&text), ["200"; 4]);
    let bodies: Vec<&str> = text.split("\r\n\r\n").skip(1).map(|part| part.split("HTTP/").next().unwrap()).collect();
    assert_eq!(bodies, ["hello", "", "abc", "hello"]);
}

#[tokio::test]
async fn targets_and_versions_of_all_kinds_are_served() {
    assert_eq!(statuses(&exchange("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n").await), ["200"]);
    assert_eq!(statuses(&exchange("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").await), ["200"]);
    // Without keep-alive, HTTP/1.0 gets one answer and the end.
    let (mut client, _) = open(Options::default(), 1 << 20);
    client.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    assert!(rest(&mut client).await.ends_with("\r\n\r\nhello"));
}

#[tokio::test]
async fn malformed_requests_are_refused_and_the_connection_ends() {
    for text in [
        "GARBAGE\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / / HTTP/1.1\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    ] {
        // The good request behind it must not be answered: after a mistake nobody knows where a request begins.
        assert_eq!(statuses(&exchange(&format!("{text}{GET}")).await), ["400"], "{text:?}");
    }
    assert_eq!(statuses(&exchange("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n").await), ["501"]);
}

#[tokio::test]
async fn heads_over_the_limits_are_refused() {
    let large = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(65_536));
    assert_eq!(statuses(&exchange(&large).await), ["431"]);
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: x\r\n".repeat(200));
    assert_eq!(statuses(&exchange(&many).await), ["431"]);
    let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(65_535));
    assert!(matches!(*statuses(&exchange(&long).await), ["414" | "431"]));
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused() {
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\n";
    let text = exchange(&format!("{head}Content-Length: 11\r\n\r\n12345678901")).await;
    assert_eq!(statuses(&text), ["413"]);
    assert!(text.contains("connection: close\r\n"), "{text}");
    let text =
        exchange(&format!("{head}Transfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n6\r\n123456\r\n0\r\n\r\n")).await;
    assert_eq!(statuses(&text), ["413"]);
    let text =
        exchange(&format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n5\r\n67890\r\n0\r\n\r\n")).await;
    assert!(text.ends_with("1234567890"), "{text}");
    let text = exchange(&format!("{head}Transfer-Encoding: chunked\r\n\r\nnot a number\r\n")).await;
    assert_eq!(statuses(&text), ["400"]);
    let text = exchange(&format!("{head}Content-Length: 9\r\n\r\nshort")).await;
    assert_eq!(statuses(&text), ["400"]);
}

#[tokio::test]
async fn a_body_is_asked_for_only_when_it_is_wanted() {
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n";
    let (mut client, _) = open(Options::default(), 1 << 20);
    client.write_all(format!("{head}Content-Length: 2\r\n\r\n").as_bytes()).await.unwrap();
    assert_eq!(until(&mut client, "\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"ok").await.unwrap();
    assert!(until(&mut client, "\r\n\r\nok").await.starts_with("HTTP/1.1 200"));
    client.write_all(format!("{head}Content-Length: 11\r\n\r\n").as_bytes()).await.unwrap();
    assert!(until(&mut client, "\r\n\r\n").await.starts_with("HTTP/1.1 413"));
}

#[tokio::test]
async fn a_panic_is_answered_and_the_connection_goes_on() {
    let text = exchange(&format!("GET /panic HTTP/1.1\r\nHost: a\r\n\r\n{GET}")).await;
    assert_eq!(statuses(&text), ["500", "200"]);
    assert!(!text.contains("on purpose"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_head_is_told_so() {
    let (mut client, run) = open(Options::default(), 1 << 20);
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

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_is_closed() {
    let (mut client, run) = open(Options::default(), 1 << 20);
    assert_eq!(rest(&mut client).await, "");
    run.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_outlives_the_header_timeout_and_no_more() {
    let (mut client, run) = open(Options::default(), 1 << 20);
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

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_take_its_answer_is_let_go() {
    let (mut client, run) = open(Options::default(), 64);
    client.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    run.await.unwrap();
    assert!(rest(&mut client).await.len() < 1 << 20);
}

#[tokio::test(start_paused = true)]
async fn a_controller_may_take_longer_than_the_idle_timeout() {
    let (mut client, server) = duplex(1 << 20);
    let site = Arc::new(Site::default());
    let connections = Arc::new(Connections::new(Options::default(), site.clone()));
    tokio::spawn(connection::run(connections, server, Peer { address: None }));
    client.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1000)).await;
    site.go_on.notify_one();
    until(&mut client, "waited").await;
}

#[tokio::test]
async fn a_client_that_hangs_up_ends_its_connection() {
    for text in ["", "GET / HT", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"] {
        let (mut client, run) = open(Options::default(), 1 << 20);
        client.write_all(text.as_bytes()).await.unwrap();
        drop(client);
        run.await.unwrap();
    }
}

/// A server on a free port of the loopback.
struct Running {
    address: std::net::SocketAddr,
    site: Arc<Site>,
    stop: oneshot::Sender<()>,
    served: JoinHandle<usize>,
}

impl Running {
    async fn start(options: Options) -> Running {
        let listener = Listener::bind("127.0.0.1", 0).await.unwrap();
        let address = listener.address().unwrap();
        let site = Arc::new(Site::default());
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(serve(listener, options, site.clone(), stopped.map(drop)));
        Running { address, site, stop, served }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

#[tokio::test]
async fn stopping_finishes_what_is_in_flight() {
    let server = Running::start(Options::default()).await;
    let mut idle = server.connect().await;
    idle.write_all(GET.as_bytes()).await.unwrap();
    until(&mut idle, "hello").await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    server.site.entered.notified().await;

    server.stop.send(()).unwrap();
    assert_eq!(rest(&mut idle).await, "");
    assert!(TcpStream::connect(server.address).await.is_err(), "the listener must be closed");
    server.site.go_on.notify_one();
    let text = rest(&mut busy).await;
    assert!(text.ends_with("waited") && text.contains("connection: close\r\n"), "{text}");
    assert_eq!(server.served.await.unwrap(), 0);
}

#[tokio::test]
async fn stopping_cuts_what_takes_too_long() {
    let server = Running::start(Options { shutdown_timeout: Duration::ZERO, ..Options::default() }).await;
    let mut busy = server.connect().await;
    busy.write_all(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    server.site.entered.notified().await;
    server.stop.send(()).unwrap();
    assert_eq!(server.served.await.unwrap(), 1);
    assert_eq!(rest(&mut busy).await, "");
}

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

#[tokio::test]
async fn a_client_that_sends_on_still_reads_why_it_was_refused() {
    let server = Running::start(Options::default()).await;
    for head in ["POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n", "GET / HTTP/1.1\r\nX: "] {
        let mut client = server.connect().await;
        client.write_all(head.as_bytes()).await.unwrap();
        client.write_all(&vec![b'x'; 8_000_000]).await.unwrap();
        let text = rest(&mut client).await;
        assert!(matches!(*statuses(&text), ["413" | "431"]), "{text}");
    }
}

#[tokio::test]
async fn addresses_that_cannot_be_used_are_explained() {
    let taken = Listener::bind("127.0.0.1", 0).await.unwrap();
    let port = taken.address().unwrap().port();
    for (address, port, expected) in [
        ("127.0.0.1", port, "another process listens there"),
        ("192.0.2.1", 0, "does not belong to this machine"),
        ("127.0.0.1:80", 0, "carries a port"),
        ("", 0, "is empty"),
        ("no such host", 0, "no known host name"),
        ("unix:", 0, "the path is missing"),
        ("unix:/no/such/folder/socket", 0, "the folder does not exist"),
    ] {
        let error = Listener::bind(address, port).await.unwrap_err().to_string();
        assert!(error.contains(expected) && !error.contains('\n'), "{address}: {error}");
    }
    assert!(Listener::bind("localhost", 0).await.is_ok());
    for address in ["[::1]", "::1"] {
        // A machine without IPv6 is no reason to fail.
        match Listener::bind(address, 0).await {
            Ok(listener) => assert!(listener.to_string().starts_with("http://[::1]:")),
            Err(error) => assert!(error.to_string().contains("does not belong to this machine"), "{error}"),
        }
    }
}

#[tokio::test]
async fn a_socket_file_replaces_a_stale_one_and_goes_with_its_listener() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let address = format!("unix:{}", path.display());
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let listener = Listener::bind(&address, 0).await.unwrap();
    assert_eq!(listener.to_string(), address);
    let error = Listener::bind(&address, 0).await.unwrap_err().to_string();
    assert!(error.contains("another process listens there"), "{error}");
    let served = tokio::spawn(serve(listener, Options::default(), Arc::new(Site::default()), std::future::pending()));
    let mut client = tokio::net::UnixStream::connect(&path).await.unwrap();
    client.write_all(GET.as_bytes()).await.unwrap();
    until(&mut client, "hello").await;
    served.abort();
    let _ = served.await;
    assert!(!path.exists());
    std::fs::write(&path, "text").unwrap();
    let error = Listener::bind(&address, 0).await.unwrap_err().to_string();
    assert!(error.contains("no socket"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "text");
}
