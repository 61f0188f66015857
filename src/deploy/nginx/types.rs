//! The command `assets types`: NGINX takes a file's type from the ending of its name, the site from its table; this makes them equal.
//!
//! The character set is written as a part of the type. NGINX's own directive `charset` goes by type, so it could not tell a
//! stylesheet in UTF-8 from one that is not, nor `image/svg+xml` with a character set from one without.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::error::one_line;
use crate::snapshot::{Asset, Snapshot};

/// What NGINX sends where no ending decides. Endings of this type are left out, so a long or strange one needs no entry.
const DEFAULT: &str = "application/octet-stream";

/// A longer ending would not fit NGINX's table of types as it is set up by default (`types_hash_bucket_size`).
const LONGEST: usize = 32;

/// The directives below a comment that says what they are for.
pub(crate) fn page(snapshot: &Snapshot) -> String {
    let (name, release) = (one_line(&snapshot.name), one_line(&snapshot.release));
    format!(
        "# The types of the static files of {name} {release}, for the `server` or `location` with `root` and `gzip_static on`.\n{}",
        directives(&snapshot.assets)
    )
}

/// NGINX directives that give each of these files its type: `types`, `default_type`, `charset off` and, for a file whose type is not
/// that of most others with its ending, a `location` of its own. They are for a `server` or `location`.
pub(crate) fn directives(assets: &[Asset]) -> String {
    let mut text = by_ending(assets);
    for asset in odd(assets) {
        let (address, mime) = (quoted(&format!("/{}", asset.path)), quoted(&asset.mime));
        line(&mut text, format_args!("location = {address} {{\n    types {{ }}\n    default_type {mime};\n}}"));
    }
    text
}

/// The part of it that goes by endings.
pub(super) fn by_ending(assets: &[Asset]) -> String {
    let endings = endings(assets);
    let mut types: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (ending, mime) in endings.iter().filter(|(_, mime)| **mime != DEFAULT) {
        types.entry(mime).or_default().push(ending);
    }
    let mut text = "types {\n".to_string();
    for (mime, endings) in types {
        let endings: Vec<String> = endings.into_iter().map(quoted).collect();
        line(&mut text, format_args!("    {} {};", quoted(mime), endings.join(" ")));
    }
    line(
        &mut text,
        format_args!("}}\ndefault_type {DEFAULT};\n# The types above name the character set where there is one."),
    );
    line(&mut text, format_args!("charset off;"));
    text
}

/// The files whose type is not that of most others with their ending.
pub(super) fn odd(assets: &[Asset]) -> Vec<&Asset> {
    let endings = endings(assets);
    let given = |asset: &Asset| ending(&asset.path).and_then(|ending| endings.get(&ending).copied()).unwrap_or(DEFAULT);
    assets.iter().filter(|asset| given(asset) != asset.mime).collect()
}

/// The type of most files with an ending; of two that are as frequent, the first by name.
fn endings(assets: &[Asset]) -> BTreeMap<String, &str> {
    let mut counts: BTreeMap<String, BTreeMap<&str, usize>> = BTreeMap::new();
    for asset in assets {
        if let Some(ending) = ending(&asset.path) {
            *counts.entry(ending).or_default().entry(&asset.mime).or_default() += 1;
        }
    }
    counts.into_iter().map(|(ending, types)| (ending, most_frequent(types))).collect()
}

fn most_frequent(types: BTreeMap<&str, usize>) -> &str {
    // Of several greatest the last is found, which from behind is the first by name.
    types.into_iter().rev().max_by_key(|(_, count)| *count).map_or(DEFAULT, |(mime, _)| mime)
}

/// What NGINX takes for a name's ending: the text after the last dot, unless the name begins with it; ASCII letters are made small.
fn ending(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (before, ending) = name.rsplit_once('.')?;
    let fits = !before.is_empty() && !ending.is_empty() && ending.len() <= LONGEST;
    fits.then(|| ending.to_ascii_lowercase())
}

/// A parameter of a directive. Inside quotes only these two characters and line ends mean something else than themselves.
pub(super) fn quoted(text: &str) -> String {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/+-._=".contains(&byte)) {
        return text.to_string();
    }
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", text.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t"))
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("writing to a `String` cannot fail");
}
