//! What the journal of systemd is told: sd-daemon(3) and systemd.exec(5).

use std::fs::File;
use std::io::stderr;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use tracing::Level;

/// Whether standard error is the journal. The variable alone does not say so: programs that are started from a terminal inherit it.
pub(super) fn is_standard_error() -> bool {
    let own = || File::from(stderr().as_fd().try_clone_to_owned().ok()?).metadata().ok();
    let named = std::env::var("JOURNAL_STREAM").ok();
    let named = named.as_deref().and_then(|named| named.split_once(':'));
    let (Some((device, inode)), Some(own)) = (named, own()) else { return false };
    device.parse() == Ok(own.dev()) && inode.parse() == Ok(own.ino())
}

/// What a line begins with so that the journal knows its priority.
pub(super) fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "<3>",
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        _ => "<7>",
    }
}
