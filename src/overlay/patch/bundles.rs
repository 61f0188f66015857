//! Bundles hold copies: a file of an overlay changes its own address, and not the bundles that the build put it into.

use std::collections::BTreeMap;

use crate::problem::Problem;
use crate::snapshot::{Snapshot, Value};

/// A warning for each file of an overlay of which a bundle of the binary holds a copy. `changed` has the files by their addresses.
pub fn copies(binary: &Snapshot, changed: &BTreeMap<String, String>) -> Vec<Problem> {
    let setting =
        binary.settings.iter().rev().find(|setting| setting.key == "static.bundles" && setting.only.is_none());
    let Some(Value::Map(bundles)) = setting.map(|setting| &setting.value) else { return Vec::new() };
    let mut problems = Vec::new();
    for (name, files) in bundles.iter() {
        let Value::List(files) = files else { continue };
        let parts: Vec<&str> = files.iter().filter_map(text).collect();
        let copied = changed.iter().filter(|(address, _)| parts.iter().any(|part| is_at(address, part)));
        // Who replaces the bundle as well knows what is in it.
        if changed.keys().any(|address| is_at(address, name)) {
            continue;
        }
        problems.extend(copied.map(|(_, file)| {
            let message = format!("the bundle `{name}` has a copy of this file, which stays as it is in the binary");
            let help = "put the whole bundle into the overlay, at its own address, or build the site again";
            Problem::warning(file, message).help(help)
        }));
    }
    problems
}

/// Whether a value, as the filter `asset` takes it, can be the file at an address: it may leave the folder's name out.
fn is_at(address: &str, value: &str) -> bool {
    let value = value.trim_start_matches('/');
    address.strip_suffix(value).is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
