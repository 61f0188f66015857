//! Signed and encrypted cookies, as controllers use them.

use super::Keys;
use crate::error::Error;
use crate::http::{Cookie, Failure, Request, Response};
use crate::process::AsProcess;

/// Longer than this no browser sends a value; it is not even looked at.
const LARGEST: usize = 4096;

impl Response {
    /// Sends a cookie that its visitor can read and cannot change; [`Request::signed_cookie`] reads it. The signature holds for this name
    /// only, and is some 50 bytes long. How long the cookie is kept is the browser's business: a value that must end by itself says so.
    ///
    /// The rest is as in [`Response::with_cookie`], which removes it too.
    ///
    /// ```
    /// # use kalgan::{Request, Response};
    /// fn join(request: Request) -> Response {
    ///     Response::redirect("/").with_signed_cookie(&request, ("team", "blue"))
    /// }
    ///
    /// fn team(request: Request) -> String {
    ///     request.signed_cookie("team").unwrap_or_else(|| "none".to_string())
    /// }
    /// ```
    pub fn with_signed_cookie<'c>(self, process: &impl AsProcess, cookie: impl Into<Cookie<'c>>) -> Self {
        self.with_made(process, cookie.into().into_owned(), |keys, cookie| Some(signed(keys, cookie)))
    }

    /// Sends a cookie that its visitor can neither read nor change (AES-256-GCM); [`Request::private_cookie`] reads it. It holds for this
    /// name only, and is longer than its value: by a third and some 40 bytes.
    ///
    /// The rest is as in [`Response::with_cookie`], which removes it too.
    pub fn with_private_cookie<'c>(self, process: &impl AsProcess, cookie: impl Into<Cookie<'c>>) -> Self {
        self.with_made(process, cookie.into().into_owned(), |keys, cookie| keys.encrypt(cookie.name(), cookie.value()))
    }

    /// Adds a signed cookie to an answer that is about to be sent.
    ///
    /// # Errors
    ///
    /// As [`Response::add_cookie`], and 503 where the process has no secret key.
    #[allow(dead_code, reason = "only services add something to an answer")]
    pub(crate) fn add_signed_cookie(&mut self, request: &Request, mut cookie: Cookie<'static>) -> Result<(), Failure> {
        let keys = Keys::of(request.process()).map_err(Failure::from_error)?;
        cookie.set_value(signed(keys, &cookie));
        self.add_cookie(request, cookie)
    }

    fn with_made(
        self,
        process: &impl AsProcess,
        mut cookie: Cookie<'static>,
        make: impl FnOnce(&Keys, &Cookie<'static>) -> Option<String>,
    ) -> Self {
        let keys = match Keys::of(process.process()) {
            Ok(keys) => keys,
            Err(error) => return Response::failed(Failure::from_error(error)),
        };
        match make(keys, &cookie) {
            Some(value) => {
                cookie.set_value(value);
                self.with_cookie(cookie)
            }
            None => Response::failed(Failure::from_error(Error::Service("a cookie cannot be encrypted".to_string()))),
        }
    }
}

impl Request {
    /// The value of a cookie that [`Response::with_signed_cookie`] sent under this name; `None` where it did not come, or where somebody
    /// else made or changed it.
    pub fn signed_cookie(&self, name: &str) -> Option<String> {
        self.opened(name, |keys, value| {
            let (signature, value) = value.split_at_checked(super::SIGNATURE)?;
            keys.verify(&purpose(name), value, signature).then(|| value.to_string())
        })
    }

    /// The value of a cookie that [`Response::with_private_cookie`] sent under this name; `None` where it did not come, or where somebody
    /// else made or changed it.
    pub fn private_cookie(&self, name: &str) -> Option<String> {
        self.opened(name, |keys, value| keys.decrypt(name, value))
    }

    fn opened(&self, name: &str, open: impl FnOnce(&Keys, &str) -> Option<String>) -> Option<String> {
        let (keys, value) = (Keys::of(self.process()).ok()?, self.cookie(name)?);
        let opened = if value.len() <= LARGEST { open(keys, value) } else { None };
        if opened.is_none() {
            tracing::debug!(cookie = name, "a cookie is not one that this site made with its present keys");
        }
        opened
    }
}

/// The value with its signature before it.
fn signed(keys: &Keys, cookie: &Cookie<'static>) -> String {
    format!("{}{}", keys.sign(&purpose(cookie.name()), cookie.value()), cookie.value())
}

/// A signature holds for one name, and not for what else is signed.
fn purpose(name: &str) -> String {
    format!("cookie {name}")
}
