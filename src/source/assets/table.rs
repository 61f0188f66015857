//! The table of static files as they are served. After an edit only those are made again that are others.

use std::collections::{BTreeMap, BTreeSet};

use super::references::{Link, References};
use super::versions::{Versions, Written};
use super::{Found, StaticSource, mime};
use crate::snapshot::{Asset, Blob, List};
use crate::source::Options;
use crate::source::settings::Settings;

/// What the files of a table have been made by, besides their own bytes: with the same basis, a file of the same version is the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    written: Written,
    /// The tag of the site, where it stands in files.
    tag: String,
}

/// What became of a table.
#[derive(Debug)]
pub struct Revised {
    /// What its files have been made by.
    pub basis: Basis,
    /// The tag of the site.
    pub version: String,
    /// The addresses of the files that are others: new, changed or gone.
    pub changed: BTreeSet<String>,
}

/// Makes a table be that of these files. Its own files are used again where they were made by the given basis; without one it is not
/// known how they were made.
pub fn revise(
    table: &mut List<Asset>,
    basis: Option<&Basis>,
    found: &Found,
    settings: &Settings,
    options: &Options,
) -> Revised {
    let Found { sources, folders, .. } = found;
    let references = References::new(sources, folders, settings);
    let links: Vec<Vec<Link<'_>>> = sources.iter().map(|source| references.links(source)).collect();
    let versions = Versions::new(sources, &links);
    let written = Written::new(settings, options.is_prod);
    let tag = if written == Written::Tag { versions.tag.clone() } else { String::new() };
    let new_basis = Basis { written, tag };
    let is_same_basis = basis == Some(&new_basis);
    let old = std::mem::take(table).into_owned();
    let mut old: BTreeMap<String, Asset> = old.into_iter().map(|asset| (asset.path.to_string(), asset)).collect();
    let mut changed = BTreeSet::new();
    let mut assets = Vec::with_capacity(sources.len());
    for (number, source) in sources.iter().enumerate() {
        let before = old.remove(&source.address);
        let is_same = |asset: &Asset| asset.version == versions.files[number] && asset.is_root == source.is_root;
        assets.push(match before {
            Some(before) if is_same_basis && is_same(&before) => before,
            before => {
                let body = versions.body(source, &links[number], &new_basis.written);
                let asset = asset(source, &versions, number, body);
                if before.as_ref() != Some(&asset) {
                    changed.insert(source.address.clone());
                }
                asset
            }
        });
    }
    changed.extend(old.into_keys());
    *table = assets.into();
    Revised { basis: new_basis, version: versions.tag, changed }
}

/// A file as it is served; `body` has the versions in what it names, where it names anything.
fn asset(source: &StaticSource, versions: &Versions, number: usize, body: Option<Vec<u8>>) -> Asset {
    let (hash, body) = match body {
        Some(body) => (super::hash(&body), Blob::from(body)),
        None => (source.body.hash().to_string(), Blob::Shared(source.body.bytes().clone())),
    };
    Asset {
        path: source.address.clone().into(),
        is_root: source.is_root,
        is_patched: false,
        mime: mime(&source.address, &body),
        hash: hash.into(),
        version: versions.files[number].clone().into(),
        body,
        variants: Vec::new().into(),
    }
}
