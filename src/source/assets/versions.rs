//! Hashes, versions and the tag, and the versions in what stylesheets and scripts name.
//!
//! A stylesheet that names a file with its version has other bytes when that file has. So nothing is computed over the bytes with
//! versions in them: a file's own hash is that of its bytes before, and its version is a hash over the own hashes of all files
//! that can be reached from it. Files that name each other in a circle reach the same files, so they need no rule of their own.

use std::collections::BTreeSet;

use super::StaticSource;
use super::address::Parts;
use super::reference::replace;
use super::references::Link;
use crate::problem::Problem;
use crate::snapshot::{Environment, Setting, Value, schema};
use crate::source::settings::Settings;

/// Hexadecimal digits of a hash: 64 bits, which two files of one site share by chance never in practice.
const DIGITS: usize = 16;

const KEY: &str = "static.version";

/// What the versions of a site's files are.
#[derive(Debug)]
pub struct Versions {
    /// Of each file: changes when, and only when, one of the files changes that can be reached from it, itself included.
    pub files: Vec<String>,
    /// Of the site: changes when any file does.
    pub tag: String,
}

/// What stands behind the `?` of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// The version of the file that it leads to.
    Own,
    /// The tag of the site.
    Tag,
    /// A text that the author chose.
    Literal(String),
}

/// The hash of a file's bytes in hexadecimal.
pub fn hash(body: &[u8]) -> String {
    digits(blake3::Hasher::new().update(body))
}

impl Written {
    /// What the setting `static.version` asks for, as far as the build knows it. In development each file has its own version, so
    /// that an address changes when, and only when, the file does.
    pub fn new(settings: &Settings, is_prod: bool) -> Written {
        match Written::setting(settings, is_prod).map_or("auto", |(_, text)| text) {
            _ if !is_prod => Written::Own,
            "file" => Written::Own,
            "auto" => Written::Tag,
            literal => Written::Literal(literal.to_string()),
        }
    }

    /// What is wrong with the setting.
    pub fn problem(settings: &Settings, is_prod: bool) -> Option<Problem> {
        let (setting, text) = Written::setting(settings, is_prod).filter(|(_, text)| !schema::is_version(text))?;
        let message = format!("`{text}` cannot be the version in an address");
        Some(settings.error_at(setting, message).help(format!("use {}", schema::VERSION)))
    }

    /// The setting with its text, as far as the build knows it.
    fn setting(settings: &Settings, is_prod: bool) -> Option<(&Setting, &str)> {
        let environment = if is_prod { Environment::Production } else { Environment::Development };
        let setting = settings.counted(KEY, environment)?;
        Some((setting, text_of(&setting.value)?))
    }
}

impl Versions {
    /// The versions of files, sorted by address, and of the links between them.
    pub fn new(sources: &[StaticSource], links: &[Vec<Link<'_>>]) -> Versions {
        let own: Vec<String> =
            sources.iter().zip(links).map(|(source, links)| own_hash(source, links, sources)).collect();
        let all = (0..sources.len()).collect();
        let version = |number: usize| match links[number].is_empty() {
            true => own[number].clone(),
            false => together(&own[number], &reached(number, links), sources, &own),
        };
        Versions { files: (0..sources.len()).map(version).collect(), tag: together("", &all, sources, &own) }
    }

    /// The bytes of a file with the versions in what it names; `None` where it names no other file.
    pub fn body(&self, source: &StaticSource, links: &[Link<'_>], written: &Written) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(&source.body).ok().filter(|_| !links.is_empty())?;
        let version = |link: &Link<'_>| match written {
            Written::Own => self.files[link.target].as_str(),
            Written::Tag => &self.tag,
            Written::Literal(literal) => literal,
        };
        let versioned = |link: &Link<'_>| Parts::of(&link.reference.value).versioned(version(link));
        Some(replace(text, links.iter().map(|link| (link.reference, versioned(link)))).into_bytes())
    }
}

/// The text that the build knows. A variable of the environment may have another one when the process starts.
fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        Value::Env { default, .. } => default.as_deref(),
        _ => None,
    }
}

/// The hash of a file without versions: of its bytes, and of the places where versions will stand.
pub fn own_hash(source: &StaticSource, links: &[Link<'_>], sources: &[StaticSource]) -> String {
    if links.is_empty() {
        return source.body.hash().to_string();
    }
    let places = links.iter().map(|link| (link.reference.place.start, sources[link.target].address.clone()));
    source.body.linked_hash(places.collect(), |places| {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&source.body);
        for (place, target) in places {
            // No text has this byte, so what follows cannot be mistaken for an end of the body.
            hasher.update(b"\xff").update(&place.to_le_bytes());
            hasher.update(target.as_bytes());
        }
        digits(&hasher)
    })
}

/// A hash over a text and the addresses and contents of files.
pub fn together(own: &str, numbers: &BTreeSet<usize>, sources: &[StaticSource], hashes: &[String]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(own.as_bytes()).update(b"\n");
    for &number in numbers {
        // Neither an address nor a hash has these separators in it, so no two lists of files make the same bytes.
        hasher.update(sources[number].address.as_bytes()).update(b"\0").update(hashes[number].as_bytes()).update(b"\n");
    }
    digits(&hasher)
}

/// All files that can be reached from one by one or more links.
pub fn reached(from: usize, links: &[Vec<Link<'_>>]) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(number) = open.pop() {
        open.extend(links[number].iter().map(|link| link.target).filter(|target| reached.insert(*target)));
    }
    reached
}

fn digits(hasher: &blake3::Hasher) -> String {
    hasher.finalize().to_hex()[..DIGITS].to_string()
}
