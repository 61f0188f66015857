//! Panics in the site's own code: each ends its request alone.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use crate::error::panic_text;
use crate::http::Failure;

/// Runs the site's own code; a panic in it becomes a failure with status 500.
pub(crate) async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| failure(&*panic))
}

/// The failure that a panic is.
pub(crate) fn failure(panic: &(dyn Any + Send)) -> Failure {
    Failure::new(500, format!("a panic: {}", panic_text(panic)))
}
