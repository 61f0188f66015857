//! NGINX's file of the site.

pub(crate) mod types;

use super::{Choices, File, Layout, Subject};
use crate::error::Error;

/// The files for NGINX: its site, and the page that it shows while no process answers.
///
/// # Errors
///
/// [`Error::Setting`] where a choice does not fit the site's settings.
pub(crate) fn nginx(_subject: &Subject, choices: &Choices) -> Result<Vec<File>, Error> {
    choices.check()?;
    let layout = Layout::of(choices);
    Ok(vec![File::new(layout.site_available(), String::new())])
}
