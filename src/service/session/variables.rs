//! What templates see of sessions: the variables `session` and `flash`. They show the sessions that were loaded in the request, by a
//! controller or by the middleware [`load`](super::load), because a template cannot wait for a store.

use super::handle::Session;
use super::state::Held;
use crate::http::{Request, Variables};
use crate::site::Value;

pub(super) fn add(variables: &mut Variables) {
    variables.0.insert("session", session);
    variables.0.insert("flash", flash);
}

/// The values of each session, by its name.
fn session(request: &Request) -> Option<Value> {
    let all = loaded(request).map(|session| (session.name().to_string(), session.values().into()));
    Some(Value::from_serializable(&all.collect::<serde_json::Map<_, _>>()))
}

/// The messages for this page; a template that reads them has them taken.
fn flash(request: &Request) -> Option<Value> {
    let messages: Vec<_> = loaded(request).flat_map(|session| session.take_flash()).collect();
    if !messages.is_empty() {
        // They may have been read in place of an error page's template, whose own end keeps what changed.
        request.kept::<Held>().keep_for(request);
    }
    Some(Value::from_serializable(&messages))
}

fn loaded(request: &Request) -> impl Iterator<Item = Session> {
    request.kept::<Held>().loaded().into_iter().map(Session::new)
}
