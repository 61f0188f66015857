//! Whether the process is one of development was decided when it started; an edit that says otherwise is named.

use crate::site::{Outside, Settings};
use crate::snapshot::Snapshot;

/// The setting that is decided before all others, once.
pub(super) const IS_PROD: &str = "environment.is_prod";

/// Whether the site's files, and the layers from outside as they were given, say that this is production.
pub(super) fn is_wanted(snapshot: &Snapshot, outside: &Outside) -> bool {
    Settings::load(snapshot, outside.clone()).is_ok_and(|settings| settings.is_prod())
}

/// Writes that a process in development stays there (B39).
pub(super) fn tell() {
    tracing::warn!("`{IS_PROD}` was set to true; this process stays in development until it is started again");
}
