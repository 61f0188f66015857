//! The site's folder on disk over the snapshot in the binary, while somebody works on it.
//!
//! 1. [`watch`]: which files have changed.
//! 2. [`Workspace`]: reads them again, and nothing else.
//! 3. [`live`]: what open pages are told of it.
//!
//! An operator's overlay, which is read as a whole and not watched, is in [`patch`].
//!
//! Making a site of the new snapshot, and putting it in the place of the old one, is left to `launch`.

pub mod live;
pub mod patch;
mod watch;

use std::collections::BTreeSet;
use std::path::Path;

use crate::problem::Problem;
use crate::snapshot::Snapshot;
use crate::source::Options;
use crate::source::workspace::{Refresh, Review, Workspace};
use watch::Watch;
pub use watch::{Folders, Noticing, Signal};

/// Most times that files are read again at once: a program that never stops saving must not hold up requests.
const AGAIN: usize = 3;

/// The site's folder, and what was read from it.
#[derive(Debug)]
pub struct Overlay {
    workspace: Workspace,
    watch: Watch,
}

impl Overlay {
    /// Reads the site's folder and watches it from here on. What is broken in it is taken from `fallback`.
    ///
    /// # Errors
    ///
    /// Edits cannot be noticed in the way that was asked for; the text says why.
    pub fn open(folder: &Path, options: Options, fallback: Snapshot, noticing: Noticing) -> Result<Overlay, String> {
        // Watched first, so that an edit while it is read is seen afterwards.
        let watch = Watch::start(folder, noticing)?;
        Ok(Overlay { workspace: Workspace::open(folder, options, fallback), watch })
    }

    /// Notices edits as these settings say from here on.
    ///
    /// # Errors
    ///
    /// As [`Overlay::open`]; then they are noticed as before.
    pub fn notice(&mut self, noticing: Noticing) -> Result<(), String> {
        self.watch.set(noticing)
    }

    /// Something to wait with for the next edit: whoever does need not hold the overlay.
    pub fn signal(&self) -> Signal {
        self.watch.signal()
    }

    /// The site as it is now.
    pub fn snapshot(&self) -> &Snapshot {
        self.workspace.snapshot()
    }

    /// The mistakes in files that are used as they last were without any.
    pub fn broken(&self) -> &[Problem] {
        self.workspace.broken()
    }

    /// What has changed since the last call; `None` where no file was touched.
    pub fn refresh(&mut self) -> Option<Refresh> {
        let mut touched = self.watch.touched()?;
        let mut refresh = self.workspace.refresh(&touched);
        // What was saved again while it was read may have been read by half.
        for _ in 0..AGAIN {
            let Some(again) = self.watch.touched_meanwhile(&touched) else { break };
            let more = self.workspace.refresh(&again);
            refresh.changed.add(&more.changed);
            refresh.files = refresh.files.into_iter().chain(more.files).collect::<BTreeSet<_>>().into_iter().collect();
            touched = again;
        }
        Some(refresh)
    }

    /// What is needed to find all mistakes in the site's files as they are now, on another thread perhaps.
    pub fn review(&self) -> Review {
        self.workspace.review()
    }
}
