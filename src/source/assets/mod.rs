//! Static files to a table by address, each with its media type, hash and version, and the version tag over all of them.
//!
//! The steps of [`read`]. A tag says which bytes are served, so whatever changes bytes comes before the tags:
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
pub mod bundles;
pub mod css;
mod mime;
pub mod patch;
pub mod reference;
mod references;
pub mod script;
#[cfg(test)]
mod tests;
mod versions;
mod walk;

pub use bundles::Part;
pub use mime::mime;
pub use versions::hash;

use references::{Link, References};
use versions::{Versions, Written};
use walk::Folders;

use crate::problem::Problem;
use crate::snapshot::{Asset, Route};
use crate::source::Options;
use crate::source::check::written::Dynamic;
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

/// The static files of a site.
#[derive(Debug, Default)]
pub struct StaticFiles {
    /// Sorted by address.
    pub files: Vec<Asset>,
    /// The version tag of the site: a hash over addresses and contents of all static files.
    pub version: String,
}

/// Reads the static files of a site, given its routes, none of which may be at the address of a file.
pub fn read(
    files: &mut Files,
    settings: &Settings,
    routes: &[Route],
    options: &Options,
    problems: &mut Vec<Problem>,
) -> StaticFiles {
    let folders = Folders::new(files, settings, problems);
    let mut sources = folders.read(files, problems);
    bundles::add(&mut sources, settings, &folders.below, problems);
    folders.check_root(&sources, routes, problems);
    check_references(&sources, &folders, settings, problems);
    make_shorter(&mut sources, settings, options, problems);
    let references = References::new(&sources, &folders, settings);
    let links: Vec<Vec<Link>> = sources.iter().map(|source| references.links(source)).collect();
    let versions = Versions::new(&sources, &links);
    let written = Written::new(settings, options.is_prod, problems);
    for (source, links) in sources.iter_mut().zip(&links) {
        versions.write(&mut source.body, links, &written);
    }
    let files = sources.into_iter().zip(versions.files).map(|(source, version)| asset(source, version));
    StaticFiles { files: files.collect(), version: versions.tag }
}

fn check_references(sources: &[StaticSource], folders: &Folders, settings: &Settings, problems: &mut Vec<Problem>) {
    let references = References::new(sources, folders, settings);
    let dynamic = Dynamic::new(&settings.list, "static.dynamic");
    sources.iter().for_each(|source| references.check(source, &dynamic, problems));
}

fn make_shorter(sources: &mut Vec<StaticSource>, settings: &Settings, options: &Options, problems: &mut Vec<Problem>) {
    match options.minify.filter(|_| settings.is_on(MINIFY)) {
        Some(Minify::With(shorten)) => shorten(sources, problems),
        Some(Minify::Absent) => problems.push(absent(settings)),
        None => {}
    }
}

fn absent(settings: &Settings) -> Problem {
    let message = format!("`{MINIFY}` is on, but `kalgan` was compiled for the build without its feature `minify`");
    let line = "kalgan = { …, default-features = false, features = [\"build\", \"minify\"] }";
    let help = format!("add the feature in Cargo.toml, below `[build-dependencies]`: `{line}`");
    settings.error(MINIFY, message).help(help).help("or remove this line; debug builds do not need the feature")
}

fn asset(source: StaticSource, version: String) -> Asset {
    Asset {
        mime: mime(&source.address, &source.body),
        hash: hash(&source.body).into(),
        version: version.into(),
        path: source.address.into(),
        is_root: source.is_root,
        is_patched: false,
        body: source.body.into(),
        variants: Vec::new().into(),
    }
}
