//! Sessions: values that the server keeps for one visitor. The browser has only a random id, in a cookie.
//!
//! ```
//! use kalgan::{BoxError, Request, Response, session};
//!
//! async fn sign_in(request: Request) -> Result<Response, BoxError> {
//!     // name and password were right
//!     let session = session::of(&request, "user").await?;
//!     session.renew();
//!     session.insert("id", &4711)?;
//!     session.flash("success", "Welcome back");
//!     Ok(Response::redirect("/"))
//! }
//!
//! async fn home(request: Request) -> Result<Response, BoxError> {
//!     let session = session::of(&request, "user").await?;
//!     let id: Option<u32> = session.get("id");
//!     Ok(Response::text(format!("{id:?}")))
//! }
//! ```
//!
//! A session is there when the settings name it: by `session.user.cookie`, say, or `session.user.ttl`. Its values are loaded when they are
//! first asked for, and what has changed is kept after the answer is made, when the cookie is sent too; so a session that nobody wrote
//! to is none, and a visitor without a cookie costs the store nothing.
//!
//! | Kalgan 0.9 (B110, B111) | Here |
//! |---|---|
//! | `Session::new(&request)` | [`of`] with the session's name |
//! | `create(value)` and `Response::add_session(name, id)` | [`Session::insert`]; the cookie is sent by itself |
//! | `exists(name)` | not [`Session::is_new`] |
//! | `get(name)` | [`Session::get`] |
//! | `update(name, value)` | [`Session::insert`] |
//! | `destroy(name)` | [`Session::destroy`], which removes the cookie too |
//!
//! What does what: [`rules`] reads the settings, [`id`] makes ids and the keys of the store, [`state`] is a session in one request,
//! [`mod@keep`] writes it back and sends the cookie, [`store`] holds sessions between requests.

mod handle;
mod id;
mod keep;
mod rules;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod variables;

use std::sync::Arc;
use std::time::Duration;

pub use handle::{Flash, Session};
use rules::{OnError, Rules, Sessions};
use state::{Held, State};

use super::Start;
use crate::error::Error;
use crate::http::Request;
use crate::process::{AsProcess, Process};
use id::Id;

/// How often sessions that have ended are removed, where the store does not do it by itself.
const SWEEPING: Duration = Duration::from_secs(300);

/// The session of this name that the request belongs to. It is loaded once per request; all clones of the request have the same one.
/// Without a cookie of the browser's, or with one that the store does not know, it is new and empty, and gets an id of its own when
/// something is written to it.
///
/// # Errors
///
/// [`Error::Setting`] where the settings name no such session. [`Error::Service`], which is answered with 503, where the store does not
/// answer; with `session.on_error: anonymous` the session is then empty, and what is written to it is dropped.
pub async fn of(request: &Request, name: &str) -> Result<Session, Error> {
    let sessions = Sessions::of(request.process())?;
    let rules = sessions.rules(name)?;
    let held = request.kept::<Held>();
    let state = held.state(rules, || load_state(request, sessions, rules)).await?;
    held.keep_for(request);
    Ok(Session::new(state))
}

/// A middleware that loads every session whose cookie came, for routes whose templates use the variables `session` and `flash` though
/// their controllers do not ask for the session. A site names it after saying `pub use kalgan::session;` in `app/middleware/mod.rs`:
///
/// ```yaml
/// routes:
///   - home:
///       path: /
///       controller: page::home
///       middleware: session::load
/// ```
///
/// # Errors
///
/// As [`of`].
pub async fn load(request: &mut Request) -> Result<(), Error> {
    let sessions = Sessions::of(request.process())?;
    for rules in sessions.all().filter(|rules| cookie_id(request, rules).is_some()) {
        of(request, &rules.name).await?;
    }
    Ok(())
}

/// Reads the settings and opens the store, where the settings name a session.
///
/// # Errors
///
/// [`Error::Setting`] where settings do not fit, [`Error::File`] and [`Error::Service`] where the store's file cannot be used.
pub(super) async fn start(start: &mut Start<'_>) -> Result<(), Error> {
    let sessions = Sessions::new(start).await?;
    start.states.insert(Arc::new(sessions));
    variables::add(&mut start.variables);
    Ok(())
}

/// Removes what has ended, now and then.
pub(super) fn run(process: &Process) {
    let Some(sessions) = process.service::<Arc<Sessions>>().filter(|sessions| sessions.needs_sweeping()) else {
        return;
    };
    let (sessions, own) = (Arc::clone(sessions), process.clone());
    process.spawn("sessions that have ended", async move {
        loop {
            if let Err(error) = sessions.sweep().await {
                tracing::warn!("sessions that have ended are not removed: {error}");
            }
            tokio::select! {
                () = own.stopping() => return,
                () = tokio::time::sleep(SWEEPING) => {}
            }
        }
    });
}

/// Closes the store.
pub(super) async fn end(process: &Process) {
    if let Some(sessions) = process.service::<Arc<Sessions>>() {
        sessions.close().await;
    }
}

/// Whether the store of sessions can be reached.
///
/// # Errors
///
/// [`Error::Service`] where it cannot.
pub(crate) async fn check(process: &Process) -> Result<(), Error> {
    match process.service::<Arc<Sessions>>() {
        Some(sessions) => sessions.check().await,
        None => Ok(()),
    }
}

/// The id that the browser sent, where it has the form of one.
fn cookie_id(request: &Request, rules: &Rules) -> Option<Id> {
    Id::parse(request.cookie(rules.cookie.name())?)
}

/// The session as it is at the beginning of the request.
async fn load_state(request: &Request, sessions: &Sessions, rules: &Arc<Rules>) -> Result<State, Error> {
    let Some(id) = cookie_id(request, rules) else { return Ok(State::new(rules)) };
    let loaded = sessions.load(&id, rules).await;
    if let Ok(record) = &loaded {
        request.process().metrics().sessions.count(record.is_some());
    }
    match loaded {
        Ok(Some(record)) => Ok(State::stored(rules, id, record)),
        // The id is not taken over: somebody else may have made it up and given it to this visitor.
        Ok(None) => Ok(State::new(rules)),
        Err(error) if sessions.on_error == OnError::Anonymous => {
            sessions.complain(&error);
            Ok(State::lost(rules))
        }
        Err(error) => Err(error),
    }
}
