//! Finds the static files of a site and reads them: those of `static.folders`, and those of `static.root`, which answer at the top.

use super::StaticSource;
use super::body::{Body, Facts};
use super::references::is_below;
use crate::problem::Problem;
use crate::snapshot::Route;
use crate::source::files::{Files, Found};
use crate::source::memo::Memo;
use crate::source::settings::Settings;

const FOLDERS: &str = "static.folders";
const ROOT: &str = "static.root";

/// A larger file makes every start and copy of the binary slow, and is seldom meant.
const LARGE: usize = 10 * 1024 * 1024;

/// The folders that static files are read from.
#[derive(Debug, Default)]
pub struct Folders {
    /// Those of `static.folders`: their files answer below their names (B138).
    pub below: Vec<String>,
    /// That of `static.root`.
    root: Option<String>,
}

impl Folders {
    /// The folders that the settings name, as far as they are there.
    pub fn new(files: &mut Files, settings: &Settings, problems: &mut Vec<Problem>) -> Folders {
        let below = settings.folders(files, FOLDERS, problems);
        let is_set = settings.is_named(ROOT) && !settings.text(ROOT).is_empty();
        let root = is_set.then(|| settings.folder(files, ROOT, problems)).flatten();
        let overlap = |root: &String| below.iter().find(|folder| overlap(folder, root)).map(String::as_str);
        match root.as_ref().and_then(overlap) {
            Some(folder) => {
                let message =
                    format!("`{ROOT}` and `{FOLDERS}` share `{folder}`, so files would answer at two addresses");
                let help = "put what answers at the top, such as `favicon.ico`, into a folder of its own";
                problems.push(settings.error(ROOT, message).help(help));
                Folders { below, root: None }
            }
            None => Folders { below, root },
        }
    }

    /// Folders of these names, whether they are there or not.
    pub fn named(below: Vec<String>, root: Option<String>) -> Folders {
        Folders { below, root }
    }

    /// The files of all folders, sorted by address, each address once.
    pub fn read(
        &self,
        files: &mut Files,
        facts: &mut Memo<[u8], Facts>,
        problems: &mut Vec<Problem>,
    ) -> Vec<StaticSource> {
        let sources = self.sources(files, facts);
        let large = sources.iter().filter(|source| source.body.len() > LARGE);
        problems.extend(large.map(|source| self::large(&source.file, source.body.len())));
        sources
    }

    /// The same, however large they are.
    pub fn sources(&self, files: &mut Files, facts: &mut Memo<[u8], Facts>) -> Vec<StaticSource> {
        let mut sources = Vec::new();
        for (folder, is_root) in
            self.below.iter().map(|folder| (folder, false)).chain(self.root.iter().map(|root| (root, true)))
        {
            for Found { path, name } in files.walk(folder).iter() {
                let Some(bytes) = files.bytes(path) else { continue };
                let facts = facts.get(&bytes, Facts::default);
                sources.push(StaticSource {
                    address: if is_root { name } else { path }.clone(),
                    file: path.clone(),
                    body: Body::new(bytes, facts),
                    is_root,
                    is_made: false,
                    parts: Vec::new(),
                });
            }
        }
        // One of `static.folders` may lie in another.
        sources.sort_by(|a, b| a.address.cmp(&b.address));
        sources.dedup_by(|a, b| a.address == b.address);
        sources
    }

    /// Checks what else answers at the address of a file at the top: files come before routes (B85).
    pub fn check_root(&self, sources: &[StaticSource], routes: &[Route], problems: &mut Vec<Problem>) {
        for source in sources.iter().filter(|source| source.is_root) {
            let address = &source.address;
            if let Some(folder) = self.below.iter().find(|folder| overlap(folder, address)) {
                let message = format!("this file would answer at `/{address}`, which belongs to the folder `{folder}`");
                let help = format!("put it into the folder `{folder}`, or give it another name");
                problems.push(Problem::error(&source.file, message).help(help));
            }
            for (route, pattern) in hidden(address, routes) {
                let message = format!("this file answers at `{pattern}`, so the route `{}` never would", route.name);
                let help = format!("rename the file, or change the path of the route at {}", route.place);
                problems.push(Problem::error(&source.file, message).help(help));
            }
        }
    }
}

/// The routes, each with its path, that a file hides: at its own address and, where it is the page of a folder, at that of the folder,
/// with or without a slash.
fn hidden<'r>(address: &str, routes: &'r [Route]) -> Vec<(&'r Route, &'r str)> {
    let folder = address.strip_suffix("index.html").filter(|folder| folder.is_empty() || folder.ends_with('/'));
    let addresses = [Some(address), folder, folder.map(|folder| folder.trim_end_matches('/'))];
    let is_hidden = |pattern: &str| pattern.strip_prefix('/').is_some_and(|path| addresses.contains(&Some(path)));
    let paths = routes.iter().flat_map(|route| route.paths.iter().map(move |path| (route, path.pattern.as_ref())));
    paths.filter(|(_, pattern)| is_hidden(pattern)).collect()
}

/// Whether two paths are equal or one lies below the other.
fn overlap(a: &str, b: &str) -> bool {
    a == b || is_below(a, b) || is_below(b, a)
}

fn large(path: &str, size: usize) -> Problem {
    let message = format!("this file has more than {} MB and becomes a part of the binary", size / (1024 * 1024));
    Problem::warning(path, message).help("let NGINX or another server hold what is large, or make it smaller")
}
