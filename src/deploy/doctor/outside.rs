//! The settings of the deployed process: what its unit, its environment file and the choices of the deployment put over the site's files.

use super::machine;
use super::{Trouble, unit};
use crate::deploy::install::read_variables;
use crate::deploy::{Choices, Layout};
use crate::site::Outside;

/// What a command line puts over the settings, with what the deployed process is given in place of this process's own variables. Where
/// nothing is deployed, this process's variables count.
///
/// `--credentials` and `$CREDENTIALS_DIRECTORY` are stronger than the folder of the deployment.
pub(super) fn deployed(layout: &Layout, mut outside: Outside) -> (Outside, Vec<Trouble>) {
    let folder = layout.on_disk(layout.credentials());
    if outside.credentials.is_none() && folder.is_dir() {
        outside.credentials = Some(folder);
    }
    let installed = unit::installed(layout);
    let file = machine::read(&layout.on_disk(layout.environment()));
    if installed.is_none() && matches!(file, Ok(None)) {
        return (outside, Vec::new());
    }
    let mut variables = installed.map(|unit| unit.environment()).unwrap_or_default();
    let troubles = match file {
        Ok(text) => {
            variables.extend(text.iter().flat_map(|text| read_variables(text)));
            Vec::new()
        }
        Err(trouble) => vec![trouble],
    };
    outside.variables = variables;
    (outside, troubles)
}

/// The choices of the deployment; none where nothing is deployed.
///
/// # Errors
///
/// Why they cannot be read.
pub(crate) fn choices(layout: &Layout) -> Result<Option<Choices>, Trouble> {
    let path = layout.on_disk(layout.choices());
    let Some(text) = machine::read(&path)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|error| {
        Trouble::problem(format!("`{}` is broken: {error}", path.display()), "deploy again, with all choices")
    })
}
