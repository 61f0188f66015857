//! Panics in the site's own code: each ends its request alone.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use crate::http::Failure;

/// Runs the site's own code; a panic in it becomes a failure with status 500.
pub(crate) async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| failure(&*panic))
}

/// The failure that a panic is.
pub(crate) fn failure(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Failure::new(500, format!("a panic: {}", text.unwrap_or("without a message")))
}
