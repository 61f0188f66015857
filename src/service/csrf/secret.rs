//! The secret of a browser, in a signed cookie that ends with the browser's session.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;
use http::{HeaderValue, header};

use super::token::LENGTH;
use crate::http::{Cookie, Failure, Finish, Request, Response};
use crate::service::random;

/// What only this site and one browser know.
pub(super) type Secret = [u8; LENGTH];

/// What is known of the browser's secret while a request is answered.
#[derive(Default)]
struct Known(Mutex<State>);

#[derive(Default)]
struct State {
    secret: Option<Secret>,
    /// The browser does not have it yet.
    is_new: bool,
    /// What is to be done with the answer has been said.
    is_waiting: bool,
}

/// The name of the cookie. With the prefix no other host of the domain can set it, which browsers only hold by TLS.
pub(super) fn name(request: &Request) -> &'static str {
    if request.settings().is_prod() { "__Host-csrf" } else { "csrf" }
}

/// The secret that came with the request.
pub(super) fn from_cookie(request: &Request) -> Option<Secret> {
    BASE64_URL_SAFE_NO_PAD.decode(request.signed_cookie(name(request))?).ok()?.try_into().ok()
}

/// A secret as text.
pub(super) fn encoded(secret: &Secret) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(secret)
}

/// The browser's secret; where it has none, one is made, which the answer carries to it.
pub(super) fn of(request: &Request) -> Result<Secret, Failure> {
    with_state(request, |state| {
        if state.secret.is_none() {
            state.secret = from_cookie(request);
        }
        match state.secret {
            Some(secret) => Ok(secret),
            None => state.make(),
        }
    })
}

/// Makes another secret in place of the one that the browser has.
pub(super) fn renew(request: &Request) -> Result<(), Failure> {
    with_state(request, |state| state.make().map(drop))
}

impl State {
    fn make(&mut self) -> Result<Secret, Failure> {
        let secret = random::bytes().map_err(Failure::from_error)?;
        (self.secret, self.is_new) = (Some(secret), true);
        Ok(secret)
    }
}

/// Does something with what is known, and sees to it that the answer is looked at.
fn with_state<T>(request: &Request, change: impl FnOnce(&mut State) -> Result<T, Failure>) -> Result<T, Failure> {
    let known = request.kept::<Known>();
    let mut state = known.0.lock().unwrap_or_else(PoisonError::into_inner);
    let value = change(&mut state)?;
    if !std::mem::replace(&mut state.is_waiting, true) {
        request.finish_with(Arc::new(Send));
    }
    Ok(value)
}

/// Sends a new secret, and keeps an answer that belongs to one browser out of caches that many use.
struct Send;

impl Finish for Send {
    fn finish<'a>(&'a self, request: &'a Request, response: &'a mut Response) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            keep_private(request, response);
            let secret = {
                let known = request.kept::<Known>();
                let mut state = known.0.lock().unwrap_or_else(PoisonError::into_inner);
                // An error page that takes this answer's place asks anew.
                state.is_waiting = false;
                state.secret.filter(|_| state.is_new)
            };
            match secret {
                Some(secret) => response.add_signed_cookie(request, Cookie::new(name(request), encoded(&secret))),
                None => Ok(()),
            }
        })
    }
}

/// What a controller says about caching, where it would give one browser's token to another.
fn keep_private(request: &Request, response: &mut Response) {
    let shared = |directives: &str| {
        let mut directives = directives.split(',').map(|directive| directive.trim().to_ascii_lowercase());
        directives.any(|directive| directive == "public" || directive.starts_with("s-maxage"))
    };
    if response.header(header::CACHE_CONTROL.as_str()).is_some_and(shared) {
        tracing::warn!(
            path = request.path(),
            "an answer with a token against forged forms belongs to one browser, so its `Cache-Control` became `private, no-cache`"
        );
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
}
