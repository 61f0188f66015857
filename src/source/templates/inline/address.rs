//! Addresses of scripts and stylesheets as sources of a policy.

use super::html::HOLE;
use crate::snapshot;

/// The source for an address on another origin, which may go on with a value; see [`snapshot::source`].
pub(super) fn source(address: &str) -> Option<String> {
    let address = address.trim_matches(|c: char| c.is_ascii_whitespace());
    match address.split_once(HOLE) {
        Some((written, _)) => snapshot::source(written, false),
        None => snapshot::source(address, true),
    }
}
