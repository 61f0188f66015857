//! Deploying: the steps that put a version in place, and how each is taken back.
//!
//! | What | Module |
//! |---|---|
//! | steps that are done in order or not at all, and the ways back | `plan`, `trail` |
//! | the machine, its files and its programs | `machine`, `files`, `variables` |
//! | what a binary says of itself, and what was put in place before | `description`, `binary`, `record` |
//! | an operator's wish, looked at, and whether it can be fulfilled | `target`, `checks`, `collision` |
//! | the steps | `place`, `public`, `verify`, `units`, `ready` |
//! | the order in which processes follow each other | `instances` |
//! | the plans made of them | `deployment`, `removal` |
//!
//! The version that is deployed is asked by running it ([`Description`]), because an upgrade is made by the version that serves, which
//! knows nothing of the settings of the next one.
//!
//! A plan is made by looking at the machine, so it holds only while nobody else deploys ([`Lock`]).

mod binary;
mod checks;
mod collision;
mod deployment;
mod description;
mod files;
mod instances;
mod machine;
mod place;
mod plan;
mod proxy;
mod public;
mod ready;
mod record;
mod removal;
mod target;
#[cfg(test)]
mod tests;
mod trail;
mod units;
mod variables;
mod verify;

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub(crate) use checks::machine as check_machine;
pub(crate) use deployment::Deployment;
pub(crate) use description::Description;
pub(crate) use machine::{Machine, real};
pub(crate) use record::Record;
pub(crate) use removal::{plan as plan_removal, stays};
pub(crate) use target::{Kind, Wish};
use trail::Trail;
pub(crate) use variables::read as read_variables;

use super::Layout;
use crate::error::Error;

/// Held while a deployment is planned and carried out; the system lets go of it when the process ends, however it does.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Keeps all other deployments of the machine waiting: they share NGINX.
    ///
    /// # Errors
    ///
    /// [`Error::Deploy`] where one is under way, [`Error::File`] where the lock cannot be made.
    pub(crate) fn take(machine: &Machine) -> Result<Lock, Error> {
        let file = match machine.is_live {
            true => {
                let path = Path::new("/run/kalgan-deploy.lock");
                let file = File::options().write(true).create(true).truncate(false).open(path);
                file.map_err(|error| files::failed(path, "opened", &error))?
            }
            // An image has no folder for such things, but a folder can be locked itself.
            false => {
                let root = machine.on_disk("/");
                File::open(&root).map_err(|error| files::failed(&root, "opened", &error))?
            }
        };
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(fs::TryLockError::WouldBlock) => Err(Error::Deploy(
                "another deployment is under way on this machine; wait until it has ended".to_string(),
            )),
            Err(fs::TryLockError::Error(error)) => Err(Error::Deploy(format!("the lock cannot be taken: {error}"))),
        }
    }
}

/// The names of the versions in a folder, the oldest first.
///
/// # Errors
///
/// [`Error::File`] where the folder cannot be read.
fn versions(folder: &Path) -> Result<Vec<String>, Error> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| files::failed(folder, "read", &error))?,
    };
    let mut versions: Vec<(SystemTime, String)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok().filter(|name| !name.starts_with('.'))?;
            Some((entry.metadata().ok()?.modified().ok()?, name))
        })
        .collect();
    versions.sort();
    Ok(versions.into_iter().map(|(_, name)| name).collect())
}

/// The version to go back to: the one that is asked for, else the one before.
///
/// # Errors
///
/// [`Error::Deploy`] where there is none, with those that there are.
pub(crate) fn earlier(machine: &Machine, asked: Option<&str>) -> Result<PathBuf, Error> {
    let layout = &machine.layout;
    let known = versions(&machine.on_disk(layout.versions()))?;
    let version = match asked {
        Some(version) => Some(version.to_string()),
        None => target::link_name(&machine.on_disk(layout.previous()))?,
    };
    let is_known = |version: &String| known.contains(version);
    match version.filter(is_known) {
        Some(version) => Ok(machine.on_disk(layout.version_binary(&version))),
        None => Err(Error::Deploy(format!(
            "{}; the versions that are kept are: {}",
            asked.map_or_else(
                || "there is no version before this one".to_string(),
                |asked| format!("there is no version `{asked}`")
            ),
            known.join(", ")
        ))),
    }
}

/// The name of the deployment whose binary runs, told by where it lies: `/opt/NAME/versions/VERSION/NAME`.
pub(crate) fn own_name() -> Option<String> {
    let path = std::env::current_exe().ok()?;
    let name = path.file_name()?.to_str()?.to_string();
    let layout = Layout::new(&name);
    let is_deployed = path.starts_with(layout.versions()) && path.ancestors().nth(2) == Some(&*layout.versions());
    is_deployed.then_some(name)
}
