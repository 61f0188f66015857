//! Which static file a path is the address of.
//!
//! Every address that answers is written into one table when the site is made, so a request is one look-up by name, and a site that
//! has no files outside its folders does not even look up what is not below them.

use ahash::AHashMap;

use crate::error::Error;
use crate::site::Site;
use crate::snapshot::{Asset, Text};

/// The page that stands for its folder.
const INDEX: &str = "index.html";

/// The addresses of all files that are served.
#[derive(Debug)]
pub(super) struct Addresses {
    /// The folders of `static.folders`, each as the path that it answers under: a slash at both ends.
    prefixes: Vec<String>,
    /// By path without the leading slash.
    targets: AHashMap<Text, Target>,
    /// Whether an address lies below none of the prefixes: a file of `static.root`, or a folder of `static.folders` that has a page.
    has_others: bool,
}

/// What answers at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    /// The file of this number.
    File(usize),
    /// A folder that has a page, without the slash at its end.
    Folder,
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The file of this number.
    File(usize),
    /// A folder that has a page, without the slash at its end.
    Folder,
    /// Nothing, below a folder of static files.
    Nothing,
    /// Nothing that has to do with static files.
    Elsewhere,
}

impl Addresses {
    /// The addresses of the files that the settings `static.folders` and `static.root` say are served.
    pub(super) fn new(site: &Site) -> Result<Self, Error> {
        let folders = site.settings.get_vec("static.folders")?;
        let root = site.settings.get::<Option<String>>("static.root")?;
        let has_root = root.is_some_and(|folder| !folder.trim().is_empty());
        let prefixes = folders.iter().filter_map(|folder| prefix(folder)).collect();
        let mut addresses = Addresses { prefixes, targets: AHashMap::new(), has_others: false };
        for (number, file) in site.assets.files().iter().enumerate() {
            if addresses.is_inside(&format!("/{}", file.path)) || (has_root && file.is_root) {
                addresses.add(number, file);
            }
        }
        addresses.has_others = addresses.targets.keys().any(|path| !addresses.is_inside(&format!("/{path}")));
        Ok(addresses)
    }

    /// What a path leads to, given percent-decoded; `separates` is false where a slash in it was encoded, so that it is no file's.
    pub(super) fn find(&self, path: &str, separates: bool) -> Found {
        let is_inside = self.is_inside(path);
        let nothing = if is_inside { Found::Nothing } else { Found::Elsewhere };
        if !separates || !(is_inside || self.has_others) {
            return nothing;
        }
        match path.strip_prefix('/').and_then(|path| self.targets.get(path)) {
            Some(Target::File(number)) => Found::File(*number),
            Some(Target::Folder) => Found::Folder,
            None => nothing,
        }
    }

    fn is_inside(&self, path: &str) -> bool {
        self.prefixes.iter().any(|prefix| path.starts_with(prefix.as_str()))
    }

    fn add(&mut self, number: usize, file: &Asset) {
        self.targets.insert(file.path.clone(), Target::File(number));
        match file.path.strip_suffix(INDEX) {
            Some("") => {
                self.targets.insert(Text::Borrowed(""), Target::File(number));
            }
            Some(folder) if folder.ends_with('/') => {
                self.targets.insert(Text::Owned(folder[..folder.len() - 1].to_string()), Target::Folder);
                self.targets.insert(Text::Owned(folder.to_string()), Target::File(number));
            }
            _ => {}
        }
    }
}

/// The path that a folder answers under; none for an empty item, which would cover the whole site (B140).
fn prefix(folder: &str) -> Option<String> {
    let folder = folder.trim().trim_matches('/');
    (!folder.is_empty()).then(|| format!("/{folder}/"))
}
