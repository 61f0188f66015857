//! Requests and responses as controllers and middleware see them.
//!
//! A [`Request`] is complete when a controller gets it: its body is read, its route is known. A [`Response`] may still name
//! a template: the server renders it after the controller has returned. Neither knows of sockets or of warp.

mod accept;
mod body_stream;
pub(crate) mod cookies;
mod failure;
mod form;
mod forwarded;
mod input;
mod into_response;
mod macros;
mod marks;
mod middleware;
mod policy;
mod request;
mod response;
mod shared;
mod variables;
mod view;

#[allow(unused_imports, reason = "only the feature `upload` takes a body")]
pub(crate) use body_stream::BodyStream;
pub use cookie::{Cookie, SameSite};
pub use failure::Failure;
pub(crate) use forwarded::{Client, Proxies};
pub use http::{HeaderMap, Method, StatusCode, header};
pub use into_response::IntoResponse;
pub(crate) use marks::Marks;
pub use middleware::{IntoOutcome, Outcome};
pub(crate) use policy::Rendered;
pub use request::Request;
pub(crate) use request::{Unreadable, host};
pub use response::{Body, PieceStream, Response};
#[allow(unused_imports, reason = "only services do something with an answer")]
pub(crate) use shared::Finish;
#[allow(unused_imports, reason = "only services give variables")]
pub(crate) use variables::VariableFn;
pub(crate) use variables::Variables;

#[cfg(test)]
mod tests;
