//! What comes back from a site, and how a test looks at it.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{LOCATION, SET_COOKIE};
use serde::de::DeserializeOwned;

use super::hidden;
use crate::http::Cookie;

/// An answer, complete.
#[derive(Debug, Clone)]
pub struct Answer {
    pub(super) address: String,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    /// The path, with its query if any, that gave this answer: where redirections were followed, the last one's.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Where the answer redirects to.
    pub fn location(&self) -> Option<&str> {
        self.header(LOCATION.as_str())
    }

    /// All cookies that the answer sets, with their attributes; the values are percent-decoded.
    pub fn cookies(&self) -> Vec<Cookie<'static>> {
        let lines = self.headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
        lines.filter_map(|line| Cookie::parse_encoded(line.to_string()).ok()).collect()
    }

    /// The cookie of this name that the answer sets; of several the last, which is the one that a browser keeps.
    pub fn cookie(&self, name: &str) -> Option<Cookie<'static>> {
        self.cookies().into_iter().rfind(|cookie| cookie.name() == name)
    }

    /// The body's bytes as they are sent: in a coding of `content-encoding` where the call had an `accept-encoding`, else as they are.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as text.
    ///
    /// # Panics
    ///
    /// When it is not UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_else(|error| panic!("the body is not text: {error}"))
    }

    /// The value that the body has as JSON.
    ///
    /// # Panics
    ///
    /// When it is not JSON, or not of this type.
    pub fn json<T: DeserializeOwned>(&self) -> T {
        let value = serde_json::from_slice(&self.body);
        value.unwrap_or_else(|error| panic!("the body is not the JSON that is wanted: {error}\n{}", self.text()))
    }

    /// The value of the first hidden field of this name in the forms of the page, such as a token against forged forms; entities in it are
    /// decoded. Fields in comments are passed over.
    ///
    /// This is a search for `<input type="hidden">` and no parser of HTML: what a script writes it does not see.
    ///
    /// # Panics
    ///
    /// When the body is not UTF-8.
    pub fn hidden(&self, name: &str) -> Option<String> {
        hidden::value(self.text(), name)
    }
}
