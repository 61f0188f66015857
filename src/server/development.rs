//! What a process in development adds to the way of a request.
//!
//! The server knows this trait and no more: where edits come from, and what is shown of them, is the business of whoever implements it.

use std::pin::Pin;

use arc_swap::ArcSwap;

use super::Serving;
use crate::http::{Request, Response};
use crate::problem::Problem;

/// What a process in development adds to the way of a request. In production there is none.
pub trait Development: Send + Sync + 'static {
    /// Called before each request is answered: where files have changed since the last call, puts the site as it is now into `current`.
    fn refresh(&self, current: &ArcSwap<Serving>);

    /// Ends when [`Development::refresh`] should be called though no request has come; it may end without an edit.
    fn next_edit(&self) -> Pin<Box<dyn Future<Output = ()> + Send>>;

    /// The answer to an address of development's own. They all begin with [`PREFIX`].
    fn answer(&self, request: &Request) -> Option<Response>;

    /// All mistakes in the site's files as they are now, as the build would tell them.
    fn problems(&self) -> Vec<Problem>;
}

/// What the addresses of development's own begin with.
pub const PREFIX: &str = "/_kalgan/";
