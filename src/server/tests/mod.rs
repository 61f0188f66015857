//! Connections over a pipe in memory where the clock matters (it is paused there), and over real sockets where the system does.

mod address;
mod drain;
mod life;
#[cfg(feature = "source")]
mod logged;
mod over;
mod requests;
mod static_headers;
pub(super) mod static_site;
mod time;

use std::convert::Infallible;
use std::sync::{Arc, Barrier, Mutex};

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt};
use http::request::Parts;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use warp::reply::{Reply, Response};

use super::connection::{self, Connections, Ending};
use super::{Answer, Answered, Arrival, Listener, Options, Over, Peer, Replied, Stop, body, serve};
use crate::captured_log::CapturedLog;
use crate::http::{Client, RequestId};

/// Answers by path, so that each test can ask for the behaviour that it needs.
#[derive(Default)]
struct Site {
    paths: Mutex<Vec<String>>,
    /// Status, path and bytes of each request that is over.
    over: Mutex<Vec<String>>,
    entered: Arc<Notify>,
    go_on: Arc<Notify>,
    done: Arc<Notify>,
}

impl Site {
    fn paths(&self) -> Vec<String> {
        self.paths.lock().unwrap().clone()
    }
}

impl Answer for Site {
    fn answer(&self, parts: Parts, body: body::Incoming, _: &Arrival) -> Answered {
        self.paths.lock().unwrap().push(parts.uri.path().to_owned());
        match parts.uri.path() {
            "/at-once" => return Answered::AtOnce(http::Response::new(Bytes::from_static(b"at once"))),
            "/panic-at-once" => panic!("on purpose"),
            _ => {}
        }
        let (entered, go_on, done) = (self.entered.clone(), self.go_on.clone(), self.done.clone());
        let answering = async move {
            match parts.uri.path() {
                "/panic" => panic!("on purpose"),
                "/block" => {
                    entered.notify_one();
                    BLOCK.wait();
                    Response::default()
                }
                "/panic-in-body" => {
                    let pieces = futures_util::stream::iter(["one", "two"]);
                    let pieces = pieces
                        .map(|piece| if piece == "two" { panic!("on\npurpose") } else { Ok::<_, Infallible>(piece) });
                    warp::reply::stream(pieces).into_response()
                }
                "/large" => Response::new(vec![b'x'; 1 << 20].into()),
                "/wait" => {
                    entered.notify_one();
                    go_on.notified().await;
                    done.notify_one();
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
        };
        Answered::Later(answering.map(Replied::from).boxed())
    }

    fn arrival(&self, _: &Parts, _: Peer) -> Arrival {
        Arrival { id: RequestId::default(), client: Client::direct(None) }
    }

    fn over(&self, request: &Over<'_>) {
        assert_ne!(request.path, "/panic-at-the-end", "on purpose");
        let status = request.status.map_or("none".to_string(), |status| status.as_u16().to_string());
        self.over.lock().unwrap().push(format!("{status} {} {}", request.path, request.bytes));
    }
}

/// Holds the thread of `/block` until the one test that asks for that lets it go.
static BLOCK: Barrier = Barrier::new(2);

/// Starts a connection over a pipe that holds `room` bytes.
fn open(room: usize) -> (DuplexStream, Arc<Site>, JoinHandle<()>) {
    let (client, server) = duplex(room);
    let site = Arc::new(Site::default());
    let connections = Arc::new(Connections::new(Options::default(), site.clone()));
    (client, site, tokio::spawn(connection::run(connections, server, Peer { address: None })))
}

/// Sends everything, closes the sending side and gives all that comes back.
async fn exchange(text: &str) -> String {
    let (mut client, ..) = open(ROOM);
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

/// More than any of these tests sends before it reads.
const ROOM: usize = 1 << 20;

/// A server on a free port of the loopback.
struct Running {
    address: std::net::SocketAddr,
    site: Arc<Site>,
    stop: oneshot::Sender<Stop>,
    served: JoinHandle<usize>,
}

impl Running {
    async fn start(options: Options) -> Running {
        Running::start_on(Listener::bind("127.0.0.1", 0).await.unwrap(), options)
    }

    /// As [`Running::start`], with a socket that stays open for the next process.
    async fn start_on_shared() -> Running {
        Running::start_on(Listener::bind("127.0.0.1", 0).await.unwrap().of_systemd(), Options::default())
    }

    fn start_on(listener: Listener, options: Options) -> Running {
        let address = listener.address().unwrap();
        let site = Arc::new(Site::default());
        let (stop, stopped) = oneshot::channel();
        let served =
            tokio::spawn(serve(listener, options, site.clone(), stopped.map(|stop| stop.unwrap_or(Stop::AtOnce))));
        Running { address, site, stop, served }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}
