//! The folder that is exported to: every change of it is here, and none leads out of it.
//!
//! A link at a file's place is replaced and never followed; a link or a file where a folder must be is refused. The folder itself may be a
//! link, as it is where a release is switched by one.

use std::fs::{self, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::plan::{File, Plan};
use crate::cli::make_folders;
use crate::error::Error;

/// Where a file is written before it is moved to its place, in the same folder: one name, so that what a killed export left is replaced.
/// The lock sees to it that no other export uses it.
const TEMPORARY: &str = ".kalgan-export.tmp";

/// For all to read, whatever the process's umask is: the web server is another user than the one that exports.
const PUBLIC: u32 = 0o644;

/// For its owner alone.
const PRIVATE: u32 = 0o600;

/// A folder that no other export writes to.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
    /// Locked as long as it is open.
    _lock: fs::File,
}

impl Folder {
    /// Makes the folder if it is not there, and locks it.
    ///
    /// # Errors
    ///
    /// [`Error::File`] when that cannot be done.
    pub fn open(root: &Path) -> Result<Folder, Error> {
        make_folders(root).map_err(|error| failure(root, "cannot be made", &error))?;
        let lock = fs::File::open(root).map_err(|error| failure(root, "cannot be opened", &error))?;
        if let Err(TryLockError::WouldBlock) = lock.try_lock() {
            let shown = root.display();
            return Err(Error::File(format!("another export is writing to `{shown}`; try again when it has ended")));
        }
        // Some network file systems have no locks for folders. Two exports at once are too rare to refuse those for it.
        Ok(Folder { root: root.to_path_buf(), _lock: lock })
    }

    /// Looks for whatever stands in the way of a plan, before anything is written.
    ///
    /// # Errors
    ///
    /// [`Error::File`] with all of it, a line each.
    pub fn check(&self, plan: &Plan<'_>) -> Result<(), Error> {
        let mut obstacles: Vec<String> = Vec::new();
        for path in plan.files.keys() {
            let obstacle = self.obstacle(path).filter(|obstacle| !obstacles.contains(obstacle));
            obstacles.extend(obstacle);
        }
        if obstacles.is_empty() { Ok(()) } else { Err(Error::File(obstacles.join("\n"))) }
    }

    /// Writes a file, unless it is there with the same bytes and time. Gives whether it was written.
    ///
    /// # Errors
    ///
    /// [`Error::File`] when it cannot be written; what was there before is then still there.
    pub fn write(&self, path: &str, file: &File<'_>) -> Result<bool, Error> {
        self.write_with(path, file, PUBLIC)
    }

    /// The same for a file that only its owner may read.
    ///
    /// # Errors
    ///
    /// As for [`Folder::write`].
    pub fn write_private(&self, path: &str, file: &File<'_>) -> Result<bool, Error> {
        self.write_with(path, file, PRIVATE)
    }

    /// A file's bytes; none where there is no file.
    ///
    /// # Errors
    ///
    /// [`Error::File`] when something is there that cannot be read.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Error> {
        if !self.has(path) {
            return Ok(None);
        }
        let target = self.root.join(path);
        fs::read(&target).map(Some).map_err(|error| failure(&target, "cannot be read", &error))
    }

    /// Whether a file lies at this path, reached without a link.
    pub fn has(&self, path: &str) -> bool {
        self.obstacle(path).is_none() && fs::symlink_metadata(self.root.join(path)).is_ok_and(|found| found.is_file())
    }

    /// Removes a file or link, and the folders below this one that have become empty. Gives whether there was one; a folder stays.
    ///
    /// # Errors
    ///
    /// [`Error::File`] when it cannot be removed.
    pub fn remove(&self, path: &str) -> Result<bool, Error> {
        let target = self.root.join(path);
        match fs::remove_file(&target) {
            Err(error) if is_absence(&error) => return Ok(false),
            Err(error) => return Err(failure(&target, "cannot be removed", &error)),
            Ok(()) => {}
        }
        let folders = target.ancestors().skip(1).take_while(|folder| *folder != self.root);
        // The first that is not empty cannot be removed, and ends it.
        folders.map(fs::remove_dir).take_while(Result::is_ok).for_each(drop);
        Ok(true)
    }

    /// A path as messages show it.
    pub fn shown(&self, path: &str) -> String {
        format!("`{}`", self.root.join(path).display())
    }

    fn write_with(&self, path: &str, file: &File<'_>, mode: u32) -> Result<bool, Error> {
        let target = self.root.join(path);
        if is_there(&target, file, mode) {
            return Ok(false);
        }
        let parent = target.parent().unwrap_or(&self.root);
        make_folders(parent).map_err(|error| failure(parent, "cannot be made", &error))?;
        replace(&target, file, mode).map_err(|error| failure(&target, "cannot be written", &error))?;
        Ok(true)
    }

    /// Why nothing can be written or removed at a path, if so: a sentence for people.
    fn obstacle(&self, path: &str) -> Option<String> {
        let mut place = self.root.clone();
        let mut names = path.split('/').peekable();
        while let Some(name) = names.next() {
            place.push(name);
            let Ok(found) = fs::symlink_metadata(&place) else { return None };
            let (shown, is_last) = (place.display(), names.peek().is_none());
            let what = match (is_last, found.is_dir(), found.is_symlink()) {
                (false, true, _) | (true, false, _) => continue,
                (true, true, _) => "is a folder where a file belongs",
                (false, _, true) => "is a link where a folder belongs, and would lead elsewhere",
                (false, _, false) => "is a file where a folder belongs",
            };
            return Some(format!("`{shown}` {what}; move it away, or export to another folder"));
        }
        None
    }
}

/// Whether exactly this file is at its place already, and all who are to read it may.
fn is_there(target: &Path, file: &File<'_>, mode: u32) -> bool {
    const READING: u32 = 0o444;
    let Ok(found) = fs::symlink_metadata(target) else { return false };
    let is_alike = found.is_file()
        && (mode & READING) & !found.permissions().mode() == 0
        && usize::try_from(found.len()) == Ok(file.body.len())
        && found.modified().is_ok_and(|modified| modified == file.modified);
    is_alike && fs::read(target).is_ok_and(|bytes| bytes == file.body)
}

/// Whether an attempt to remove a file failed because there is none.
fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory)
}

/// Puts a file in place in one step: whoever opens it gets all of the old one or all of the new one.
fn replace(target: &Path, file: &File<'_>, mode: u32) -> io::Result<()> {
    let temporary = target.with_file_name(TEMPORARY);
    let written = write_new(&temporary, file, mode).and_then(|()| fs::rename(&temporary, target));
    if written.is_err() {
        // The error to report is the first one.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write_new(path: &Path, file: &File<'_>, mode: u32) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut new = OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(path)?;
    new.write_all(file.body)?;
    new.set_permissions(Permissions::from_mode(mode))?;
    new.set_modified(file.modified)?;
    // Some file systems tell only now that the disk is full.
    new.sync_all()
}

fn failure(path: &Path, what: &str, error: &io::Error) -> Error {
    let advice = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "choose a folder that this user may write to",
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => "choose a folder, or a name that is free",
        ErrorKind::InvalidFilename => "give it a shorter name in the site",
        _ => "mend this",
    };
    let path = path.display();
    Error::File(format!("`{path}` {what}: {error}; {advice} and export again (whatever is in the folder now is whole)"))
}
