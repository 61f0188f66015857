//! The end of a request: what has changed is written to the store, and the cookie is sent.
//!
//! 1. A session that was ended is removed from the store.
//! 2. A session that is not there yet and has values is made; one that is there gets what has changed, or more time, or a new id. Where
//!    it is gone meanwhile, because another request ended it or gave it a new id, the changes are dropped.
//! 3. The browser gets the id where it is new, or where the cookie's own time has to begin anew; else, after an end, it loses the cookie.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{HeaderValue, header};

use super::id::Id;
use super::rules::{OnError, Sessions};
use super::state::{Held, State, Stored};
use super::store::Changes;
use crate::error::Error;
use crate::http::{Failure, Finish, Request, Response};
use crate::process::AsProcess;

/// Keeps all sessions of a request.
pub(super) struct Keep;

/// What becomes of the browser's cookie.
enum Sent {
    Nothing,
    Id(Id),
    Removal,
}

/// What is to be done with a session in the store.
enum Task {
    Nothing,
    Create,
    Change { stored: Stored, changes: Changes, expires: u64, is_renewed: bool },
}

impl Finish for Keep {
    fn finish<'a>(&'a self, request: &'a Request, response: &'a mut Response) -> BoxFuture<'a, Result<(), Failure>> {
        keep_all(request, response).boxed()
    }
}

async fn keep_all(request: &Request, response: &mut Response) -> Result<(), Failure> {
    let sessions = Sessions::of(request.process()).map_err(Failure::from_error)?;
    let mut result = Ok(());
    for state in request.kept::<Held>().take_kept() {
        let removes_cookie = std::mem::take(&mut state.inner().removes_cookie);
        let kept = keep(sessions, &state).await;
        let sent = match kept {
            Ok(Sent::Nothing) if removes_cookie => Ok(Sent::Removal),
            Ok(sent) => Ok(sent),
            Err(error) => {
                lose(&state);
                match sessions.on_error {
                    OnError::Anonymous => {
                        sessions.complain(&error);
                        Ok(if removes_cookie { Sent::Removal } else { Sent::Nothing })
                    }
                    OnError::Refuse => Err(Failure::from_error(error)),
                }
            }
        };
        let done = sent.and_then(|sent| send(request, response, &state, sent));
        result = result.and(done);
    }
    result
}

/// Does in the store what the request did to a session.
async fn keep(sessions: &Sessions, state: &State) -> Result<Sent, Error> {
    let destroyed = state.inner().destroyed.take();
    if let Some(id) = destroyed {
        sessions.store()?.remove(&id.key(&state.rules.name)).await?;
    }
    match task(state) {
        Task::Nothing => Ok(Sent::Nothing),
        Task::Create => create(sessions, state).await,
        Task::Change { stored, changes, expires, is_renewed } => {
            let new = if is_renewed { Some(Id::new()?) } else { None };
            change(sessions, state, (stored, new), &changes, expires).await
        }
    }
}

fn task(state: &State) -> Task {
    let mut inner = state.inner();
    let changes = std::mem::take(&mut inner.changes);
    let is_renewed = std::mem::take(&mut inner.is_renewed);
    if inner.is_lost {
        return Task::Nothing;
    }
    let Some(stored) = inner.stored.clone() else {
        return if inner.values.is_empty() { Task::Nothing } else { Task::Create };
    };
    let expires = state.rules.expires(stored.created);
    if changes.is_empty() && !is_renewed && !state.rules.is_worth_extending(stored.expires, expires) {
        return Task::Nothing;
    }
    Task::Change { stored, changes, expires, is_renewed }
}

async fn create(sessions: &Sessions, state: &State) -> Result<Sent, Error> {
    let (id, record) = (Id::new()?, state.inner().record(&state.rules));
    let stored = Stored { id: id.clone(), created: record.created, expires: record.expires };
    sessions.store()?.create(&id.key(&state.rules.name), record).await?;
    state.inner().stored = Some(stored);
    Ok(Sent::Id(id))
}

async fn change(
    sessions: &Sessions,
    state: &State,
    (stored, new): (Stored, Option<Id>),
    changes: &Changes,
    expires: u64,
) -> Result<Sent, Error> {
    let name = &state.rules.name;
    let key = stored.id.key(name);
    let is_there = match &new {
        Some(new) => sessions.store()?.renew((&key, &new.key(name)), changes, expires).await?,
        None => sessions.store()?.change(&key, changes, expires).await?,
    };
    if !is_there {
        tracing::debug!(session = name, "a session ended while a request was using it, so its changes are dropped");
        lose(state);
        return Ok(Sent::Nothing);
    }
    // A cookie with a time of its own is sent again when the session gets more time.
    let has_time = state.rules.cookie.max_age().is_some() && state.rules.is_worth_extending(stored.expires, expires);
    let is_new = new.is_some();
    let id = new.unwrap_or(stored.id);
    state.inner().stored = Some(Stored { id: id.clone(), created: stored.created, expires });
    Ok(if is_new || has_time { Sent::Id(id) } else { Sent::Nothing })
}

/// Nothing more is kept of a session in this request.
fn lose(state: &State) {
    let mut inner = state.inner();
    (inner.is_lost, inner.stored) = (true, None);
    inner.values.clear();
}

fn send(request: &Request, response: &mut Response, state: &State, sent: Sent) -> Result<(), Failure> {
    let cookie = match sent {
        Sent::Nothing => return Ok(()),
        Sent::Id(id) => state.rules.cookie_of(&id),
        Sent::Removal => {
            let mut cookie = state.rules.cookie.clone();
            cookie.make_removal();
            cookie
        }
    };
    keep_private(response);
    response.add_cookie(request, cookie)
}

/// An answer that any cache may keep would hand the id to others.
fn keep_private(response: &mut Response) {
    let lines = response.headers().get_all(header::CACHE_CONTROL).iter();
    let said: Vec<_> = lines.filter_map(|line| line.to_str().ok()).map(str::to_ascii_lowercase).collect();
    let is_private = said.iter().any(|line| line.contains("private") || line.contains("no-store"));
    if !said.is_empty() && !is_private {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
}
