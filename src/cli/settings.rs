//! The command `settings`.

use std::process::ExitCode;

use crate::error::Error;
use crate::site::Site;

/// Prints every setting that counts, its value (a secret's is masked) and the layer that it comes from.
pub(super) fn run(site: &Site) -> Result<ExitCode, Error> {
    let rows: Vec<[String; 3]> = site
        .settings
        .iter()
        .map(|setting| [setting.key.to_string(), setting.value.clone(), setting.layer.to_string()])
        .collect();
    super::print(&super::table(&rows))?;
    Ok(ExitCode::SUCCESS)
}
