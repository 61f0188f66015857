//! `{{ "/css/site.css" | asset }}`: the static file.

use std::collections::BTreeSet;

use super::Use;
use super::written::{Dynamic, Written, path_of, written};
use crate::hint::nearest;
use crate::problem::Problem;
use crate::snapshot::Snapshot;

/// The static files by address.
pub struct Files<'s> {
    /// Addresses without the leading slash.
    addresses: BTreeSet<&'s str>,
    /// Those of `static.root`, which are written as they are whatever `static.path` is.
    root: BTreeSet<&'s str>,
    prefix: Written,
    folders: Vec<String>,
    dynamic: Dynamic,
}

impl<'s> Files<'s> {
    /// The static files of a site.
    pub fn new(snapshot: &'s Snapshot) -> Self {
        let mut folders = written(&snapshot.settings, "static.folders").texts;
        if folders.is_empty() {
            folders.push("static".to_string());
        }
        Files {
            addresses: snapshot.assets.iter().map(|asset| asset.path.as_ref()).collect(),
            root: snapshot.assets.iter().filter(|asset| asset.is_root).map(|asset| asset.path.as_ref()).collect(),
            prefix: written(&snapshot.settings, "static.path"),
            folders: folders.iter().map(|folder| folder.trim_matches('/').to_string()).collect(),
            dynamic: Dynamic::new(&snapshot.settings, "static.dynamic"),
        }
    }

    /// Checks one use of `asset`.
    pub fn check(&self, used: &Use<'_>) -> Option<Problem> {
        let value = used.text();
        let path = value.split(['?', '#']).next().unwrap_or(value);
        if self.dynamic.covers(value) || self.is_there(path) {
            return None;
        }
        let problem = used.error(format!("there is no static file `{value}`")).help(self.advice(path));
        Some(problem.help(format!("if it is made only at run time, add `{value}` to the setting `static.dynamic`")))
    }

    /// What to write in place of a value that names no file.
    fn advice(&self, path: &str) -> String {
        let names = self.names();
        if let Some(similar) = nearest(path, names.iter().map(String::as_str)) {
            return format!("did you mean `{similar}`?");
        }
        if path.contains("://") {
            return "`asset` is for the site's own files; an address needs no filter".to_string();
        }
        match self.without_prefix(path) {
            Some(name) if self.root.contains(&name[1..]) => {
                format!("write `{name}`: it is a file of `static.root`, which answers at the top")
            }
            Some(name) => format!("write `{name}`: the filter puts what stands before it in front"),
            None => format!("put it there as `{}/{}`", self.folders[0], path.trim_start_matches('/')),
        }
    }

    /// What is left of a whole address, written as the browser sees it, when the part that the filter adds is taken away.
    fn without_prefix<'p>(&self, path: &'p str) -> Option<&'p str> {
        let prefixes =
            self.prefix.texts.iter().map(|prefix| path_of(prefix)).chain(self.folders.iter().map(String::as_str));
        let names = prefixes.filter_map(|prefix| path.trim_start_matches('/').strip_prefix(prefix.trim_matches('/')));
        names.filter(|name| name.starts_with('/')).find(|name| self.is_there(name))
    }

    /// Whether a file is at the path of `static.path` with the value behind it, or beneath one of the folders (B135), or at the top.
    /// [`Assets::url`](crate::site::Assets::url) finds the same files.
    fn is_there(&self, value: &str) -> bool {
        let value = value.strip_prefix('/').unwrap_or(value);
        let below = |folder: &str| {
            let address = format!("{}/{value}", folder.trim_matches('/'));
            self.addresses.contains(address.trim_start_matches('/'))
        };
        let mut prefixes = self.prefix.texts.iter().map(|prefix| path_of(prefix));
        // Where only the running process knows `static.path`, it may be the path of any folder that files lie in.
        let anywhere = || self.addresses.iter().any(|address| address.strip_suffix(value).is_some_and(is_folder));
        prefixes.any(below)
            || (self.prefix.texts.is_empty() && self.addresses.contains(value))
            || self.folders.iter().any(|folder| below(folder))
            || self.root.contains(value)
            || (self.prefix.is_open && anywhere())
    }

    /// What could be written for each file.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.root.iter().map(|address| format!("/{address}")).collect();
        for address in &self.addresses {
            for folder in &self.folders {
                names.extend(
                    address.strip_prefix(folder.as_str()).filter(|name| name.starts_with('/')).map(str::to_string),
                );
            }
        }
        names
    }
}

fn is_folder(prefix: &str) -> bool {
    prefix.is_empty() || prefix.ends_with('/')
}
