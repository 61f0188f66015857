//! Live reload: what pages in a browser are told while the site is edited.
//!
//! 1. [`page`]: a page gets a tag for the script `live.js`, which says what the page was made of; [`policy`] admits it.
//! 2. The script opens the event stream ([`stream`]), whose events ([`event`]) say what has changed since then, which mistakes there
//!    are, and how the build of the binary goes. All of it stands in the [`Hub`].
//! 3. The script swaps stylesheets and pictures, loads the page again, or lays a panel of mistakes over it.
//!
//! Who edits, checks and builds, and when it is published here, is the business of others.

mod build;
mod editor;
mod event;
mod hub;
mod page;
mod policy;
mod stream;

pub use build::{Build, CompileError};
pub use editor::Editor;
pub use hub::{Change, Hub};
pub use page::{Dressing, Page};

use crate::http::{Request, Response};

/// The script, as the browser gets it.
const SCRIPT: &str = include_str!("live.js");

/// Where the script answers.
pub const SCRIPT_PATH: &str = "/_kalgan/live.js";

/// Where the event stream answers.
pub const EVENTS_PATH: &str = "/_kalgan/events";

impl Hub {
    /// The answer to an address of live reload; `None` where it is none of these.
    pub fn answer(&self, request: &Request) -> Option<Response> {
        match request.uri().path() {
            SCRIPT_PATH => {
                Some(Response::bytes("text/javascript; charset=utf-8", SCRIPT.as_bytes()).with_cache("no-cache"))
            }
            EVENTS_PATH => Some(stream::answer(self, request.query("since").unwrap_or_default())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
