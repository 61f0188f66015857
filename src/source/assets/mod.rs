//! Static files to a table by address, each with its media type, hash and version, and the version tag over all of them.
//!
//! The steps, of which [`find`] takes the first two. A tag says which bytes are served, so whatever changes bytes comes before the tags:
//!
//! 1. `walk`: the files of `static.folders` and of `static.root`;
//! 2. `bundles`: files that are put together from others, in every environment;
//! 3. `references`: whether what stylesheets name is there, as their authors wrote it;
//! 4. [`Options::minify`]: what only the build of a release does to scripts and stylesheets;
//! 5. `references` again, now in the bytes that are served, and `versions`: hashes, versions and the tag of the site, and the
//!    versions in what stylesheets and scripts name;
//! 6. `mime`: the media type.
//!
//! Compression comes after all of this and belongs to `build`.

pub mod address;
mod body;
pub mod bundles;
pub mod css;
mod mime;
pub mod patch;
pub mod reference;
mod references;
pub mod script;
mod table;
#[cfg(test)]
mod tests;
mod versions;
mod walk;

use std::sync::Arc;

pub use body::Body;
pub use bundles::Part;
pub use mime::mime;
pub use table::{Basis, revise};
pub use versions::hash;

use body::Facts;
use references::References;
use versions::Written;
use walk::Folders;

use crate::problem::Problem;
#[cfg(test)]
use crate::snapshot::Asset;
use crate::snapshot::Route;
use crate::source::Options;
use crate::source::check::written::Dynamic;
use crate::source::errors;
use crate::source::files::Files;
use crate::source::memo::Memo;
use crate::source::settings::Settings;

/// A static file on its way to the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticSource {
    /// The address without the leading slash, as in [`Asset::path`](crate::snapshot::Asset::path).
    pub address: String,
    /// The site's file that problems in it are reported for.
    pub file: String,
    /// The bytes as they are to be served, as far as they are known by now.
    pub body: Body,
    /// Whether it is a file of `static.root`.
    pub is_root: bool,
    /// Whether `body` is no longer what stands in `file`, so that a place in one is no place in the other.
    pub is_made: bool,
    /// The files that a bundle is made of; of every other file none.
    pub parts: Vec<Part>,
}

/// Replaces bodies by shorter ones that mean the same, and may add files, such as source maps. The files are sorted by address
/// before and after. What it cannot shorten it leaves as it is, with a warning.
pub type Shorten = fn(&mut Vec<StaticSource>, &mut Vec<Problem>);

/// What the build of a release can do where the setting `static.minify` is on.
#[derive(Debug, Clone, Copy)]
pub enum Minify {
    /// Make scripts and stylesheets shorter.
    With(Shorten),
    /// Nothing, because `kalgan` was compiled for it without the feature `minify`: a mistake that says so.
    Absent,
}

/// The setting that wants files made shorter.
const MINIFY: &str = "static.minify";

/// The static files of a site as they are.
#[derive(Debug, Default)]
pub struct Found {
    /// Sorted by address.
    pub sources: Vec<StaticSource>,
    /// Whether the settings name folders that files can be read from.
    pub is_usable: bool,
    folders: Folders,
}

/// What has been found out about static files, and the bundles that were made of them.
#[derive(Debug, Clone, Default)]
pub struct AssetMemo {
    facts: Memo<[u8], Facts>,
    bundles: bundles::Made,
}

/// Reads the static files of a site and puts bundles together, as far as that has not been done before.
pub fn find(files: &mut Files, memo: &mut AssetMemo, settings: &Arc<Settings>, problems: &mut Vec<Problem>) -> Found {
    let before = errors(files, problems);
    let folders = Folders::new(files, settings, problems);
    let is_usable = errors(files, problems) == before;
    let mut sources = folders.read(files, &mut memo.facts, problems);
    memo.bundles.add(&mut sources, settings, &folders.below, problems);
    Found { sources, is_usable, folders }
}

impl Found {
    /// Checks what the files name, and whether something else answers at their addresses. The files are still those of [`find`].
    pub fn check(&self, settings: &Settings, routes: &[Route], is_prod: bool, problems: &mut Vec<Problem>) {
        self.folders.check_root(&self.sources, routes, problems);
        let references = References::new(&self.sources, &self.folders, settings);
        let dynamic = Dynamic::new(&settings.list, "static.dynamic");
        self.sources.iter().for_each(|source| references.check(source, &dynamic, problems));
        problems.extend(Written::problem(settings, is_prod));
    }

    /// Makes scripts and stylesheets shorter, where the build can and the settings want it.
    pub fn make_shorter(&mut self, settings: &Settings, options: &Options, problems: &mut Vec<Problem>) {
        match options.minify.filter(|_| settings.is_on(MINIFY)) {
            Some(Minify::With(shorten)) => shorten(&mut self.sources, problems),
            Some(Minify::Absent) => problems.push(absent(settings)),
            None => {}
        }
    }
}

impl AssetMemo {
    /// Forgets what nobody has asked for since the last call.
    pub fn settle(&mut self) {
        self.facts.settle();
    }
}

fn absent(settings: &Settings) -> Problem {
    let message = format!("`{MINIFY}` is on, but `kalgan` was compiled for the build without its feature `minify`");
    let line = "kalgan = { …, default-features = false, features = [\"build\", \"minify\"] }";
    let help = format!("add the feature in Cargo.toml, below `[build-dependencies]`: `{line}`");
    settings.error(MINIFY, message).help(help).help("or remove this line; debug builds do not need the feature")
}
