//! Why a request is answered with an error page.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::error::{BoxError, Error, Outage};

/// A status of 400 or above together with its reason, on its way to an error page.
///
/// The reason is for the log and for the development error page; a visitor in production sees the status only.
///
/// ```
/// use kalgan::{Failure, Request, Response};
///
/// fn show(request: Request) -> Result<Response, Failure> {
///     let id = request.parameter("id").unwrap_or_default();
///     let post: Option<String> = None; // from the database
///     let post = post.ok_or_else(|| Failure::new(404, format!("there is no post `{id}`")))?;
///     Ok(Response::text(post))
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Failure {
    status: StatusCode,
    reason: Arc<dyn StdError + Send + Sync>,
    /// Headers of the error page.
    headers: HeaderMap,
}

impl Failure {
    /// A failure with a status from 400 to 599 and the reason in words; any other number counts as 500.
    pub fn new(status: u16, reason: impl Into<String>) -> Self {
        Failure::because(status, BoxError::from(reason.into()))
    }

    /// A failure with a status from 400 to 599 and the error that led to it; any other number counts as 500.
    pub fn because(status: u16, reason: impl Into<BoxError>) -> Self {
        let status = StatusCode::from_u16(status).ok().filter(|status| (400..600).contains(&status.as_u16()));
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Failure { status, reason: Arc::from(reason.into()), headers: HeaderMap::new() }
    }

    /// The failure that an error stands for: the one inside it, 400 for [`Error::Request`], 503 for [`Error::Service`], and for an error
    /// of a database that cannot be reached or that turns the process away, also where it is the cause of another; else 500.
    ///
    /// A row that was not found is 500 as well: whether that is a page that is not there only the controller can say.
    pub fn from_error(error: impl Into<BoxError>) -> Self {
        let error = match error.into().downcast::<Failure>() {
            Ok(failure) => return *failure,
            Err(error) => error,
        };
        match error.downcast_ref::<Error>() {
            Some(Error::Request(_)) => Failure::because(400, error),
            Some(Error::Service(_)) => Failure::because(503, error),
            _ => match Outage::of(error) {
                Ok(outage) => Failure::because(503, outage),
                Err(error) => Failure::because(500, error),
            },
        }
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The reason, for logs and the development error page, never for a visitor.
    pub fn reason(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.reason
    }

    /// Sends a header with the error page, such as `WWW-Authenticate` with a 401 or `Retry-After` with a 503; one that cannot be sent is
    /// left out, and a line in the log says so.
    ///
    /// ```
    /// let failure = kalgan::Failure::new(503, "the shop is closed").with_header("retry-after", "3600");
    /// ```
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            (Ok(name), Ok(value)) => {
                self.headers.append(name, value);
            }
            _ => tracing::error!("a header of an error page cannot be sent: `{}`", name.escape_debug()),
        }
        self
    }

    /// Takes the headers that the response had which became this failure: in the place of its own, because they came later; cookies are
    /// added.
    pub(crate) fn with_headers(mut self, headers: &HeaderMap) -> Self {
        for name in headers.keys() {
            if *name != SET_COOKIE {
                self.headers.remove(name);
            }
            for value in headers.get_all(name) {
                self.headers.append(name, value.clone());
            }
        }
        self
    }

    /// The headers of the error page.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The reason and every cause behind it, from the outermost, joined by colons; a cause that its effect already spells
    /// out is left out.
    pub fn chain(&self) -> String {
        let mut text = self.reason.to_string();
        let mut cause = self.reason.source();
        while let Some(error) = cause {
            let words = error.to_string();
            if !text.contains(&words) {
                text.push_str(": ");
                text.push_str(&words);
            }
            cause = error.source();
        }
        text
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status.as_u16(), self.reason)
    }
}

impl StdError for Failure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.reason.source()
    }
}
