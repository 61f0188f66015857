//! Tokens against forged forms (cross-site request forgery): another site must not be able to make a visitor's browser send a form of
//! this one.
//!
//! Each browser has a secret of its own, in a signed cookie. A form carries it as a token, masked anew in each answer, so that its
//! compressed length tells nothing (BREACH). Another site's page can neither read nor set the cookie, so it cannot make the token. A
//! site names the middleware [`check`] in its routes, under a name of its own:
//!
//! ```
//! // app/middleware.rs
//! pub use kalgan::csrf::check as csrf;
//! ```
//!
//! A template writes `{{ csrf_field() }}` into each form, a script sends `{{ csrf_token() }}` in the header `X-CSRF-Token`. Before the
//! token is looked at, the request must come from this site by what the browser itself says ([`origin`]).

mod origin;
mod secret;
#[cfg(test)]
mod tests;
mod token;

use http::Method;

use super::Start;
use crate::error::Error;
use crate::http::{Failure, Request, VariableFn};
use crate::site::Value;

/// The name of the header that a script sends the token in.
const HEADER: &str = "x-csrf-token";

/// The name of the field that a form has the token in (B119).
const FIELD: &str = "csrf_token";

/// Checks the settings, and gives templates their functions.
///
/// # Errors
///
/// [`Error::Setting`] where something in `csrf.trusted_origins` is no origin.
pub(super) fn start(start: &mut Start) -> Result<(), Error> {
    origin::check_settings(start.settings())?;
    let functions: [(&str, VariableFn); 2] = [("csrf_token", token_for_template), ("csrf_field", field_for_template)];
    start.variables.0.extend(functions);
    Ok(())
}

/// The token for the pages that this browser gets: 86 characters of base64url, others in each answer and all of them right.
///
/// The answer becomes one that is made for once, and sends the cookie with the secret where the browser has none.
///
/// # Errors
///
/// 503 where the process has no secret key or the system gives no random numbers.
///
/// ```
/// # use kalgan::{Failure, Request, Response};
/// fn token(request: Request) -> Result<Response, Failure> {
///     Ok(Response::text(kalgan::csrf::token(&request)?).with_cache("no-store"))
/// }
/// ```
pub fn token(request: &Request) -> Result<String, Failure> {
    let secret = secret::of(request)?;
    request.mark_for_once();
    token::of(secret).map_err(Failure::from_error)
}

/// Gives the browser another secret, so that no token of before counts any more: when somebody signs in or out.
///
/// # Errors
///
/// As [`token()`].
pub fn rotate(request: &Request) -> Result<(), Failure> {
    secret::renew(request)
}

/// A middleware that lets a request pass which only reads (GET, HEAD, OPTIONS, TRACE), and any other when it comes from a page of this
/// site: the browser says nothing to the contrary, and the token is in the header `X-CSRF-Token` or in the field `csrf_token` of the form.
///
/// What the browser says is `Sec-Fetch-Site`, else `Origin`; origins in `csrf.trusted_origins` count as this site.
///
/// # Errors
///
/// 403 with the reason, which is for the log; the token is not in it.
pub async fn check(request: &mut Request) -> Result<(), Failure> {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE) {
        return Ok(());
    }
    origin::check(request)?;
    let given = given(request).await?;
    let given = given.ok_or_else(|| {
        refused("there is no token: neither the header `X-CSRF-Token` nor the form field `csrf_token` came with it")
    })?;
    let secret = secret::from_cookie(request).ok_or_else(|| {
        refused(format!(
            "the browser sent no cookie `{}` that this site signed with its present keys",
            secret::name(request)
        ))
    })?;
    match token::is_of(&secret, &given, request)? {
        true => Ok(()),
        false => Err(refused("the token is not that of this browser, or of before it signed in or out")),
    }
}

/// The token that came with a request. A form with files is read for it, so that the controller finds it read.
async fn given(request: &Request) -> Result<Option<String>, Failure> {
    match request.header(HEADER) {
        Some(token) => Ok(Some(token.to_string())),
        None => request.form_field(FIELD).await,
    }
}

/// A refusal, without anything in it that a forger could use.
fn refused(reason: impl Into<String>) -> Failure {
    Failure::new(403, format!("the request is not known to come from a page of this site: {}", reason.into()))
}

fn token_for_template(request: &Request) -> Option<Value> {
    logged(token(request)).map(|token| Value::normal_string(&token))
}

fn field_for_template(request: &Request) -> Option<Value> {
    let field = |token| format!("<input type=\"hidden\" name=\"{FIELD}\" value=\"{token}\">");
    logged(token(request)).map(|token| Value::safe_string(&field(token)))
}

/// The template only learns that there is no token.
fn logged(token: Result<String, Failure>) -> Option<String> {
    token.inspect_err(|failure| tracing::error!("no token against forged forms can be made: {}", failure.chain())).ok()
}
