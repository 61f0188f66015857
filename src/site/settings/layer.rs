//! Where a setting can come from.

use std::fmt;
use std::path::PathBuf;

use crate::snapshot::{Place, Setting};

/// Where a value came from, from weakest to strongest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layer {
    /// Nobody set it; Kalgan's own default.
    Default,
    /// A settings file of the site.
    File(Place),
    /// The file of `--settings FILE`.
    Outside(String),
    /// An environment variable, by its name.
    Variable(String),
    /// A flag of the command line, by the key that it sets.
    Flag(String),
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Layer::Default => f.write_str("default"),
            Layer::File(place) => write!(f, "{place}"),
            Layer::Outside(place) => write!(f, "--settings {place}"),
            Layer::Variable(name) => write!(f, "variable {name}"),
            Layer::Flag(key) => write!(f, "flag for {key}"),
        }
    }
}

/// What is put over the snapshot when a process starts.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    /// The leaves of the file of `--settings FILE`.
    pub file: Vec<Setting>,
    /// The name of that file, for messages.
    pub file_name: String,
    /// The whole environment of the process: `KALGAN__A__B` sets `a.b`, and `!env` reads from it.
    pub variables: Vec<(String, String)>,
    /// What flags set: key and text.
    pub flags: Vec<(String, String)>,
    /// The folder that `!credential` reads from.
    pub credentials: Option<PathBuf>,
}
