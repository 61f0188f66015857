//! The figures of a process that serves, its health, and who may ask for them.

mod addresses;
mod counted;
mod openmetrics;
mod readiness;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use kalgan::controller::{Dispatch, controller};
use kalgan::{App, AsProcess, BoxError, Request, Response, cache, context, session};
use tempfile::TempDir;

use super::subprocess;
use crate::server::Server;
use openmetrics::Exposition;

/// How long something is waited for that is sure to come.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn app() -> App {
    let controllers = [
        ("watched::home", controller(|| Response::render("home.html", context! {}))),
        ("watched::post", controller(|| Response::text("posted").with_status(201))),
        ("watched::visit", controller(visit)),
        ("watched::slow", controller(slow)),
        ("watched::own_health", controller(|| Response::text("the site's own"))),
    ];
    App::new(|| crate::pages::read("figures"), Dispatch::new(controllers, []))
}

/// Looks into the cache and into the visitor's session.
async fn visit(request: Request) -> Result<Response, BoxError> {
    let cache = cache::of(&request)?;
    let seen: Option<bool> = cache.get("seen").await?;
    cache.set("seen", &true, Duration::from_secs(600)).await?;
    session::of(&request, "user").await?.insert("seen", &true)?;
    Ok(Response::text(format!("{seen:?}")))
}

/// Answers when the process has been asked to stop, and not at once.
async fn slow(request: Request) -> Response {
    request.process().asked_to_stop().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    Response::text("late")
}

/// A process that serves the site in production, and answers its operator at a socket file.
struct Watched {
    server: Server,
    folder: TempDir,
}

impl Watched {
    fn start(settings: &[&str]) -> Watched {
        let folder = tempfile::tempdir().unwrap();
        let admin = format!("server.admin=unix:{}", folder.path().join("admin.sock").display());
        let all = [&["environment.is_prod=true", &admin], settings].concat();
        Watched { server: subprocess::start("figures", &all), folder }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("admin.sock")
    }

    /// Status and body of what the operator's address answers.
    fn admin(&self, path: &str) -> (u16, String) {
        let (head, body) = ask(UnixStream::connect(self.socket()).unwrap(), &get(path));
        (status(&head), body)
    }

    fn scrape(&self) -> Exposition {
        let (head, body) = ask(UnixStream::connect(self.socket()).unwrap(), &get("/metrics"));
        assert!(
            head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"),
            "{head}"
        );
        Exposition::parse(&body).unwrap_or_else(|wrong| panic!("{wrong}\n{body}"))
    }

    /// Sends these bytes to the site, and gives all that it answers before it closes the connection.
    fn raw(&self, request: &str) -> (String, String) {
        let address = self.server.origin.strip_prefix("http://").unwrap();
        ask(TcpStream::connect(address).unwrap(), request)
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

/// Head and body of an answer.
fn ask(mut stream: impl Read + Write, request: &str) -> (String, String) {
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head ends in {answer:?}"));
    (format!("{head}\r\n"), body.to_string())
}

fn status(head: &str) -> u16 {
    head.split(' ').nth(1).unwrap().parse().unwrap()
}

/// Waits until something is so.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
