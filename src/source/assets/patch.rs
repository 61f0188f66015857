//! Files of an operator's overlay over the static files of a binary.
//!
//! What is in the binary is as it is served: bundled, shortened, with versions in what stylesheets name. So the files of the overlay
//! are not read together with it as one site; they are put into its table one by one:
//!
//! 1. A file of the overlay that is the same as the one in the binary, but for versions, changes nothing.
//! 2. Any other is patched, and so is each file of the binary that names a patched one with its version, directly or through others.
//! 3. A patched file gets a version of its own, and the current versions in what it names. What the build made of it, its compressed
//!    variants, is dropped.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::address::Parts;
use super::reference::replace;
use super::references::{Link, References};
use super::versions::{self, Written};
use super::walk::Folders;
use super::{StaticSource, hash, mime};
use crate::problem::Problem;
use crate::snapshot::{Asset, Route, Snapshot};
use crate::source::check::written::{Dynamic, written};
use crate::source::files::{self, Entry, Files};
use crate::source::memo::Memo;
use crate::source::settings::Settings;

/// What the files are put over.
#[derive(Debug, Clone, Copy)]
pub struct Base<'a> {
    /// The site in the binary.
    pub snapshot: &'a Snapshot,
    /// The settings that count: those of the binary with those of the overlay.
    pub settings: &'a Settings,
    /// The routes that count.
    pub routes: &'a [Route],
}

/// The static files with those of the overlay.
#[derive(Debug)]
pub struct Patched {
    /// All of them, sorted by address.
    pub assets: Vec<Asset>,
    /// The files that were read, relative to the overlay's folder.
    pub read: Vec<String>,
    /// Those of them that are not the same in the binary: the file by its address.
    pub changed: BTreeMap<String, String>,
}

/// Reads the static files of an overlay. They lie in the folders that the settings of the binary name, because what is in it lies there.
pub fn read(files: &mut Files, base: &Base<'_>, problems: &mut Vec<Problem>) -> Patched {
    let mut built = Settings::default();
    built.list = base.snapshot.settings.to_vec();
    let (below, root) = folders(&built);
    let mut is_there = |folder: &String| files.entry(folder) == Entry::Folder;
    let present = Folders::named(
        below.iter().filter(|folder| is_there(folder)).cloned().collect(),
        root.iter().find(|folder| is_there(folder)).cloned(),
    );
    let overlay = present.sources(files, &mut Memo::default());
    let read = overlay.iter().map(|source| source.file.clone()).collect();
    let (sources, origins) = merged(&base.snapshot.assets, overlay, root.as_deref());
    let folders = Folders::named(below, root);
    folders.check_root(&sources, base.routes, problems);
    let references = References::new(&sources, &folders, base.settings);
    let dynamic = Dynamic::new(&base.settings.list, "static.dynamic");
    sources.iter().for_each(|source| references.check(source, &dynamic, problems));
    let written = Written::new(base.settings, base.snapshot.is_prod);
    problems.extend(Written::problem(base.settings, base.snapshot.is_prod));
    let table = Table::new(base, &sources, &origins, &references, written);
    let changed = table.changed.iter().map(|number| &sources[*number]);
    let changed = changed.map(|source| (source.address.clone(), source.file.clone())).collect();
    Patched { assets: table.assets(), read, changed }
}

/// The folders of `static.folders`, and that of `static.root`.
fn folders(built: &Settings) -> (Vec<String>, Option<String>) {
    let below = built.items("static.folders").iter().filter_map(|folder| files::normal(folder)).collect();
    let root = files::normal(built.text("static.root")).filter(|root| !root.is_empty());
    (below, root)
}

/// The files of the binary and of the overlay by address, each with what the binary has there. Of the binary's only those that can
/// name others get a body: the rest may be large and is not looked at.
fn merged<'a>(
    binary: &'a [Asset],
    overlay: Vec<StaticSource>,
    root: Option<&str>,
) -> (Vec<StaticSource>, Vec<Option<&'a Asset>>) {
    let of_binary = |asset: &'a Asset| (asset.path.to_string(), (of_binary(asset, root), Some(asset)));
    let mut merged: BTreeMap<String, (StaticSource, Option<&Asset>)> = binary.iter().map(of_binary).collect();
    for source in overlay {
        let origin = merged.get(&source.address).and_then(|(_, origin)| *origin);
        merged.insert(source.address.clone(), (source, origin));
    }
    merged.into_values().unzip()
}

fn of_binary(asset: &Asset, root: Option<&str>) -> StaticSource {
    let names_others = ["text/css", "text/javascript"].iter().any(|essence| mime::is(&asset.path, essence));
    let folder = root.filter(|_| asset.is_root).unwrap_or_default();
    StaticSource {
        address: asset.path.to_string(),
        file: files::join(folder, &asset.path),
        body: if names_others { asset.body.to_vec() } else { Vec::new() }.into(),
        is_root: asset.is_root,
        is_made: true,
        parts: Vec::new(),
    }
}

/// All files, by number in the order of their addresses.
struct Table<'a> {
    sources: &'a [StaticSource],
    /// What the binary has at the address of each.
    origins: &'a [Option<&'a Asset>],
    links: Vec<Vec<Link<'a>>>,
    tag: &'a str,
    written: Written,
    /// Texts that the build may have written as the version of any file.
    literals: Vec<String>,
    /// The files of the overlay that are not the same in the binary.
    changed: BTreeSet<usize>,
    /// The versions of these and of all files that name them.
    versions: BTreeMap<usize, String>,
}

impl<'a> Table<'a> {
    fn new(
        base: &Base<'a>,
        sources: &'a [StaticSource],
        origins: &'a [Option<&'a Asset>],
        references: &References<'_>,
        written: Written,
    ) -> Self {
        let links = sources.iter().map(|source| references.links(source)).collect();
        let literals = self::written(&base.snapshot.settings, "static.version").texts;
        let (changed, versions) = (BTreeSet::new(), BTreeMap::new());
        let tag = &base.snapshot.version;
        let mut table = Table { sources, origins, links, tag, written, literals, changed, versions };
        table.changed = (0..sources.len()).filter(|number| table.is_changed(*number, references)).collect();
        table.versions = table.versions();
        table
    }

    /// Whether a file is the overlay's and not the same in the binary.
    fn is_changed(&self, number: usize, references: &References<'_>) -> bool {
        let source = &self.sources[number];
        let Some(origin) = self.origins[number].filter(|_| !source.is_made) else { return !source.is_made };
        let origin_source = of_binary(origin, None);
        let links = references.links(&origin_source);
        self.without_versions(&source.body, &self.links[number]) != self.without_versions(&origin.body, &links)
    }

    /// The versions of all files that are patched.
    fn versions(&self) -> BTreeMap<usize, String> {
        let own = |number: usize| match self.origins[number].filter(|_| !self.changed.contains(&number)) {
            Some(origin) => origin.version.to_string(),
            None => versions::own_hash(&self.sources[number], &self.links[number], self.sources),
        };
        let own: Vec<String> = (0..self.sources.len()).map(own).collect();
        let version = |number: usize| {
            let reached = versions::reached(number, &self.links);
            let is_patched = self.changed.contains(&number) || !reached.is_disjoint(&self.changed);
            is_patched.then(|| (number, versions::together(&own[number], &reached, self.sources, &own)))
        };
        (0..self.sources.len()).filter_map(version).collect()
    }

    fn assets(&self) -> Vec<Asset> {
        let asset = |(number, source): (usize, &StaticSource)| match (self.versions.get(&number), self.origins[number])
        {
            (None, Some(origin)) => Some(origin.clone()),
            (Some(version), _) => Some(self.patched(number, source, version)),
            // A file without an origin is the overlay's, so it has changed.
            (None, None) => None,
        };
        self.sources.iter().enumerate().filter_map(asset).collect()
    }

    fn patched(&self, number: usize, source: &StaticSource, version: &str) -> Asset {
        let versioned = |link: &Link<'_>| self.plain(link).versioned(self.version(link.target));
        let body = rewritten(&source.body, &self.links[number], versioned).into_owned();
        Asset {
            path: source.address.clone().into(),
            is_root: source.is_root,
            is_patched: true,
            mime: super::mime(&source.address, &body),
            hash: hash(&body).into(),
            version: version.to_string().into(),
            body: body.into(),
            variants: Vec::new().into(),
        }
    }

    /// What stands behind the `?` of an address that leads to a file.
    fn version(&self, target: usize) -> &str {
        match (self.versions.get(&target), &self.written) {
            (Some(version), _) => version,
            (None, Written::Own) => self.origins[target].map_or("", |origin| &origin.version),
            (None, Written::Tag) => self.tag,
            (None, Written::Literal(literal)) => literal,
        }
    }

    /// A body as its author wrote it, as far as versions go.
    fn without_versions<'b>(&self, body: &'b [u8], links: &[Link<'_>]) -> Cow<'b, [u8]> {
        rewritten(body, links, |link| {
            let Parts { path, query, fragment } = self.plain(link);
            let query = query.map(|query| format!("?{query}")).unwrap_or_default();
            format!("{path}{query}{fragment}")
        })
    }

    /// An address without the version that the build put behind it: also one in a file that somebody took from an export of the binary.
    fn plain<'l>(&self, link: &'l Link<'_>) -> Parts<'l> {
        let parts = Parts::of(&link.reference.value);
        let origin = self.origins[link.target].map(|origin| origin.version.as_ref());
        let is_version = |text: &str| {
            text.is_empty()
                || text == self.tag
                || Some(text) == origin
                || self.literals.iter().any(|known| known == text)
        };
        let query = parts.query.and_then(|query| match query.rsplit_once('&') {
            Some((rest, last)) if is_version(last) => Some(rest),
            None if is_version(query) => None,
            _ => Some(query),
        });
        Parts { query, ..parts }
    }
}

/// A file with other addresses in the place of those that lead to files.
fn rewritten<'b>(body: &'b [u8], links: &[Link<'_>], address: impl Fn(&Link<'_>) -> String) -> Cow<'b, [u8]> {
    match std::str::from_utf8(body) {
        Ok(text) if !links.is_empty() => {
            let changes = links.iter().map(|link| (link.reference, address(link)));
            Cow::Owned(replace(text, changes).into_bytes())
        }
        _ => Cow::Borrowed(body),
    }
}
