//! Static files to a table by address, each with its media type, hash and version, and the version tag over all of them.
//!
//! The steps of [`read`]. A tag says which bytes are served, so whatever changes bytes comes before the tags:
//!
//! 1. `walk`: the files of `static.folders`;
//! 2. `bundles`: files that are put together from others, in every environment;
//! 3. [`Options::minify`]: what only the build of a release does to scripts and stylesheets;
//! 4. `versions`: the hash and the version of each file, and the tag of the site;
//! 5. `mime`: the media type.
//!
//! Compression comes after all of this and belongs to `build`.

pub mod bundles;
mod mime;
#[cfg(test)]
mod tests;
mod versions;
mod walk;

pub use bundles::Part;
pub use mime::mime;
pub use versions::hash;

use crate::problem::Problem;
use crate::snapshot::Asset;
use crate::source::Options;
use crate::source::files::Files;
use crate::source::settings::Settings;

/// A static file on its way to the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticSource {
    /// The address without the leading slash, as in [`Asset::path`].
    pub address: String,
    /// The site's file that problems in it are reported for.
    pub file: String,
    /// The bytes as they are to be served, as far as they are known by now.
    pub body: Vec<u8>,
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

/// The static files of a site.
#[derive(Debug, Default)]
pub struct StaticFiles {
    /// Sorted by address.
    pub files: Vec<Asset>,
    /// The version tag of the site: a hash over addresses and contents of all static files.
    pub version: String,
}

/// Reads the static files of a site.
pub fn read(files: &mut Files, settings: &Settings, options: &Options, problems: &mut Vec<Problem>) -> StaticFiles {
    let mut sources = walk::files(files, settings, problems);
    sources.sort_by(|a, b| a.address.cmp(&b.address));
    bundles::add(&mut sources, settings, &settings.folders(files, "static.folders", &mut Vec::new()), problems);
    match options.minify.filter(|_| settings.is_on(MINIFY)) {
        Some(Minify::With(shorten)) => shorten(&mut sources, problems),
        Some(Minify::Absent) => problems.push(absent(settings)),
        None => {}
    }
    let version = versions::tag(&sources);
    StaticFiles { files: sources.into_iter().map(asset).collect(), version }
}

fn absent(settings: &Settings) -> Problem {
    let message = format!("`{MINIFY}` is on, but `kalgan` was compiled for the build without its feature `minify`");
    let line = "kalgan = { …, default-features = false, features = [\"build\", \"minify\"] }";
    let help = format!("add the feature in Cargo.toml, below `[build-dependencies]`: `{line}`");
    settings.error(MINIFY, message).help(help).help("or remove this line; debug builds do not need the feature")
}

fn asset(source: StaticSource) -> Asset {
    let hash = hash(&source.body);
    Asset {
        mime: mime(&source.address, &source.body),
        hash: hash.clone().into(),
        version: hash.into(),
        path: source.address.into(),
        body: source.body.into(),
        variants: Vec::new().into(),
    }
}
