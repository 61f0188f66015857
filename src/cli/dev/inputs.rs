//! Which files the binary is made of: Rust sources, what they include, and what steers cargo.
//!
//! Cargo lists the sources beside the binary, those of dependencies by path among them. To these come the `.rs` files beside them,
//! because a file that was missing is in no list, and the files by which a person steers cargo, in every folder above. What the
//! site's build.rs reads is left out: the overlay shows it at once, so it is no reason to build.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::program::is_cache;

/// What steers cargo, in the package's folder or above.
const STEERING: [&str; 6] =
    ["Cargo.toml", "Cargo.lock", "build.rs", ".cargo/config.toml", "rust-toolchain.toml", "rust-toolchain"];

/// Where a package's sources lie, for a binary that cargo tells nothing about.
const SOURCES: [&str; 2] = ["app", "src"];

/// What tells one state of a file from another.
pub(super) type Stamp = (u64, Option<SystemTime>);

/// The files that a binary is made of.
#[derive(Debug)]
pub(super) struct Inputs {
    package: PathBuf,
    dep_info: PathBuf,
    /// When cargo wrote its list.
    listed_at: Option<SystemTime>,
    /// The folders in which sources were found.
    folders: BTreeSet<PathBuf>,
    /// Files that sources include, such as by `include_str!`.
    included: BTreeSet<PathBuf>,
    /// The folders that were looked into.
    watched: BTreeSet<PathBuf>,
}

impl Inputs {
    /// The inputs of a binary that the package in this folder makes, as cargo lists them in this file.
    pub(super) fn new(package: &Path, dep_info: &Path) -> Inputs {
        let mut inputs = Inputs {
            package: package.to_owned(),
            dep_info: dep_info.to_owned(),
            listed_at: None,
            folders: SOURCES.iter().map(|name| package.join(name)).collect(),
            included: BTreeSet::new(),
            watched: BTreeSet::new(),
        };
        inputs.reload();
        inputs
    }

    /// Reads cargo's list again if it has been written since. Then gives when.
    pub(super) fn reload(&mut self) -> Option<SystemTime> {
        let written = fs::metadata(&self.dep_info).and_then(|data| data.modified()).ok()?;
        if self.listed_at == Some(written) {
            return None;
        }
        let text = fs::read_to_string(&self.dep_info).ok()?;
        self.listed_at = Some(written);
        let listed: Vec<PathBuf> = listed(&text).iter().map(|path| self.package.join(path)).collect();
        let (data, files): (Vec<&PathBuf>, Vec<&PathBuf>) = listed.iter().partition(|path| path.is_dir());
        let files = files.into_iter().filter(|file| !file.ancestors().any(is_cache));
        let (sources, others): (Vec<&PathBuf>, Vec<&PathBuf>) = files.partition(|file| is_source(file));
        self.folders = sources.iter().filter_map(|file| file.parent()).map(Path::to_owned).collect();
        let is_included = |file: &&&PathBuf| !data.iter().any(|folder| file.starts_with(folder));
        self.included = others.iter().filter(is_included).map(|file| (*file).clone()).collect();
        Some(written)
    }

    /// Every input that is there, with its state.
    pub(super) fn scan(&mut self) -> BTreeMap<PathBuf, Stamp> {
        let mut found = BTreeMap::new();
        let mut visited = BTreeSet::new();
        for folder in &self.folders {
            sources_below(folder, &mut visited, &mut found);
        }
        let above: BTreeSet<&Path> = self.folders.iter().flat_map(|folder| folder.ancestors()).collect();
        let steering = above.iter().flat_map(|folder| STEERING.iter().map(|name| folder.join(name)));
        for file in steering.chain(self.included.iter().cloned()) {
            if let Ok(data) = fs::metadata(&file) {
                visited.extend(file.parent().map(Path::to_owned));
                found.insert(file, stamp(&data));
            }
        }
        visited.insert(self.package.clone());
        self.watched = visited;
        found
    }

    /// The folders in which a change would be one of the inputs, as the latest look has found them.
    pub(super) fn watched(&self) -> &BTreeSet<PathBuf> {
        &self.watched
    }
}

/// The sources in a folder, and in the folders of it that have some: a new module may bring a new folder.
fn sources_below(folder: &Path, visited: &mut BTreeSet<PathBuf>, found: &mut BTreeMap<PathBuf, Stamp>) {
    if !visited.insert(folder.to_owned()) {
        return;
    }
    let Ok(entries) = fs::read_dir(folder) else { return };
    let (mut has_sources, mut folders) = (false, Vec::new());
    for entry in entries.flatten() {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => folders.push(path),
            _ if is_source(&path) => {
                if let Ok(data) = fs::metadata(&path) {
                    found.insert(path, stamp(&data));
                    has_sources = true;
                }
            }
            _ => {}
        }
    }
    // The package's own folder has sources where its build.rs lies there, but its folders are other crates' or cargo's.
    if has_sources && !folder.join("Cargo.toml").exists() {
        folders.iter().for_each(|folder| sources_below(folder, visited, found));
    }
}

/// Whether a file is Rust's.
pub(super) fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs")
}

/// The state of a file.
pub(super) fn stamp(data: &fs::Metadata) -> Stamp {
    (data.len(), data.modified().ok())
}

/// The files behind the colon of a list as `make` reads it. A space in a name has a backslash in front.
fn listed(text: &str) -> Vec<String> {
    let line = text.lines().next().and_then(|line| line.split_once(": ")).map(|(_, files)| files).unwrap_or_default();
    let (mut files, mut file, mut characters) = (Vec::new(), String::new(), line.chars().peekable());
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.peek() == Some(&' ') => file.extend(characters.next()),
            ' ' => files.push(std::mem::take(&mut file)),
            character => file.push(character),
        }
    }
    files.push(file);
    files.retain(|file| !file.is_empty());
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A package with a site, a dependency by path, and a binary with cargo's list beside it.
    fn package() -> (tempfile::TempDir, Inputs) {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            "site/Cargo.toml",
            "site/build.rs",
            "site/app/main.rs",
            "site/app/controller/mod.rs",
            "site/app/controller/page.sql",
            "site/app/templates/home.html",
            "site/target/CACHEDIR.TAG",
            "site/target/debug/out/site.rs",
            "library one/src/lib.rs",
            "library one/Cargo.toml",
        ];
        for file in files {
            write(&folder.path().join(file));
        }
        let sources = [
            "site/app/controller/mod.rs",
            "site/app/controller/page.sql",
            "site/app/main.rs",
            "site/app/templates",
            "site/target/debug/out/site.rs",
            "library one/src/lib.rs",
        ];
        let listed: Vec<String> =
            sources.iter().map(|file| folder.path().join(file).to_str().unwrap().replace(' ', "\\ ")).collect();
        let dep_info = folder.path().join("site/target/debug/site.d");
        fs::write(&dep_info, format!("/x/site: {}\n", listed.join(" "))).unwrap();
        let inputs = Inputs::new(&folder.path().join("site"), &dep_info);
        (folder, inputs)
    }

    fn write(file: &Path) {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "").unwrap();
    }

    fn names(folder: &tempfile::TempDir, inputs: &mut Inputs) -> Vec<String> {
        let scan = inputs.scan();
        let inside = scan.keys().filter_map(|path| path.strip_prefix(folder.path()).ok());
        inside.map(|path| path.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn sources_and_what_steers_cargo_are_inputs_and_what_the_site_shows_is_not() {
        let (folder, mut inputs) = package();
        let expected = [
            "library one/Cargo.toml",
            "library one/src/lib.rs",
            "site/Cargo.toml",
            "site/app/controller/mod.rs",
            "site/app/controller/page.sql",
            "site/app/main.rs",
            "site/build.rs",
        ];
        assert_eq!(names(&folder, &mut inputs), expected);
    }

    #[test]
    fn new_sources_and_a_new_workspace_are_inputs() {
        let (folder, mut inputs) = package();
        let new = ["site/app/controller/blog/mod.rs", "site/app/model.rs", "Cargo.toml", "site/.cargo/config.toml"];
        for file in new {
            write(&folder.path().join(file));
        }
        let names = names(&folder, &mut inputs);
        assert!(new.iter().all(|new| names.iter().any(|name| name == new)), "{names:?}");
    }

    #[test]
    fn a_package_that_cargo_tells_nothing_about_is_known_by_its_folders() {
        let (folder, _) = package();
        let mut inputs = Inputs::new(&folder.path().join("site"), Path::new("/nowhere"));
        let names = names(&folder, &mut inputs);
        assert!(
            names.contains(&"site/app/controller/mod.rs".to_owned()) && names.contains(&"site/build.rs".to_owned()),
            "{names:?}"
        );
    }
}
