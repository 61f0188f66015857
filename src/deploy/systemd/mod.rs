//! The units of the site for systemd.

use super::{Choices, File, Layout, Subject};
use crate::error::Error;

/// The units: a service, its sockets, and the trial of a next version; for several instances templates of them and a target.
///
/// # Errors
///
/// [`Error::Setting`] where a choice does not fit the site's settings.
pub(crate) fn systemd(_subject: &Subject, choices: &Choices) -> Result<Vec<File>, Error> {
    choices.check()?;
    let layout = Layout::of(choices);
    Ok(vec![File::new(layout.unit(&layout.service(None)), String::new())])
}
