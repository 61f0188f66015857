//! Which version of each file counts: as it is or, where it is broken, as it last was without a mistake.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::problem::Problem;
use crate::source::files::is_at_or_below;
use crate::source::leaf::Leaf;

/// The files of one kind as they last were without a mistake.
#[derive(Debug)]
pub struct LastGood<T> {
    by_path: BTreeMap<String, Arc<T>>,
    /// Whether all files have been without a mistake at one time. Until then there is no state of the folder's own to go back to.
    is_whole: bool,
}

impl<T> Default for LastGood<T> {
    fn default() -> Self {
        LastGood { by_path: BTreeMap::new(), is_whole: false }
    }
}

impl<T: Leaf> LastGood<T> {
    /// The files to use, sorted by path, given those that are there and all errors that reading them gave. `None` where one is broken
    /// and there never was a state without a mistake.
    pub fn pick(&mut self, files: &[Arc<T>], errors: &[Problem]) -> Option<Vec<Arc<T>>> {
        let sound = files.iter().filter(|file| !file.is_broken());
        let mut good: BTreeMap<String, Arc<T>> = sound.map(|file| (file.path().to_string(), file.clone())).collect();
        for (path, last) in &self.by_path {
            if !good.contains_key(path) && errors.iter().any(|error| is_at_or_below(path, &error.file)) {
                good.insert(path.clone(), last.clone());
            }
        }
        let is_kept = |error: &Problem| good.keys().any(|path| is_at_or_below(path, &error.file));
        self.is_whole |= errors.iter().all(is_kept);
        self.by_path = good;
        self.is_whole.then(|| self.by_path.values().cloned().collect())
    }
}

/// Whether two lists are of the very same files.
pub fn are_same<T>(a: &[Arc<T>], b: &[Arc<T>]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| Arc::ptr_eq(a, b))
}
