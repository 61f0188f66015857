//! What is to be deployed, looked at: the binary, what it says of itself, and what is on the machine for it.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::binary::{Asked, Binary};
use super::description::Description;
use super::files::{self, Found};
use super::record::Record;
use super::{Machine, variables};
use crate::error::Error;

/// Where programs of the system are looked for.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What an operator wants.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) kind: Kind,
    /// The binary that is to serve.
    pub(crate) binary: PathBuf,
    /// What is deployed so far, with the choices that count from now on.
    pub(crate) record: Record,
    /// Credentials that are put in place, by their ids, and the files that they are in.
    pub(crate) credentials: Vec<(String, PathBuf)>,
    /// Whether NGINX is to be set up; none leaves it as it was decided before.
    pub(crate) nginx: Option<bool>,
    /// Files that were changed by hand are replaced.
    pub(crate) force: bool,
    /// The name of the deployment was given, so the site need not be the same.
    pub(crate) is_named: bool,
    /// Nothing must change, not even for a moment.
    pub(crate) dry_run: bool,
}

/// Why a version is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Install,
    Upgrade,
    Rollback,
}

/// A wish with all that must be known to plan for it.
pub(super) struct Target {
    pub(super) wish: Wish,
    pub(super) binary: Rc<Binary>,
    pub(super) version: String,
    pub(super) description: Description,
    /// The settings file and the overlay, as flags for its commands.
    pub(super) flags: Vec<String>,
    /// Text of the file `environment`, and its variables.
    pub(super) environment: String,
    pub(super) variables: Vec<(String, String)>,
    /// The credentials that are in place.
    pub(super) credentials: BTreeSet<String>,
    /// The version that `current` leads to.
    pub(super) current: Option<String>,
}

impl Target {
    /// Looks at the binary and at the machine.
    ///
    /// # Errors
    ///
    /// [`Error::Deploy`] where the binary cannot run here or is not a site's; [`Error::File`] where a file of the deployment cannot be
    /// read.
    pub(super) fn new(machine: &Machine, wish: Wish) -> Result<Self, Error> {
        let layout = &machine.layout;
        let (environment, credentials) = (environment(machine)?, credentials(machine)?);
        let variables = variables::read(&environment);
        let binary = Binary::open(&wish.binary)?;
        let flags = flags(&wish.record)?;
        let asked = Asked {
            choices: wish.record.choices_text(),
            flags: flags.clone(),
            environment: process_environment(&variables),
        };
        let description = binary.describe(machine, &asked, !wish.dry_run)?;
        let version = binary.version(&description.release);
        let current = link_name(&machine.on_disk(layout.current()))?;
        let binary = Rc::new(binary);
        Ok(Target { wish, binary, version, description, flags, environment, variables, credentials, current })
    }

    /// Whether the version that is to serve does so already.
    pub(super) fn is_current(&self) -> bool {
        self.current.as_ref() == Some(&self.version)
    }

    /// Whether NGINX is set up.
    pub(super) fn has_nginx(&self) -> bool {
        self.wish.nginx.unwrap_or(!self.wish.record.installed.without_nginx)
    }
}

/// The variables that a process of the deployment has, as far as its commands need them.
pub(super) fn process_environment(variables: &[(String, String)]) -> Vec<(String, String)> {
    let path = ("PATH".to_string(), PATH.to_string());
    std::iter::once(path).chain(variables.iter().cloned()).collect()
}

/// The name of the version that a link leads to.
///
/// # Errors
///
/// [`Error::File`] where something else than a link is there.
pub(super) fn link_name(path: &Path) -> Result<Option<String>, Error> {
    match files::look(path)? {
        Found::Nothing => Ok(None),
        Found::Link(target) => Ok(target.file_name().map(|name| name.to_string_lossy().into_owned())),
        _ => Err(Error::File(format!("`{}` must be a link to a version; move away what is there", path.display()))),
    }
}

/// The text of the file `environment`.
fn environment(machine: &Machine) -> Result<String, Error> {
    let path = machine.on_disk(machine.layout.environment());
    match files::look(&path)? {
        Found::Nothing => Ok(String::new()),
        Found::File { bytes, .. } => {
            String::from_utf8(bytes).map_err(|_| Error::File(format!("`{}` is not UTF-8", path.display())))
        }
        _ => Err(Error::File(format!("`{}` must be a file", path.display()))),
    }
}

fn credentials(machine: &Machine) -> Result<BTreeSet<String>, Error> {
    let path = machine.on_disk(machine.layout.credentials());
    match fs::read_dir(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(files::failed(&path, "read", &error)),
        Ok(entries) => Ok(entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()),
    }
}

/// The settings file and the overlay among the choices, as the binary takes them.
fn flags(record: &Record) -> Result<Vec<String>, Error> {
    let choices = record.choices()?;
    let paths = [("--settings", choices.settings_file), ("--overlay", choices.overlay)];
    Ok(paths.into_iter().filter_map(|(flag, path)| Some(format!("{flag}={}", path?))).collect())
}
