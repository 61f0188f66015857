//! Whether the machine knows what time it is: certificates, cookies and sessions end by the clock.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Examination, Trouble, machine};

/// 1 January 2026: no binary with this code was built before it.
const EARLIEST: u64 = 1_767_225_600;

/// Compares the clock with the build's date, and asks systemd whether it is kept right.
pub(super) fn check(examination: &Examination) -> Vec<Trouble> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let built = examination.subject.snapshot.date.unwrap_or_default().max(EARLIEST);
    if let Some(trouble) = too_early(now, built) {
        return vec![trouble];
    }
    if examination.layout.on_disk("/") != Path::new("/") {
        return Vec::new();
    }
    machine::output("timedatectl", &["show", "-p", "NTPSynchronized"])
        .and_then(|text| drifting(&text))
        .into_iter()
        .collect()
}

pub(super) fn too_early(now: u64, built: u64) -> Option<Trouble> {
    (now < built).then(|| {
        let found =
            format!("the clock says {now} seconds since 1970, and the site was built {} seconds later", built - now);
        Trouble::problem(found, "set the clock: `timedatectl set-ntp true`")
    })
}

/// What `timedatectl show -p NTPSynchronized` says.
pub(super) fn drifting(text: &str) -> Option<Trouble> {
    (text.trim() == "NTPSynchronized=no")
        .then(|| Trouble::warning("nothing keeps the clock right", "`timedatectl set-ntp true`, or install chrony"))
}
