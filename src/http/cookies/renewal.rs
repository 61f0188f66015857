//! `cookie.renew`: cookies that every answer of a controller, a middleware or an error page sends again (B108).

use cookie::Cookie;
use http::header;

use super::settings::renewed;
use super::{are_secure, in_settings, is_set, is_too_large, line};
use crate::error::Error;
use crate::http::{Request, Response};
use crate::site::Settings;

/// The cookies that are sent again. Made once from the settings; without `cookie.renew` it is empty and costs a request nothing.
#[derive(Debug)]
pub(crate) struct Renewal(Vec<Cookie<'static>>);

impl Renewal {
    /// What the settings want renewed.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where a cookie does not fit or is not there.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Error> {
        let cookies = renewed(settings)?.iter().map(|id| in_settings(settings, id)).collect::<Result<_, _>>()?;
        Ok(Renewal(cookies))
    }

    /// Sends the cookies that came with the request once more, with the value that came. One that the answer sets or removes by itself
    /// is left to it.
    pub(crate) fn renew(&self, request: &Request, response: &mut Response) {
        for cookie in &self.0 {
            let Some(value) = request.cookie(cookie.name()) else { continue };
            if is_set(response.headers(), cookie.name()) {
                continue;
            }
            let mut cookie = cookie.clone();
            cookie.set_value(value.to_string());
            // What came was made by somebody else, and may be longer once it is encoded: then it stays as it is.
            if let Some(line) = line(&cookie, are_secure(request)).filter(|_| !is_too_large(&cookie)) {
                response.headers_mut().append(header::SET_COOKIE, line);
            }
        }
    }
}
