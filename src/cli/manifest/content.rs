//! A manifest: what is in a binary, as data that keeps its form.
//!
//! The names of these fields are the names in the JSON that people and programs read, so they stay. A field may be added; where one has to
//! change its meaning or go, [`FORMAT`] grows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The form of the manifest, its field `format`.
pub(in crate::cli) const FORMAT: u32 = 1;

/// Everything that is in a binary. Two equal builds give equal ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct Manifest {
    pub format: u32,
    pub versions: Versions,
    pub hashes: Hashes,
    /// The codes of the languages, sorted.
    pub languages: Vec<String>,
    /// What `!credential` names in settings that count in production or everywhere, by id.
    pub credentials: BTreeMap<String, Credential>,
    /// What `!env` names, by variable.
    pub variables: BTreeMap<String, Variable>,
    /// Sorted by number.
    pub migrations: Vec<Migration>,
    /// In the order in which they are tried.
    pub routes: Vec<Route>,
    /// Sorted by key.
    pub settings: Vec<Setting>,
    /// By language.
    pub messages: BTreeMap<String, Messages>,
    /// By name.
    pub templates: BTreeMap<String, Template>,
    /// By address, without the leading slash.
    pub static_files: BTreeMap<String, StaticFile>,
}

/// What was built of what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct Versions {
    /// Name of the site's crate.
    pub site: String,
    /// Its version.
    pub release: String,
    pub kalgan: String,
    /// What the binary was compiled for, as rustc names it; empty where the build did not know.
    pub target: String,
    /// The features of Kalgan that are in it, sorted.
    pub features: Vec<String>,
    /// Whether it is production where nobody says otherwise: true in a release build.
    pub production: bool,
    /// The version tag of the static files.
    pub static_files: String,
    /// When the static files were made, in seconds since 1970, where the build was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<u64>,
}

/// Which functions the hashes in a manifest were made by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct Hashes {
    /// Those of static files, from which their entity tags are made.
    pub static_files: String,
    /// Those of templates, messages and migrations.
    pub texts: String,
}

/// A file that the operator provides.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct Credential {
    /// The keys of the settings that read it, sorted.
    pub settings: Vec<String>,
}

/// A variable that settings read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct Variable {
    /// Whether some setting has no default for it, so that the start fails without it.
    pub required: bool,
    /// The keys of the settings that read it, sorted.
    pub settings: Vec<String>,
}

/// A step of the database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct Migration {
    pub number: i64,
    pub name: String,
    /// The engine that it is for; absent where it is for every one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    pub size: usize,
    pub hash: String,
    pub file: String,
}

/// A route as declared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct Route {
    pub name: String,
    /// Patterns by language; that of a route with one pattern for all stands under `*`.
    pub paths: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Absent where every method is answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<String>>,
    pub controller: String,
    /// The outermost first, without those of `router.middleware`.
    pub middleware: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub requirements: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Bytes; absent where `server.max_body_size` counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_body_size: Option<u64>,
    /// Seconds; absent where `server.request_timeout` counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_timeout: Option<u64>,
    /// File, line and column.
    pub declared: String,
}

/// A setting that the build froze.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct Setting {
    pub key: String,
    /// The environment that it counts in, `production` or `development`; absent where it is both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// As the command `settings` shows it, secrets masked, and `!env` and `!credential` as they are written.
    pub value: String,
    /// File, line and column.
    pub declared: String,
}

/// The messages of one language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct Messages {
    pub count: usize,
    /// Over all ids and texts.
    pub hash: String,
    /// The hash of each text, by id.
    pub texts: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct Template {
    pub size: usize,
    pub hash: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct StaticFile {
    pub size: usize,
    /// The sizes of its compressed forms, by content coding.
    pub encoded: BTreeMap<String, usize>,
    pub hash: String,
    /// What its address carries with `static.version: file`.
    pub version: String,
    #[serde(rename = "type")]
    pub media_type: String,
    /// Whether it answers at the top, as a file of `static.root`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub root: bool,
}
