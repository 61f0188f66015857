//! The only door to the disk: every walk is sorted, every read names its file, and nothing outside the site's folder is touched.
//!
//! What cannot be read is a [`Problem`] like any other mistake. What the files mean is left to the modules beside this one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::hint::nearest;
use crate::problem::{Problem, position};

/// A site file as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// The file relative to the site's folder, with `/` between its parts: for messages to people.
    pub path: String,
    /// The file relative to the folder that was walked: a template's name.
    pub name: String,
    /// What is in it, without a byte order mark.
    pub text: String,
}

/// A file that a walk has found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The file relative to the site's folder.
    pub path: String,
    /// The file relative to the folder that was walked.
    pub name: String,
}

/// What a path of the site is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Nothing is there, or nothing that can be read.
    Missing,
    /// A file.
    File,
    /// A folder.
    Folder,
}

/// The site's folder, with what went wrong in it so far.
#[derive(Debug)]
pub struct Files {
    root: PathBuf,
    /// The root without links, which everything must stay below.
    real_root: PathBuf,
    /// What could not be read, and names that cannot stay as they are.
    pub problems: Vec<Problem>,
    /// The files and folders that were read: when one of them changes, the site has changed.
    pub watched: BTreeSet<PathBuf>,
}

impl Files {
    /// The folder of a site.
    ///
    /// # Errors
    /// The folder is not there, is a file, or may not be read.
    pub fn open(root: &Path) -> Result<Files, Box<Problem>> {
        let unreadable = |reason: String| {
            let help = "name the folder of a site, with `config`, `routes`, `templates` and so on in it";
            Box::new(Problem::error(shown(root), reason).help(help))
        };
        let real_root = fs::canonicalize(root).map_err(|error| unreadable(reason(&error)))?;
        if !real_root.is_dir() {
            return Err(unreadable("this is not a folder".to_string()));
        }
        Ok(Files { root: root.to_path_buf(), real_root, problems: Vec::new(), watched: BTreeSet::new() })
    }

    /// What lies at a path relative to the site's folder. A link out of the folder counts as missing and is a problem.
    pub fn entry(&mut self, path: &str) -> Entry {
        let full = self.root.join(path);
        match fs::symlink_metadata(&full) {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Entry::Missing
            }
            Err(error) => self.refuse(path, reason(&error), None),
            Ok(_) => self.resolve(path).map_or(Entry::Missing, |(entry, _)| entry),
        }
    }

    /// All files below a folder, sorted by path; files and folders whose name begins with a dot are left out.
    pub fn walk(&mut self, folder: &str) -> Vec<Found> {
        let mut found = Vec::new();
        if let Some((Entry::Folder, real)) = self.resolve(folder) {
            self.walk_into(folder, "", &mut vec![real], &mut found);
        }
        found.sort();
        found
    }

    /// All YAML files below a folder, sorted by path. One whose ending is nearly that of YAML is a warning, because nothing reads it.
    pub fn walk_yaml(&mut self, folder: &str) -> Vec<Found> {
        let (yaml, others): (Vec<_>, Vec<_>) = self.walk(folder).into_iter().partition(|found| is_yaml(&found.name));
        self.problems.extend(others.iter().filter_map(nearly_yaml));
        yaml
    }

    /// The names of the folders directly in a folder, sorted, without those that begin with a dot.
    pub fn folders(&mut self, folder: &str) -> Vec<String> {
        let names = self.names(folder);
        names.into_iter().filter(|name| self.entry(&join(folder, name)) == Entry::Folder).collect()
    }

    /// A file as text. A byte order mark is dropped; bytes that are not UTF-8 are a problem at their place.
    pub fn text(&mut self, found: &Found) -> Option<TextFile> {
        let bytes = self.bytes(&found.path)?;
        let text = decoded(&found.path, bytes).map_err(|problem| self.problems.push(*problem)).ok()?;
        Some(TextFile { path: found.path.clone(), name: found.name.clone(), text })
    }

    /// A file as it is.
    pub fn bytes(&mut self, path: &str) -> Option<Vec<u8>> {
        let full = self.root.join(path);
        let read = fs::read(&full);
        self.watched.insert(full);
        read.map_err(|error| self.refuse(path, reason(&error), None)).ok()
    }

    fn walk_into(&mut self, folder: &str, below: &str, chain: &mut Vec<PathBuf>, found: &mut Vec<Found>) {
        for name in self.names(folder) {
            let (path, name) = (join(folder, &name), join(below, &name));
            match self.resolve(&path) {
                Some((Entry::File, _)) => found.push(Found { path, name }),
                Some((Entry::Folder, real)) if chain.contains(&real) => {
                    let help = "remove the link, or let it name a folder that does not contain it";
                    self.refuse(&path, "this link leads to a folder that contains it".to_string(), Some(help));
                }
                Some((Entry::Folder, real)) => {
                    chain.push(real);
                    self.walk_into(&path, &name, chain, found);
                    chain.pop();
                }
                Some((Entry::Missing, _)) | None => {}
            }
        }
    }

    /// The names in a folder, sorted, without those that begin with a dot.
    fn names(&mut self, folder: &str) -> Vec<String> {
        let full = self.root.join(folder);
        let listed = fs::read_dir(&full).and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.file_name())).collect::<io::Result<Vec<_>>>()
        });
        self.watched.insert(full);
        let listed = listed.unwrap_or_else(|error| {
            self.refuse(folder, reason(&error), None);
            Vec::new()
        });
        let mut names = Vec::new();
        for name in listed {
            match name.into_string() {
                Ok(name) if name.starts_with('.') => {}
                Ok(name) => names.push(name),
                Err(name) => {
                    let path = join(folder, &name.to_string_lossy());
                    self.refuse(&path, "this name is not UTF-8".to_string(), Some("rename it"));
                }
            }
        }
        names.sort();
        self.warn_of_case(folder, &names);
        names
    }

    /// Follows a path's links. What leads out of the site's folder, or nowhere, is a problem.
    fn resolve(&mut self, path: &str) -> Option<(Entry, PathBuf)> {
        let full = self.root.join(path);
        let real = match fs::canonicalize(&full) {
            Ok(real) => real,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let help = "let the link name a file of the site, or remove it";
                self.refuse(path, "this link leads nowhere".to_string(), Some(help));
                return None;
            }
            Err(error) => {
                self.refuse(path, reason(&error), None);
                return None;
            }
        };
        if !real.starts_with(&self.real_root) {
            let help = "copy what it leads to into the site's folder: the site is frozen from this folder alone";
            self.refuse(path, "this leads out of the site's folder".to_string(), Some(help));
            return None;
        }
        match (real.is_file(), real.is_dir()) {
            (true, _) => Some((Entry::File, real)),
            (_, true) => Some((Entry::Folder, real)),
            _ => {
                self.refuse(path, "this is neither a file nor a folder".to_string(), Some("remove it"));
                None
            }
        }
    }

    /// Two names that differ only in case are one file where the file system ignores case.
    fn warn_of_case(&mut self, folder: &str, names: &[String]) {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for name in names {
            if let Some(other) = seen.insert(name.to_lowercase(), name) {
                let message = format!("`{name}` and `{other}` differ only in capital letters");
                let help = "rename one of them: on Windows and macOS one would overwrite the other";
                self.problems.push(Problem::warning(join(folder, name), message).help(help));
            }
        }
    }

    fn refuse(&mut self, path: &str, what: String, help: Option<&str>) -> Entry {
        let mut problem = Problem::error(path, what);
        problem.help.extend(help.map(str::to_string));
        self.problems.push(problem);
        Entry::Missing
    }
}

/// A path as somebody wrote it in a setting, in normal form: without `./`, doubled slashes and a slash at either end.
/// `None` where it is absolute or climbs with `..`, because nothing outside the site's folder belongs to the site.
///
/// ```
/// use kalgan::source::files::normal;
/// assert_eq!(normal("./config//routes/").as_deref(), Some("config/routes"));
/// assert_eq!(normal("../routes"), None);
/// ```
pub fn normal(path: &str) -> Option<String> {
    let absolute = path.starts_with(['/', '\\']) || path.get(1..2) == Some(":");
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    (!absolute && !parts.contains(&"..")).then(|| parts.join("/"))
}

/// Whether a file is YAML by its name: `.yaml` or `.yml` in any case (B9, C19).
pub fn is_yaml(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml")
}

/// What is said of a file that was surely meant to be YAML; the copies that editors leave behind are none.
fn nearly_yaml(found: &Found) -> Option<Problem> {
    let extension = found.name.rsplit_once('.')?.1;
    let meant = nearest(&extension.to_lowercase(), ["yaml", "yml"]).filter(|_| !extension.ends_with('~'))?;
    let message = format!("this file is not read, because its name ends in `.{extension}`");
    Some(Problem::warning(&found.path, message).help(format!("did you mean `.{meant}`?")))
}

/// A folder's path and a name in it as one path.
pub fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_is_sorted_and_leaves_hidden_files_out() {
        let site = tempfile::tempdir().unwrap();
        for file in ["b/z.txt", "b/a.txt", "b.txt", "a/x.txt", ".hidden", ".git/config"] {
            let path = site.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let mut files = Files::open(site.path()).unwrap();
        let names: Vec<_> = files.walk("").into_iter().map(|found| found.path).collect();
        assert_eq!(names, ["a/x.txt", "b.txt", "b/a.txt", "b/z.txt"]);
        assert_eq!(files.problems, []);
        assert!(files.watched.contains(&site.path().join("b")));
    }

    #[test]
    fn a_byte_order_mark_is_dropped() {
        let site = tempfile::tempdir().unwrap();
        fs::write(site.path().join("a.yaml"), "\u{feff}a: 1").unwrap();
        let mut files = Files::open(site.path()).unwrap();
        let found = files.walk("").remove(0);
        assert_eq!(files.text(&found).unwrap().text, "a: 1");
    }

    #[test]
    fn yaml_is_known_by_its_extension_in_any_case() {
        assert!(is_yaml("a.yaml") && is_yaml("A.YML") && is_yaml("a.prod.Yaml"));
        assert!(!is_yaml("yaml") && !is_yaml("a.yaml~") && !is_yaml("a.json"));
    }
}
