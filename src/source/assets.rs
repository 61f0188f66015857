//! Static files to a table by address, each with its media type and hash, and the version tag over all of them.
//!
//! Files are taken as they are; what the build does to them before they are served (minifying, bundling) is not known here.

use std::collections::BTreeMap;

use crate::problem::Problem;
use crate::snapshot::{Asset, Text};
use crate::source::files::Files;
use crate::source::settings::Settings;

const KEY: &str = "static.folders";

/// Hexadecimal digits of a hash: 64 bits, which two files of one site share by chance never in practice.
const DIGITS: usize = 16;

/// A larger file makes every start and copy of the binary slow, and is seldom meant.
const LARGE: usize = 10 * 1024 * 1024;

/// Reads the static files of a site, sorted by address.
pub fn read(files: &mut Files, settings: &Settings, problems: &mut Vec<Problem>) -> Vec<Asset> {
    let mut assets = BTreeMap::new();
    for folder in settings.folders(files, KEY, problems) {
        for found in files.walk(&folder) {
            let Some(body) = files.bytes(&found.path) else { continue };
            if body.len() > LARGE {
                problems.push(large(&found.path, body.len()));
            }
            assets.insert(found.path.clone(), asset(found.path, body));
        }
    }
    assets.into_values().collect()
}

/// The version tag of a site: a hash over addresses and contents of all its static files, which must be sorted.
pub fn version(assets: &[Asset]) -> String {
    let mut hasher = blake3::Hasher::new();
    for asset in assets {
        // Neither an address nor a hash has these separators in it, so no two lists of files make the same bytes.
        hasher.update(asset.path.as_bytes()).update(b"\0").update(asset.hash.as_bytes()).update(b"\n");
    }
    hasher.finalize().to_hex()[..DIGITS].to_string()
}

/// The hash of a file's bytes in hexadecimal.
pub fn hash(body: &[u8]) -> String {
    blake3::hash(body).to_hex()[..DIGITS].to_string()
}

/// The media type by a file's name, with its character set where the bytes are text in UTF-8.
pub fn mime(path: &str, body: &[u8]) -> Text {
    let mime = mime_guess::from_path(path).first_or_octet_stream();
    let is_text = mime.type_() == mime_guess::mime::TEXT || mime.subtype() == mime_guess::mime::JAVASCRIPT;
    if is_text && std::str::from_utf8(body).is_ok() {
        return format!("{}; charset=utf-8", mime.essence_str()).into();
    }
    mime.essence_str().to_string().into()
}

fn asset(path: String, body: Vec<u8>) -> Asset {
    let hash = hash(&body);
    Asset {
        mime: mime(&path, &body),
        hash: hash.clone().into(),
        version: hash.into(),
        path: path.into(),
        body: body.into(),
        variants: Vec::new().into(),
    }
}

fn large(path: &str, size: usize) -> Problem {
    let message = format!("this file has more than {} MB and becomes a part of the binary", size / (1024 * 1024));
    Problem::warning(path, message).help("let NGINX or another server hold what is large, or make it smaller")
}
