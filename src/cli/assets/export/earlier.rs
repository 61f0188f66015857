//! What earlier exports wrote into a folder: a list in the folder itself, so that only such files are ever taken for ones that the site
//! no longer has.
//!
//! The list is readable for its owner alone, because NGINX serves what it can read.

use std::collections::BTreeSet;
use std::time::SystemTime;

use super::folder::Folder;
use super::plan::{File, is_below};
use crate::error::Error;

/// No static file's name begins with a dot.
const NAME: &str = ".kalgan-export.json";

/// The paths below the folder that are known; none where nothing was exported to it.
///
/// # Errors
///
/// [`Error::File`] when the list is there and cannot be read.
pub(super) fn read(folder: &Folder) -> Result<BTreeSet<String>, Error> {
    let Some(bytes) = folder.read(NAME)? else { return Ok(BTreeSet::new()) };
    let paths = serde_json::from_slice::<BTreeSet<String>>(&bytes).ok();
    paths.filter(|paths| paths.iter().all(|path| is_below(path))).ok_or_else(|| {
        let reason =
            "is not a list of files that an export wrote; remove it, and what earlier exports wrote will be left alone";
        Error::File(format!("{} {reason}", folder.shown(NAME)))
    })
}

/// Replaces the list.
///
/// # Errors
///
/// [`Error::File`] when it cannot be written.
pub(super) fn write(folder: &Folder, paths: &BTreeSet<String>) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(paths).expect("a set of texts is always JSON") + "\n";
    // Nobody caches it, so any time will do that is the same in each export.
    let file = File { body: text.as_bytes(), modified: SystemTime::UNIX_EPOCH };
    folder.write_private(NAME, &file).map(|_| ())
}
