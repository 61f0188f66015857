//! What belongs to a site's folder: the rules of [`crate::source::files`] without its messages.
//!
//! Names that begin with a dot do not belong to it, links out of the folder are not followed, links to a folder that contains them
//! neither.

use std::fs;
use std::path::{Path, PathBuf};

/// A site's folder.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    root: PathBuf,
}

/// Where a link leads, inside the site's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// Its path without links.
    pub(super) real: PathBuf,
    /// Whether it is a folder.
    pub(super) is_folder: bool,
}

/// What a walk shows its findings to. Paths are relative to the site's folder, with `/` between their parts.
pub(super) trait Visitor {
    /// A folder that is listed next.
    fn folder(&mut self, path: &str);
    /// A file, or a link to one.
    fn file(&mut self, path: &str);
    /// A link to a file, a folder or nothing in the site's folder. What it leads to is shown as well.
    fn link(&mut self, path: &str, target: Option<&Target>);
}

impl Tree {
    /// The tree below this folder, which need not be there yet.
    pub(super) fn new(root: &Path) -> Tree {
        Tree { root: std::path::absolute(root).unwrap_or_else(|_| root.to_path_buf()) }
    }

    /// The folder itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The place of a path on disk.
    pub(super) fn full(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }

    /// Shows all that lies at a path or below it: nothing where it is gone.
    pub(super) fn walk(&self, path: &str, visitor: &mut dyn Visitor) {
        let is_link = |data: &fs::Metadata| data.is_symlink() && !path.is_empty();
        match fs::symlink_metadata(self.full(path)) {
            Err(_) => {}
            Ok(data) if is_link(&data) => self.walk_link(path, &mut self.parents(path), visitor),
            Ok(data) if data.is_file() => visitor.file(path),
            Ok(_) => {
                let mut chain = self.parents(path);
                chain.extend(fs::canonicalize(self.full(path)));
                self.walk_folder(path, &mut chain, visitor);
            }
        }
    }

    /// The folder of the last element of `chain`, which are the folders that are being walked, without links.
    fn walk_folder(&self, path: &str, chain: &mut Vec<PathBuf>, visitor: &mut dyn Visitor) {
        visitor.folder(path);
        let Ok(entries) = fs::read_dir(self.full(path)) else { return };
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let Ok(kind) = entry.file_type() else { continue };
            if is_hidden(&name) {
                continue;
            }
            let below = join(path, &name);
            if kind.is_symlink() {
                self.walk_link(&below, chain, visitor);
            } else if kind.is_dir() {
                chain.push(chain.last().map_or_else(|| self.full(&below), |parent| parent.join(&name)));
                self.walk_folder(&below, chain, visitor);
                chain.pop();
            } else if kind.is_file() {
                visitor.file(&below);
            }
        }
    }

    fn walk_link(&self, path: &str, chain: &mut Vec<PathBuf>, visitor: &mut dyn Visitor) {
        let target = self.target(path);
        visitor.link(path, target.as_ref());
        match target {
            Some(Target { is_folder: false, .. }) => visitor.file(path),
            Some(Target { real, .. }) if !chain.contains(&real) => {
                chain.push(real);
                self.walk_folder(path, chain, visitor);
                chain.pop();
            }
            _ => {}
        }
    }

    /// Where a link leads; `None` where that is nowhere or out of the site's folder.
    fn target(&self, path: &str) -> Option<Target> {
        let real = fs::canonicalize(self.full(path)).ok()?;
        let is_inside = real.starts_with(fs::canonicalize(&self.root).ok()?);
        let is_folder = real.is_dir();
        is_inside.then_some(Target { real, is_folder })
    }

    /// The folders above a path, without links.
    fn parents(&self, path: &str) -> Vec<PathBuf> {
        let ends = path.match_indices('/').map(|(end, _)| end);
        let above = (!path.is_empty()).then_some(0).into_iter().chain(ends);
        above.filter_map(|end| fs::canonicalize(self.full(&path[..end])).ok()).collect()
    }
}

/// Whether a name does not belong to the site, as the names of many editors' temporary files.
pub(super) fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}

/// A folder's path and a name in it as one path.
pub(super) fn join(folder: &str, name: &str) -> String {
    crate::source::files::join(folder, name)
}

/// Whether a path is a folder's or lies below it. Everything lies below the site's folder, whose path is empty.
pub(super) fn is_within(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
