//! The routes of the snapshot: after an edit of one file only its routes are put in place.

use std::sync::Arc;

use super::last_good::LastGood;
use crate::problem::Problem;
use crate::snapshot::{List, Route};
use crate::source::routes::{Found, RouteFile, list};

/// The route files, and what the routes of the snapshot were made of.
#[derive(Debug, Default)]
pub struct Routes {
    last: LastGood<RouteFile>,
    shown: Option<Vec<Arc<RouteFile>>>,
}

impl Routes {
    /// The files to use; `None` where what is shown stays.
    pub fn pick(&mut self, found: &Found, errors: &[Problem]) -> Option<Vec<Arc<RouteFile>>> {
        if !found.is_usable {
            return None;
        }
        self.last.pick(&found.files, errors)
    }

    /// Makes the routes be those of these files. Whether any is another.
    pub fn show(&mut self, files: Vec<Arc<RouteFile>>, routes: &mut List<Route>) -> bool {
        let shown = self.shown.take().unwrap_or_default();
        let is_same = |(a, b): &(&Arc<RouteFile>, &Arc<RouteFile>)| Arc::ptr_eq(a, b);
        // What stands before and behind the files that are others stays as it is.
        let before = shown.iter().zip(&files).take_while(is_same).count();
        let (old, new) = (&shown[before..], &files[before..]);
        let behind = old.iter().rev().zip(new.iter().rev()).take_while(is_same).count();
        let count = |files: &[Arc<RouteFile>]| files.iter().map(|file| file.declared.len()).sum::<usize>();
        // What was not made of files is replaced as a whole.
        let end = routes.len() - count(&old[old.len() - behind..]);
        let range = count(&shown[..before])..end;
        let new = list(&new[..new.len() - behind]);
        let is_other = routes[range.clone()] != new;
        if is_other {
            routes.to_mut().splice(range, new);
        }
        self.shown = Some(files);
        is_other
    }
}
