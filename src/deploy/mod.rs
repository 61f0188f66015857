//! The deployment kit: the files that systemd and NGINX need for this very site, made of its own settings and routes.
//!
//! | Step | Module |
//! |---|---|
//! | what an operator chooses, kept beside the settings for the next version | `choices` |
//! | where everything of a deployment lies | `layout` |
//! | what is deployed: the frozen site and the settings of a production process | `subject` |
//! | the texts | `nginx`, `systemd` |
//! | the steps that put them and the binary in place, and how each is taken back | `install` |
//!
//! The texts touch nothing; the commands write them, or `install` does.

pub(crate) mod choices;
pub(crate) mod doctor;
pub(crate) mod install;
pub(crate) mod layout;
mod nginx;
pub(crate) mod subject;
mod systemd;

use std::path::PathBuf;

pub(crate) use choices::{Choices, Socket, Tls};
pub(crate) use layout::Layout;
pub(crate) use nginx::{may_be_limited, nginx, types};
pub(crate) use subject::Subject;
pub(crate) use systemd::systemd;

/// A file of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// Where it goes on the server: an absolute path.
    pub(crate) path: PathBuf,
    /// All of it.
    pub(crate) text: String,
    /// Its rights, such as `0o644`.
    pub(crate) mode: u32,
}

impl File {
    /// A file that everybody may read.
    fn new(path: PathBuf, text: String) -> Self {
        File { path, text, mode: 0o644 }
    }
}
