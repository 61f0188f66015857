//! The disk itself: nothing is remembered here, and every answer is a result.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Entry, TextFile, join};
use crate::problem::{Problem, position};

/// A site's folder.
#[derive(Debug, Clone)]
pub struct Disk {
    root: PathBuf,
    /// The root without links, which everything must stay below.
    real_root: PathBuf,
}

/// The names in a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Sorted, without those that begin with a dot.
    pub names: Vec<String>,
    /// Names that cannot be used, or will make trouble elsewhere.
    pub problems: Vec<Problem>,
}

impl Disk {
    /// The folder of a site.
    ///
    /// # Errors
    /// The folder is not there, is a file, or may not be read.
    pub fn open(root: &Path) -> Result<Disk, Box<Problem>> {
        let unreadable = |reason: String| {
            let help = "name the folder of a site, with `config`, `routes`, `templates` and so on in it";
            Box::new(Problem::error(shown(root), reason).help(help))
        };
        let real_root = fs::canonicalize(root).map_err(|error| unreadable(reason(&error)))?;
        if !real_root.is_dir() {
            return Err(unreadable("this is not a folder".to_string()));
        }
        Ok(Disk { root: root.to_path_buf(), real_root })
    }

    /// The folder as it was named.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path of the site as one of the system.
    pub fn full(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// Whether anything lies at a path, be it a link that leads nowhere. What cannot be told is there, and [`Disk::resolve`] says why.
    pub fn exists(&self, path: &str) -> bool {
        let is_missing =
            |error: io::Error| matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
        !fs::symlink_metadata(self.full(path)).is_err_and(is_missing)
    }

    /// Follows a path's links. What leads out of the site's folder, or nowhere, is a problem.
    pub fn resolve(&self, path: &str) -> Result<(Entry, PathBuf), Box<Problem>> {
        let real = fs::canonicalize(self.full(path)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                refused(path, "this link leads nowhere", Some("let the link name a file of the site, or remove it"))
            }
            _ => refused(path, reason(&error), None),
        })?;
        if !real.starts_with(&self.real_root) {
            let help = "copy what it leads to into the site's folder: the site is frozen from this folder alone";
            return Err(refused(path, "this leads out of the site's folder", Some(help)));
        }
        match (real.is_file(), real.is_dir()) {
            (true, _) => Ok((Entry::File, real)),
            (_, true) => Ok((Entry::Folder, real)),
            _ => Err(refused(path, "this is neither a file nor a folder", Some("remove it"))),
        }
    }

    /// Where a path leads that goes through links, relative to the site's folder; `None` for one without links.
    pub fn target(&self, path: &str, real: &Path) -> Option<String> {
        let target = real.strip_prefix(&self.real_root).ok()?;
        (target != Path::new(path)).then(|| shown(target))
    }

    /// The names in a folder.
    pub fn list(&self, folder: &str) -> Listing {
        let mut listing = Listing::default();
        let listed = fs::read_dir(self.full(folder)).and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<Vec<_>>>()
        });
        let listed = listed.unwrap_or_else(|error| {
            listing.problems.push(*refused(folder, reason(&error), None));
            Vec::new()
        });
        for name in listed {
            match name.into_string() {
                Ok(name) if name.starts_with('.') => {}
                Ok(name) => listing.names.push(name),
                Err(name) => {
                    let path = join(folder, &name.to_string_lossy());
                    listing.problems.push(*refused(&path, "this name is not UTF-8", Some("rename it")));
                }
            }
        }
        listing.names.sort();
        listing.warn_of_case(folder);
        listing
    }

    /// A file as it is.
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, Box<Problem>> {
        fs::read(self.full(path)).map_err(|error| refused(path, reason(&error), None))
    }

    /// A file as text, without a byte order mark.
    pub fn text(&self, path: &str) -> Result<String, Box<Problem>> {
        decoded(path, self.bytes(path)?)
    }
}

impl Listing {
    /// Two names that differ only in case are one file where the file system ignores case.
    fn warn_of_case(&mut self, folder: &str) {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for name in &self.names {
            if let Some(other) = seen.insert(name.to_lowercase(), name) {
                let message = format!("`{name}` and `{other}` differ only in capital letters");
                let help = "rename one of them: on Windows and macOS one would overwrite the other";
                self.problems.push(Problem::warning(join(folder, name), message).help(help));
            }
        }
    }
}

/// A link into a folder that it lies in.
pub fn circle(path: &str) -> Problem {
    let help = "remove the link, or let it name a folder that does not contain it";
    *refused(path, "this link leads to a folder that contains it", Some(help))
}

fn refused(path: &str, what: impl Into<String>, help: Option<&str>) -> Box<Problem> {
    let mut problem = Problem::error(path, what);
    problem.help.extend(help.map(str::to_string));
    Box::new(problem)
}

/// A text file that is no part of a site, such as an operator's settings.
///
/// # Errors
/// The file cannot be read, or is not UTF-8.
pub fn text_anywhere(path: &Path, shown: &str) -> Result<TextFile, Box<Problem>> {
    let bytes = fs::read(path).map_err(|error| Box::new(Problem::error(shown, reason(&error))))?;
    Ok(TextFile { path: shown.to_string(), name: shown.to_string(), text: decoded(shown, bytes)? })
}

/// Bytes as text without a byte order mark.
fn decoded(path: &str, bytes: Vec<u8>) -> Result<String, Box<Problem>> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text)),
        Err(error) => Err(Box::new(not_utf8(path, error.as_bytes(), error.utf8_error().valid_up_to()))),
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// An error of the operating system in words.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_string(),
        io::ErrorKind::PermissionDenied => "this user may not read it".to_string(),
        _ => format!("it cannot be read: {error}"),
    }
}

fn not_utf8(path: &str, bytes: &[u8], offset: usize) -> Problem {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Problem::error(path, "the file is not UTF-8: it looks like UTF-16").help("save it as UTF-8");
    }
    let text = String::from_utf8_lossy(bytes);
    let (line, column) = position(&text, offset);
    Problem::error(path, format!("the file is not UTF-8: it has the byte 0x{:02X} here", bytes[offset]))
        .at(&text, line, column, 1)
        .help("save it as UTF-8; most often it was saved as Windows-1252 or Latin-1")
}
