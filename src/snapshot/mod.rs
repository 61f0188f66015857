//! The site as plain data: what the build froze into the binary, or what was just read from disk.
//!
//! Everything before this point (`source`, `build`) makes a [`Snapshot`]; everything after it (`site`, `server`) only
//! reads one. It knows only the standard library, and has no behaviour but how a policy is written ([`source`]). In the binary its parts are constants, so nothing is
//! decoded when the process starts; [`Text`] and [`List`] borrow those, and own what came from disk.

mod assets;
mod blob;
mod changed;
mod messages;
mod migrations;
mod policy;
mod routes;
pub mod schema;
mod settings;
mod table;
mod templates;

use std::borrow::Cow;

pub use assets::{Asset, Encoding, Variant};
pub use blob::Blob;
pub use changed::Changed;
pub use messages::Language;
pub use migrations::{Engine, Migration};
pub use policy::{POLICY, is_auto, source};
pub use routes::{Limits, Path, Route};
pub use settings::{Environment, Setting, Value};
pub use table::Table;
pub use templates::{Inline, Links, Template};

/// A text that is a constant of the binary or was read from disk.
pub type Text = Cow<'static, str>;

/// A list that is a constant of the binary or was read from disk.
pub type List<T> = Cow<'static, [T]>;

/// Where something was written: for messages to people, never for opening a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The file, relative to the site's folder, with `/` between its parts.
    pub file: Text,
    /// The line, counted from 1.
    pub line: u32,
    /// The column, counted from 1 in characters.
    pub column: u32,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A whole site, read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Name of the crate that the site is.
    pub name: Text,
    /// Version of the crate that the site is.
    pub release: Text,
    /// What `environment.is_prod` is where nobody sets it: true in a release build.
    pub is_prod: bool,
    /// The version tag: a hash over names and contents of all static files as they are served.
    pub version: Text,
    /// When the static files were made, in seconds since 1970, where the build was told (`SOURCE_DATE_EPOCH`); else they have no date.
    pub date: Option<u64>,
    /// All leaves of the settings files, in the order in which they count: a later one with the same key wins.
    pub settings: List<Setting>,
    /// The routes in declared order: the first that matches answers.
    pub routes: List<Route>,
    /// One per folder below `i18n.path`, sorted by code.
    pub languages: List<Language>,
    /// The templates, sorted by name.
    pub templates: List<Template>,
    /// The static files, sorted by address.
    pub assets: List<Asset>,
    /// The steps that bring a database up to date, sorted by number.
    pub migrations: List<Migration>,
}
