//! Kalgan: a server-rendered website as one binary.
//!
//! A site is a folder of YAML (settings, routes, messages), Tera templates, static files and Rust controllers. Its build
//! checks the folder and freezes it into the binary; [`run`] serves it.
//!
//! ```ignore
//! // app/main.rs
//! mod controller;
//!
//! fn main() -> std::process::ExitCode {
//!     kalgan::run(kalgan::site!())
//! }
//! ```
//!
//! The way of the data, and so the order in which to read the modules:
//!
//! | Stage | Module | |
//! |---|---|---|
//! | a mistake in a site file | [`problem`], [`hint`], [`pattern`] | know nothing else |
//! | files to data | `source` | in build.rs, and in a process that is given site files (feature `source`) |
//! | the site as data | [`snapshot`] | constants in the binary |
//! | data to Rust code | `build` | in build.rs only (feature `build`) |
//! | what a process serves from | [`site`](mod@site) | immutable |
//! | what is counted | `metrics` | shown to monitoring systems |
//! | what a process keeps | [`mod@process`] | values, tasks, the folder that it writes to |
//! | what a controller sees | [`http`] | |
//! | names to functions | [`controller`] | |
//! | sockets, the way of a request, error pages | `server` | the only user of warp |
//! | files over the snapshot | `overlay` | edited in development, or an operator's (feature `overlay`) |
//! | what controllers call | [`service`] | each a feature |
//! | putting it together | `launch`, `cli`, [`testing`] | |
//!
//! Deliberately absent: TLS and HTTP/2 (the proxy in front has them), an ORM, a script runtime, and any switch that makes
//! a release build behave unlike a debug build, other than the setting `environment.is_prod`.

#[cfg(feature = "build")]
pub mod build;
#[cfg(test)]
mod captured_log;
mod cli;
pub mod controller;
mod deploy;
pub mod error;
#[doc(hidden)]
pub mod generated;
pub mod hint;
pub mod http;
mod launch;
#[cfg_attr(
    not(all(feature = "cache", feature = "db", feature = "mail", feature = "metrics", feature = "session")),
    allow(dead_code, reason = "what is counted is a matter of services, what is shown of the feature `metrics`")
)]
mod metrics;
#[cfg(feature = "overlay")]
mod overlay;
pub mod pattern;
pub mod problem;
pub mod process;
mod server;
pub mod service;
pub mod site;
pub mod snapshot;
#[cfg(feature = "source")]
pub mod source;
pub mod testing;

pub use controller::Next;
pub use error::{BoxError, Error};
pub use http::{
    Body, Cookie, Failure, HeaderMap, IntoOutcome, IntoResponse, Method, Outcome, Request, Response, SameSite,
    StatusCode,
};
pub use launch::{App, run};
pub use process::{AsProcess, Process};
#[cfg(feature = "cache")]
pub use service::cache;
#[cfg(feature = "csrf")]
pub use service::csrf;
#[cfg(feature = "db")]
pub use service::db::{self, sqlx};
pub use service::health;
#[cfg(feature = "mail")]
pub use service::mail;
#[cfg(feature = "session")]
pub use service::session;
#[cfg(feature = "upload")]
pub use service::upload;
#[cfg(feature = "password")]
pub use service::{password, token};
pub use site::{Context, Kwargs, Settings, State, Tera, TeraResult, Value, mark_for_once};
/// The warp that Kalgan uses, for the filters of [`App::mount`].
pub use warp;

/// The site that this crate's build script froze, as an [`App`].
///
/// It stands in the site's `main`, beside whose `mod controller;` the names of the routes are looked up.
#[macro_export]
macro_rules! site {
    () => {
        include!(concat!(env!("OUT_DIR"), "/kalgan/site.rs"))
    };
}

/// Runs work that blocks (a long computation, a file, a library without `async`) on a thread of its own kind, so that the
/// workers go on answering.
///
/// # Errors
///
/// A [`Failure`] with status 500 when the work panics.
///
/// ```
/// # async fn example() -> Result<(), kalgan::Failure> {
/// let sum = kalgan::blocking(|| (1..=1_000_000u64).sum::<u64>()).await?;
/// # Ok(())
/// # }
/// ```
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    // What it logs belongs to the request, too.
    let span = tracing::Span::current();
    tokio::task::spawn_blocking(move || span.in_scope(work)).await.map_err(|error| Failure::because(500, error))
}
