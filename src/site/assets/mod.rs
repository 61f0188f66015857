//! Static files by address, and the addresses that the filter `asset` writes (B135).
//!
//! How a file is sent is the business of `server`.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use ahash::AHashMap;

use super::settings::Settings;
use crate::error::Error;
use crate::snapshot::{Asset, List, Text, schema};

/// All static files of a site.
#[derive(Debug)]
pub struct Assets {
    files: List<Asset>,
    /// The number of the file by its address, without the leading slash.
    paths: AHashMap<Text, usize>,
    /// What `asset` writes, by the value that it is given.
    addresses: AHashMap<Box<str>, Box<str>>,
    writing: Writing,
}

/// How addresses are written.
#[derive(Debug, PartialEq, Eq)]
struct Writing {
    /// The setting `static.path`.
    prefix: String,
    /// The setting `static.folders`.
    folders: Vec<String>,
    version: Version,
    /// The version tag of the site, which stylesheets of the build may carry whatever the setting is by now.
    tag: String,
}

/// What `asset` appends.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Version {
    /// The same text to all addresses; nothing where it is empty.
    Tag(String),
    /// Each file's own version.
    File,
}

impl Assets {
    /// Indexes the files, and writes all addresses beforehand.
    ///
    /// `tag` is the snapshot's version. In development each address carries its file's own hash, so that it changes when, and
    /// only when, the file does; in production the setting `static.version` says what it carries.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where a setting under `static` is not of its type, or cannot be written into addresses.
    pub fn new(files: List<Asset>, tag: &str, settings: &Settings) -> Result<Self, Error> {
        Ok(Assets::of(files, Writing::new(tag, settings)?))
    }

    /// The files as they are now, of which these addresses are others than before. Where neither they nor a setting have changed, it is
    /// the same index.
    ///
    /// # Errors
    ///
    /// As [`Assets::new`].
    pub(super) fn revised(
        self: &Arc<Self>,
        files: &[Asset],
        changed: &BTreeSet<String>,
        tag: &str,
        settings: &Settings,
    ) -> Result<Arc<Self>, Error> {
        let writing = Writing::new(tag, settings)?;
        if changed.is_empty() && writing == self.writing {
            return Ok(Arc::clone(self));
        }
        Ok(Arc::new(Assets::of(files.to_vec().into(), writing)))
    }

    fn of(files: List<Asset>, writing: Writing) -> Self {
        let paths = files.iter().enumerate().map(|(number, file)| (file.path.clone(), number)).collect();
        let mut assets = Assets { files, paths, addresses: AHashMap::new(), writing };
        assets.write_addresses();
        assets
    }

    /// The file at an address, given percent-decoded and without the leading slash.
    pub fn get(&self, path: &str) -> Option<&Asset> {
        self.number(path).map(|number| &self.files[number])
    }

    /// The number of the file at an address: the same as in the snapshot.
    pub fn number(&self, path: &str) -> Option<usize> {
        self.paths.get(path).copied()
    }

    /// All files, sorted by address.
    pub fn files(&self) -> &[Asset] {
        &self.files
    }

    /// What the filter `asset` writes for a value: `static.path`, the value, `?` and the version (B135).
    ///
    /// The file is the one at `static.path` followed by the value, or else at the value beneath the first of `static.folders`
    /// that has it, or else the file of `static.root` at the value. Without `static.path` the address of a file beneath a folder is the
    /// one that the file answers at; that of a file of `static.root` always is. A value that has a query gets `&` instead of `?`, and a
    /// fragment stays last. A value that is no file gets the version that all files share, if there is one.
    pub fn url<'a>(&'a self, value: &str) -> Cow<'a, str> {
        if let Some(address) = self.addresses.get(value) {
            return Cow::Borrowed(address);
        }
        let (rest, fragment) = value.find('#').map_or((value, ""), |start| value.split_at(start));
        let (path, query) = rest.find('?').map_or((rest, ""), |start| rest.split_at(start));
        let address = match self.addresses.get(path) {
            // The version comes after the value's own query.
            Some(address) => {
                let (plain, version) = address.split_once('?').unwrap_or((address, ""));
                versioned(format!("{plain}{query}"), version)
            }
            None => versioned(join(&self.writing.prefix, path) + query, self.shared_version()),
        };
        Cow::Owned(address + fragment)
    }

    /// Whether a request's query is a current version of a file, so that the answer may be kept for good: the one that `asset`
    /// writes, the file's own, or the tag of the site. Stylesheets have the version that the build knew, which may be one of the others.
    ///
    /// What an operator's overlay changed has only its own version: copies of what the binary has may be kept under all others.
    pub fn is_current(&self, file: &Asset, query: &str) -> bool {
        let version = query.rsplit('&').next().unwrap_or_default();
        let is_shared = || !file.is_patched && (version == self.version(file) || version == self.writing.tag);
        !version.is_empty() && (version == file.version || is_shared())
    }

    /// The version in a file's address; empty where there is none.
    pub fn version<'a>(&'a self, file: &'a Asset) -> &'a str {
        match &self.writing.version {
            _ if file.is_patched => &file.version,
            Version::Tag(tag) => tag,
            Version::File => &file.version,
        }
    }

    fn shared_version(&self) -> &str {
        match &self.writing.version {
            Version::Tag(tag) => tag,
            Version::File => "",
        }
    }

    /// Writes the address of each file for each value that names it; the earlier value wins where two files share one.
    fn write_addresses(&mut self) {
        let of_files = || top_folders(&self.files);
        let folders = if self.writing.folders.is_empty() { of_files() } else { self.writing.folders.clone() };
        let prefix = &self.writing.prefix;
        let mut addresses = AHashMap::new();
        let mut add = |value: &str, file: &Asset, plain: String| {
            let address: Box<str> = versioned(plain, self.version(file)).into();
            addresses.entry(value[1..].into()).or_insert_with(|| address.clone());
            addresses.entry(value.into()).or_insert(address);
        };
        let base = path_of(prefix).trim_end_matches('/');
        for file in self.files.iter() {
            let address = format!("/{}", file.path);
            if let Some(value) = address.strip_prefix(base).filter(|value| value.starts_with('/')) {
                // A file at the top lies beneath no prefix.
                add(value, file, if file.is_root { address.clone() } else { join(prefix, value) });
            }
        }
        let (root, below): (Vec<&Asset>, Vec<&Asset>) = self.files.iter().partition(|file| file.is_root);
        for folder in folders.iter().map(|folder| folder.trim_matches('/')) {
            let values = below.iter().filter_map(|file| Some((file.path.strip_prefix(folder)?, file)));
            for (value, file) in values.filter(|(value, _)| value.starts_with('/')) {
                let is_local = prefix.is_empty();
                add(value, file, if is_local { format!("/{}", file.path) } else { join(prefix, value) });
            }
        }
        for file in root {
            let address = format!("/{}", file.path);
            add(&address, file, address.clone());
        }
        self.addresses = addresses;
    }
}

impl Writing {
    fn new(tag: &str, settings: &Settings) -> Result<Self, Error> {
        Ok(Writing {
            version: Version::new(tag, settings)?,
            prefix: settings.get_string("static.path").unwrap_or_default(),
            folders: settings.get_vec("static.folders")?,
            tag: tag.to_string(),
        })
    }
}

impl Version {
    /// What the setting `static.version` asks for.
    fn new(tag: &str, settings: &Settings) -> Result<Self, Error> {
        const KEY: &str = "static.version";
        let version = settings.get_string(KEY)?;
        if !schema::is_version(&version) {
            return Err(Error::Setting(format!("{} may only have {}", settings.name(KEY), schema::VERSION)));
        }
        Ok(match version.as_str() {
            _ if !settings.is_prod() => Version::File,
            "file" => Version::File,
            "auto" => Version::Tag(tag.to_string()),
            _ => Version::Tag(version),
        })
    }
}

/// The folders that the files lie in, for a process that serves none of them: it writes the same addresses all the same.
fn top_folders(files: &[Asset]) -> Vec<String> {
    let files = files.iter().filter(|file| !file.is_root);
    let folders: BTreeSet<_> = files.filter_map(|file| file.path.split_once('/')).map(|(top, _)| top).collect();
    folders.into_iter().map(str::to_string).collect()
}

/// The path of `static.path`, which may be a whole address such as a CDN's.
fn path_of(prefix: &str) -> &str {
    let after_scheme = prefix.split_once("//").map(|(_, rest)| rest);
    match after_scheme {
        Some(rest) => rest.find('/').map_or("", |start| &rest[start..]),
        None => prefix,
    }
}

/// Prefix and value with exactly one slash between them; a value without a prefix stays as it is.
fn join(prefix: &str, value: &str) -> String {
    if prefix.is_empty() {
        return value.to_string();
    }
    format!("{}/{}", prefix.trim_end_matches('/'), value.trim_start_matches('/'))
}

fn versioned(mut address: String, version: &str) -> String {
    if !version.is_empty() {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(version);
    }
    address
}

#[cfg(test)]
mod tests;
