//! The folder that everything which a process writes goes to: the setting `data.path`.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Error;

/// A folder that is removed, with all that is in it, when this is dropped.
#[derive(Debug)]
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // What cannot be removed is left to whatever empties the system's folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The folder for what a process writes. It is made, for this user alone, when something is first written to it.
#[derive(Debug, Clone)]
pub struct DataFolder {
    path: PathBuf,
    /// What removes the folder when nobody uses it any more.
    #[allow(dead_code, reason = "it is only held, for as long as the folder is")]
    temporary: Option<Arc<Temporary>>,
}

impl DataFolder {
    /// This folder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        DataFolder { path: path.into(), temporary: None }
    }

    /// A folder of its own below the system's folder for temporary files, removed when nobody uses it any more; for tests.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where it cannot be made.
    pub(crate) fn temporary() -> Result<Self, Error> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let parent = std::env::temp_dir();
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = parent.join(format!("kalgan-{}-{number}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {
                    let temporary = Some(Arc::new(Temporary(path.clone())));
                    return Ok(DataFolder { path, temporary });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(Error::File(format!("the folder `{}` cannot be made: {error}", path.display())));
                }
            }
        }
    }

    /// Where the folder is, whether it is there or not.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in the folder, which is made where it is not there. The name is the program's own, never a client's.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where the folder cannot be made.
    pub fn file(&self, name: impl AsRef<Path>) -> Result<PathBuf, Error> {
        let path = self.path.join(name);
        self.make(path.parent().unwrap_or(&self.path))?;
        Ok(path)
    }

    /// The path of a folder in the folder; both are made where they are not there.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where the folder cannot be made.
    pub fn folder(&self, name: impl AsRef<Path>) -> Result<PathBuf, Error> {
        let path = self.path.join(name);
        self.make(&path)?;
        Ok(path)
    }

    fn make(&self, folder: &Path) -> Result<(), Error> {
        let is_new = !self.path.exists();
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| self.cannot(folder, &error))?;
        match is_new {
            true => self.ignore(),
            false => Ok(()),
        }
    }

    /// What is in the folder is no source: git is told so by a file in it.
    fn ignore(&self) -> Result<(), Error> {
        let path = self.path.join(".gitignore");
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        match file.and_then(|mut file| file.write_all(b"*\n")) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(self.cannot(&path, &error)),
            _ => Ok(()),
        }
    }

    fn cannot(&self, path: &Path, error: &std::io::Error) -> Error {
        Error::File(format!(
            "`{}` cannot be made: {error}; set `data.path` to a folder that this process may write to, or under systemd `StateDirectory=`",
            path.display()
        ))
    }
}
