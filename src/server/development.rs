//! What a process in development adds to the way of a request.
//!
//! The server knows this trait and no more: where edits come from, and what is shown of them, is the business of whoever implements it.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{HeaderMap, Method};

use super::{Pipeline, Serving};
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

    /// Adds to a page what pages in development have, and to its headers what that needs; `None` where the page stays as it is. Called
    /// for each answer that is in memory, before its entity tag, its length and its coding are found.
    fn dress(&self, page: Undressed<'_>) -> Option<Bytes>;

    /// All mistakes in the site's files as they are now, as the build would tell them.
    fn problems(&self) -> Vec<Problem>;

    /// The address that opens the spot of a mistake in an editor; `None` where no editor is set.
    fn link(&self, problem: &Problem) -> Option<String>;
}

/// An answer in memory that may be a page.
#[derive(Debug)]
#[cfg_attr(not(feature = "overlay"), expect(dead_code, reason = "only development looks at it"))]
pub struct Undressed<'p> {
    /// The request's method.
    pub method: &'p Method,
    /// The headers of the request.
    pub asked: &'p HeaderMap,
    /// The host that the request is for, and its port if any.
    pub host: &'p str,
    /// The headers of the answer.
    pub headers: &'p mut HeaderMap,
    /// Its body.
    pub body: &'p Bytes,
}

/// What the addresses of development's own begin with.
pub const PREFIX: &str = "/_kalgan/";

/// What follows an edit within this time is taken together with it, where no request asks earlier: programs seldom write one file.
const GATHERING: Duration = Duration::from_millis(10);

impl Pipeline {
    /// Follows edits of the site when nobody asks for a page, so that open pages can be told; until the future is dropped. In
    /// production it ends at once.
    pub async fn follow_edits(self: Arc<Self>) {
        while let Some(development) = self.current.load().development.clone() {
            development.next_edit().await;
            tokio::time::sleep(GATHERING).await;
            let pipeline = Arc::clone(&self);
            // It reads files, which is no work for a thread that answers requests. A panic in it has been logged.
            let _ = tokio::task::spawn_blocking(move || development.refresh(&pipeline.current)).await;
        }
    }
}
