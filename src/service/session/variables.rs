//! What templates see of sessions: the variables `session` and `flash`. They show the sessions that were loaded in the request, by a
//! controller or by the middleware [`load`](super::load), because a template cannot wait for a store.

use std::collections::BTreeMap;

use serde_json::Map;

use super::handle::Session;
use super::rules::Sessions;
use super::state::Held;
use crate::http::{Request, Variables};
use crate::process::AsProcess;
use crate::site::Value;

pub(super) fn add(variables: &mut Variables) {
    variables.0.insert("session", session);
    variables.0.insert("flash", flash);
}

/// The values of each session that the settings name, by its name; one that is not loaded has none.
fn session(request: &Request) -> Option<Value> {
    let named = Sessions::of(request.process()).ok()?.all().map(|rules| rules.name.clone());
    let mut all: BTreeMap<String, Map<_, _>> = named.map(|name| (name, Map::new())).collect();
    all.extend(loaded(request).map(|session| (session.name().to_string(), session.values())));
    Some(Value::from_serializable(&all))
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
