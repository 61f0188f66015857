//! What is to be told of the events that were read together.

use std::collections::BTreeSet;

use crate::source::workspace::Touched;

/// What is to be told of the events that were read together. Paths are relative to the site's folder.
#[derive(Debug, Default)]
pub(super) struct Drained {
    /// It is not known what was touched.
    pub(super) is_all: bool,
    /// Whether links may lead elsewhere than before.
    pub(super) are_links_moved: bool,
    touched: BTreeSet<String>,
    /// Files that went away and may come back in a moment.
    missing: BTreeSet<String>,
    /// Files that were not there before these events: nobody misses them.
    new: BTreeSet<String>,
}

impl Drained {
    /// A file or folder is there, or is another than before.
    pub(super) fn touch(&mut self, path: &str) {
        self.missing.remove(path);
        self.touched.insert(path.to_string());
    }

    /// A file was made that somebody is going to write.
    pub(super) fn begin(&mut self, path: &str) {
        if !self.touched.contains(path) {
            self.new.insert(path.to_string());
        }
    }

    /// A file went away.
    pub(super) fn miss(&mut self, path: &str) {
        self.touched.insert(path.to_string());
        if !self.new.contains(path) {
            self.missing.insert(path.to_string());
        }
    }

    /// Whether something is happening that ends in a moment: a file went away and nobody has begun to write it anew, or files of a new
    /// folder are being written. (A file that is being written is kept back, so nobody has to wait for that.)
    pub(super) fn is_waiting(&self, unfinished: &BTreeSet<String>) -> bool {
        let is_in_folder = |path: &String| {
            let mut folders = path.match_indices('/').map(|(end, _)| &path[..end]);
            folders.any(|folder| self.touched.contains(folder))
        };
        !self.is_all && (!self.missing.is_subset(unfinished) || unfinished.iter().any(is_in_folder))
    }

    /// Whether a save has ended and the next one of the same file has begun, so that what the first one wrote is gone.
    pub(super) fn is_saved_again(&self, unfinished: &BTreeSet<String>) -> bool {
        !self.is_all && unfinished.iter().any(|path| self.touched.contains(path) && !self.missing.contains(path))
    }

    /// What is told. Files that are still being written are not: they are told when they are closed.
    pub(super) fn told(mut self, unfinished: &BTreeSet<String>) -> Option<Touched> {
        if self.is_all || self.touched.contains("") {
            return Some(Touched::All);
        }
        self.touched.retain(|path| !unfinished.contains(path));
        (!self.touched.is_empty()).then_some(Touched::Paths(self.touched))
    }
}
