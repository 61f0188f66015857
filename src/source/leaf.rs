//! What one file of a site says, and what is wrong with it.

use crate::problem::Problem;

/// What was read of one file, whatever the other files say.
pub trait Leaf {
    /// The file, relative to the site's folder.
    fn path(&self) -> &str;

    /// The mistakes in it.
    fn problems(&self) -> &[Problem];

    /// Whether it should not be used as it is.
    fn is_broken(&self) -> bool {
        self.problems().iter().any(Problem::is_error)
    }
}
