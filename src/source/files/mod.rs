//! The only door to the disk: every walk is sorted, every read names its file, and nothing outside the site's folder is touched.
//!
//! What was read is remembered (`memory`), so that a site that is being edited is read again only where it was touched. What
//! cannot be read is a [`Problem`] like any other mistake. What the files mean is left to the modules beside this one.

mod disk;
mod memory;
mod names;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::problem::Problem;
use disk::Disk;
use memory::Memory;

pub use disk::text_anywhere;
pub use names::{is_at_or_below, is_yaml, join, normal};

/// A site file as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// The file relative to the site's folder, with `/` between its parts: for messages to people.
    pub path: String,
    /// The file relative to the folder that was walked: a template's name.
    pub name: String,
    /// What is in it, without a byte order mark.
    pub text: String,
}

/// A file that a walk has found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Found {
    /// The file relative to the site's folder.
    pub path: String,
    /// The file relative to the folder that was walked.
    pub name: String,
}

/// What a path of the site is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Nothing is there, or nothing that can be read.
    Missing,
    /// A file.
    File,
    /// A folder.
    Folder,
}

/// The site's folder, with what went wrong in it so far.
#[derive(Debug, Clone)]
pub struct Files {
    disk: Disk,
    memory: Memory,
    /// What could not be read, and names that cannot stay as they are.
    pub problems: Vec<Problem>,
}

impl Files {
    /// The folder of a site.
    ///
    /// # Errors
    /// The folder is not there, is a file, or may not be read.
    pub fn open(root: &Path) -> Result<Files, Box<Problem>> {
        Ok(Files { disk: Disk::open(root)?, memory: Memory::default(), problems: Vec::new() })
    }

    /// What lies at a path relative to the site's folder. A link out of the folder counts as missing and is a problem.
    pub fn entry(&mut self, path: &str) -> Entry {
        if !self.memory.exists(&self.disk, path) {
            return Entry::Missing;
        }
        match self.memory.resolved(&self.disk, path) {
            Ok((entry, _)) => entry,
            Err(problem) => {
                self.problems.push(*problem);
                Entry::Missing
            }
        }
    }

    /// All files below a folder, sorted by path; files and folders whose name begins with a dot are left out.
    pub fn walk(&mut self, folder: &str) -> Arc<[Found]> {
        let walk = self.memory.walk(&self.disk, folder);
        self.problems.extend(walk.problems.iter().cloned());
        walk.found.clone()
    }

    /// All YAML files below a folder, sorted by path. One whose ending is nearly that of YAML is a warning, because nothing reads it.
    pub fn walk_yaml(&mut self, folder: &str) -> Vec<Found> {
        let (yaml, others): (Vec<_>, Vec<_>) =
            self.walk(folder).iter().cloned().partition(|found| is_yaml(&found.name));
        self.problems.extend(others.iter().filter_map(names::nearly_yaml));
        yaml
    }

    /// The names of the folders directly in a folder, sorted, without those that begin with a dot.
    pub fn folders(&mut self, folder: &str) -> Vec<String> {
        let listing = self.memory.listing(&self.disk, folder);
        self.problems.extend(listing.problems.iter().cloned());
        let is_folder = |name: &&String| self.entry(&join(folder, name)) == Entry::Folder;
        listing.names.iter().filter(is_folder).cloned().collect()
    }

    /// A file as text. A byte order mark is dropped; bytes that are not UTF-8 are a problem at their place.
    pub fn text(&mut self, found: &Found) -> Option<Arc<TextFile>> {
        self.memory.text(&self.disk, found).map_err(|problem| self.problems.push(*problem)).ok()
    }

    /// A file as it is.
    pub fn bytes(&mut self, path: &str) -> Option<Arc<[u8]>> {
        self.memory.bytes(&self.disk, path).map_err(|problem| self.problems.push(*problem)).ok()
    }

    /// The files and folders that were read and are there, sorted: when one of them changes, the site has changed.
    pub fn watched(&self) -> Vec<PathBuf> {
        let mut watched: Vec<PathBuf> = self.memory.asked().map(|path| self.disk.full(path)).collect();
        watched.sort();
        watched.dedup();
        watched.retain(|path| path.exists());
        watched
    }

    /// Looks again at what was touched when it is next asked for: at these paths, and at all below those that are folders.
    pub fn touch<'p>(&mut self, paths: impl IntoIterator<Item = &'p str>) {
        self.memory.touch(&self.disk, paths.into_iter().map(str::to_string).collect());
    }

    /// Looks again at everything when it is next asked for. What has not changed keeps its identity all the same.
    ///
    /// # Errors
    /// The site's folder is gone.
    pub fn touch_all(&mut self) -> Result<(), Box<Problem>> {
        self.disk = Disk::open(self.disk.root())?;
        self.memory.touch_all();
        Ok(())
    }

    /// Forgets what nobody has asked for since it was touched, and tells what was read since the last call.
    pub fn settle(&mut self) -> memory::Read {
        self.memory.settle()
    }
}
