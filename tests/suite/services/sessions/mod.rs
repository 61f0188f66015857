//! Sessions in a whole site, in every store: `tests/sites/sessions` with controllers written here.

mod concurrent;
mod cookies;
mod expiry;
mod stores;
mod values;

use std::sync::Arc;

use kalgan::controller::{Dispatch, controller, middleware};
use kalgan::testing::{self, Answer, Client};
use kalgan::{App, AsProcess, BoxError, Failure, Request, Response, render, session};
use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::pages::read;
use crate::servers::redis::Redis;

/// Where the requests to `/slow/…` wait between loading their session and writing to it.
pub struct Gate {
    entered: Semaphore,
    open: Semaphore,
}

/// The site with a store, and what the store needs as long as it is used.
pub struct Kept {
    pub client: Client,
    pub redis: Option<Redis>,
    _folder: TempDir,
    gate: Arc<Gate>,
}

pub fn app() -> (App, Arc<Gate>) {
    let gate = Arc::new(Gate { entered: Semaphore::new(0), open: Semaphore::new(0) });
    let controllers = [
        ("sessions::plain", controller(|| "plain")),
        ("sessions::read", controller(show)),
        ("sessions::page", controller(|| render!("page.html"))),
        ("sessions::act", controller(act)),
        ("sessions::fail", controller(fail)),
        ("sessions::slow", controller(slow)),
        ("sessions::unnamed", controller(unnamed)),
        ("cached::show", controller(super::cache::show)),
    ];
    let dispatch = Dispatch::new(controllers, [("session::load", middleware(session::load))]);
    (App::new(|| read("sessions"), dispatch).state(Arc::clone(&gate)), gate)
}

/// The site with a store, where that can be started.
pub fn kept(store: &str, settings: &[(&str, &str)]) -> Option<Kept> {
    let folder = TempDir::new().unwrap();
    let redis = if store == "redis" { Some(Redis::start()?) } else { None };
    let address = redis.as_ref().map(Redis::address).unwrap_or_default();
    let own = [("session.store", store), ("cache.server", &*address), ("data.path", folder.path().to_str().unwrap())];
    let (app, gate) = app();
    let client = testing::client_with(app, &[&[("environment.is_prod", "false")], &own[..], settings].concat());
    Some(Kept { client, redis, _folder: folder, gate })
}

/// Runs a test with every store that there can be here.
pub fn with_every_store(settings: &[(&str, &str)], test: impl Fn(&Kept)) {
    for store in ["memory", "sqlite", "redis"] {
        if let Some(kept) = kept(store, settings) {
            test(&kept);
        }
    }
}

impl Kept {
    /// The answer to a visitor who has this session, if any.
    pub fn get(&self, address: &str, session: Option<&str>) -> Answer {
        let call = self.client.get(address);
        let call = if let Some(id) = session { call.cookie("LOGIN", id) } else { call };
        call.send()
    }

    /// The text of `/read` for such a visitor.
    pub fn read(&self, session: Option<&str>) -> String {
        self.get("/read", session).text().to_string()
    }

    /// The id of a session that was just made by these actions.
    pub fn sign_in(&self, actions: &str) -> String {
        id(&self.get(&format!("/do/{actions}"), None)).expect("a session is made")
    }

    /// Runs `meanwhile` while a request has loaded its session and waits; gives the answer to that request.
    pub fn while_slow(&self, address: &str, session: &str, meanwhile: impl FnOnce()) -> Answer {
        std::thread::scope(|scope| {
            let slow = scope.spawn(|| self.get(address, Some(session)));
            self.client.block_on(self.gate.entered.acquire()).unwrap().forget();
            meanwhile();
            self.gate.open.add_permits(1);
            slow.join().unwrap()
        })
    }
}

/// The line that sets the session's cookie.
pub fn line(answer: &Answer) -> Option<String> {
    let lines = answer.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_string());
    let lines: Vec<String> = lines.filter(|line| line.starts_with("LOGIN=")).collect();
    assert!(lines.len() < 2, "{lines:?}");
    lines.first().cloned()
}

/// The id that an answer gives to the browser; empty where it removes the cookie.
pub fn id(answer: &Answer) -> Option<String> {
    let line = line(answer)?;
    Some(line["LOGIN=".len()..].split(';').next().unwrap().to_string())
}

/// Does what the address asks for, one thing after the other: `set-KEY-VALUE+renew+…`.
async fn act(request: Request) -> Result<Response, BoxError> {
    let (one, two) = (session::of(&request, "user").await?, session::of(&request.clone(), "user").await?);
    do_actions(&request, &one)?;
    // B116: what was written is there in the same request, whoever asks.
    let seen = format!("{:?} {:?}", two.get::<String>("a"), two.get::<String>("b"));
    let response = Response::text(seen);
    Ok(if request.query("public").is_some() { response.with_cache("public, max-age=60") } else { response })
}

fn do_actions(request: &Request, session: &session::Session) -> Result<(), BoxError> {
    for action in request.parameter("actions").unwrap_or_default().split('+') {
        match action.split('-').collect::<Vec<_>>()[..] {
            ["set", key, value] => session.insert(key, value)?,
            ["remove", key] => session.remove(key),
            ["flash", text] => session.flash("note", text),
            ["clear"] => session.clear(),
            ["renew"] => session.renew(),
            ["destroy"] => session.destroy(),
            _ => return Err(format!("`{action}` is no action").into()),
        }
    }
    Ok(())
}

async fn fail(request: Request) -> Result<Response, BoxError> {
    act(request).await?;
    Err(Failure::new(404, "it is not there").into())
}

async fn slow(request: Request) -> Result<Response, BoxError> {
    let session = session::of(&request, "user").await?;
    let gate = request.process().state::<Arc<Gate>>().unwrap();
    gate.entered.add_permits(1);
    gate.open.acquire().await?.forget();
    do_actions(&request, &session)?;
    Ok(Response::text("done"))
}

async fn show(request: Request) -> Result<Response, BoxError> {
    let session = session::of(&request, "user").await?;
    let value = |key| session.get::<String>(key).unwrap_or_else(|| "-".to_string());
    Ok(Response::text(format!("{} {} {}", if session.is_new() { "new" } else { "old" }, value("a"), value("b"))))
}

async fn unnamed(request: Request) -> Result<Response, BoxError> {
    session::of(&request, "usr").await?;
    Ok(Response::empty())
}
