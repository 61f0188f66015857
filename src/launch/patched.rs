//! The site in the binary with an operator's overlay over it.

use std::path::Path;

use super::App;
use crate::overlay::patch::{self, Functions, Patched};

impl App {
    /// Puts an overlay over the site that the build froze. What is wrong with it is among the problems.
    pub(crate) fn patched(&self, folder: &Path) -> Patched {
        let functions =
            Functions { controllers: self.dispatch.controllers(), middleware: self.dispatch.middleware_names() };
        patch::read(folder, self.snapshot(), &functions)
    }
}
