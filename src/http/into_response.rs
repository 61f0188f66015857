//! What a controller may return.

use http::StatusCode;

use super::{Failure, Response};
use crate::error::BoxError;

/// Something that is an answer or can be made into one.
///
/// | Value | Answer |
/// |---|---|
/// | [`Response`] | itself |
/// | `&'static str`, `String` | 200, plain text |
/// | `()` | 204, empty |
/// | [`StatusCode`] | that status: empty below 400, the error page from 400 |
/// | [`Failure`] | its error page |
/// | `Result<T, E>` | `T`'s answer, or the error page that `E` stands for ([`Failure::from_error`]) |
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an answer",
    note = "a controller returns a `kalgan::Response`, text, `()`, a `StatusCode`, or a `Result` of one of these"
)]
pub trait IntoResponse {
    /// Makes the answer.
    fn into_response(self) -> Response;
}

impl IntoResponse for Response {
    fn into_response(self) -> Response {
        self
    }
}

impl IntoResponse for &'static str {
    fn into_response(self) -> Response {
        Response::text(self)
    }
}

impl IntoResponse for String {
    fn into_response(self) -> Response {
        Response::text(self)
    }
}

impl IntoResponse for () {
    fn into_response(self) -> Response {
        Response::empty()
    }
}

impl IntoResponse for StatusCode {
    fn into_response(self) -> Response {
        if self.as_u16() < 400 { Response::empty().with_status(self.as_u16()) } else { Response::error(self.as_u16()) }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        Response::failed(self)
    }
}

impl<T: IntoResponse, E: Into<BoxError>> IntoResponse for Result<T, E> {
    fn into_response(self) -> Response {
        self.map_or_else(|error| Response::failed(Failure::from_error(error)), T::into_response)
    }
}
