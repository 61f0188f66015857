//! Finds the static files of a site and reads them.

use std::collections::BTreeMap;

use super::StaticSource;
use crate::problem::Problem;
use crate::source::files::Files;
use crate::source::settings::Settings;

const FOLDERS: &str = "static.folders";

/// A larger file makes every start and copy of the binary slow, and is seldom meant.
const LARGE: usize = 10 * 1024 * 1024;

/// The files of all folders that `static.folders` names, each address once.
pub fn files(files: &mut Files, settings: &Settings, problems: &mut Vec<Problem>) -> Vec<StaticSource> {
    let mut sources = BTreeMap::new();
    for folder in settings.folders(files, FOLDERS, problems) {
        for found in files.walk(&folder) {
            let Some(body) = files.bytes(&found.path) else { continue };
            if body.len() > LARGE {
                problems.push(large(&found.path, body.len()));
            }
            let source = StaticSource {
                address: found.path.clone(),
                file: found.path.clone(),
                body,
                is_made: false,
                parts: Vec::new(),
            };
            sources.insert(found.path, source);
        }
    }
    sources.into_values().collect()
}

fn large(path: &str, size: usize) -> Problem {
    let message = format!("this file has more than {} MB and becomes a part of the binary", size / (1024 * 1024));
    Problem::warning(path, message).help("let NGINX or another server hold what is large, or make it smaller")
}
