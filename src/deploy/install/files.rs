//! Files, folders and links: each change is whole or not there at all, and is told to the trail before it is made.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::Trail;
use crate::error::Error;

/// What is found at a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    File {
        bytes: Vec<u8>,
        mode: u32,
    },
    Link(PathBuf),
    /// A folder or something that is no file at all.
    Other,
}

/// The error of a change to a path.
pub(super) fn failed(path: &Path, what: &str, error: &io::Error) -> Error {
    Error::File(format!("`{}` cannot be {what}: {error}", path.display()))
}

/// Looks at a path, without following a link.
///
/// # Errors
///
/// [`Error::File`] where it cannot be read.
pub(super) fn look(path: &Path) -> Result<Found, Error> {
    let wrong = |error| failed(path, "read", &error);
    let data = match fs::symlink_metadata(path) {
        Ok(data) => data,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Found::Nothing);
        }
        Err(error) => return Err(wrong(error)),
    };
    if data.is_symlink() {
        return fs::read_link(path).map(Found::Link).map_err(wrong);
    }
    if !data.is_file() {
        return Ok(Found::Other);
    }
    let mode = data.permissions().mode() & 0o7777;
    fs::read(path).map(|bytes| Found::File { bytes, mode }).map_err(wrong)
}

/// Makes a folder and those above it that are not there, with these rights for all of them.
///
/// # Errors
///
/// [`Error::File`] where one cannot be made.
pub(super) fn make_folder(trail: &mut Trail, path: &Path, mode: u32) -> Result<(), Error> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent() {
        // What is above a folder that only root may enter is for everybody.
        make_folder(trail, above, 0o755)?;
    }
    let back = path.to_path_buf();
    trail.back(format!("the folder `{}` is there", path.display()), move |_| remove_folder(&back));
    fs::create_dir(path).map_err(|error| failed(path, "made", &error))?;
    set_mode(path, mode)
}

/// Writes a file: beside its place, then moved there.
///
/// # Errors
///
/// [`Error::File`] where that cannot be done; then nothing has changed.
pub(super) fn write(trail: &mut Trail, path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let before = look(path)?;
    let (place, shown) = (path.to_path_buf(), path.display());
    trail.back(format!("`{shown}` is the new one"), move |_| put_back(&place, &before));
    replace(path, bytes, mode)
}

/// Removes a file or link.
///
/// # Errors
///
/// [`Error::File`] where that cannot be done.
pub(super) fn remove(trail: &mut Trail, path: &Path) -> Result<(), Error> {
    let before = look(path)?;
    let place = path.to_path_buf();
    trail.back(format!("`{}` is gone", path.display()), move |_| put_back(&place, &before));
    remove_file(path)
}

/// Makes a link, or changes where it leads to, in one step.
///
/// # Errors
///
/// [`Error::File`] where that cannot be done.
pub(super) fn link(trail: &mut Trail, path: &Path, target: &Path) -> Result<(), Error> {
    let before = look(path)?;
    let place = path.to_path_buf();
    trail.back(format!("the link `{}` is the new one", path.display()), move |_| put_back(&place, &before));
    replace_link(path, target)
}

/// Makes a path what it was before. There may be nothing to do.
///
/// # Errors
///
/// [`Error::File`] where that cannot be done.
pub(super) fn put_back(path: &Path, before: &Found) -> Result<(), Error> {
    if look(path)? == *before {
        return Ok(());
    }
    match before {
        Found::Nothing => remove_file(path),
        Found::File { bytes, mode } => replace(path, bytes, *mode),
        Found::Link(target) => replace_link(path, target),
        // Nothing here replaces a folder.
        Found::Other => Ok(()),
    }
}

/// Writes a file in one step, so that nobody reads half of it and a power failure leaves the old or the new one.
pub(super) fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    replace_by(path, mode, |file| file.write_all(bytes))
}

/// Writes a file in one step, as a function fills it.
pub(super) fn replace_by(path: &Path, mode: u32, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), Error> {
    if path.is_dir() {
        return Err(Error::File(format!("`{}` is a folder and must be a file; move it away", path.display())));
    }
    let beside = beside(path);
    let written = || -> io::Result<()> {
        // What an interrupted deployment left there.
        let _ = fs::remove_file(&beside);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        fill(&mut file)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    written().map_err(|error| {
        let _ = fs::remove_file(&beside);
        failed(path, "written", &error)
    })?;
    sync_folder(path);
    Ok(())
}

fn replace_link(path: &Path, target: &Path) -> Result<(), Error> {
    let beside = beside(path);
    let _ = fs::remove_file(&beside);
    let made = symlink(target, &beside).and_then(|()| fs::rename(&beside, path));
    made.map_err(|error| {
        let _ = fs::remove_file(&beside);
        failed(path, "made", &error)
    })?;
    sync_folder(path);
    Ok(())
}

fn remove_file(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(path, "removed", &error)),
        _ => {
            sync_folder(path);
            Ok(())
        }
    }
}

/// Removes a folder that is empty.
pub(super) fn remove_folder(path: &Path) -> Result<(), Error> {
    match fs::remove_dir(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(path, "removed", &error)),
        _ => Ok(()),
    }
}

/// Removes a folder with all that is in it.
pub(super) fn remove_all(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(path, "removed", &error)),
        _ => Ok(()),
    }
}

/// Gives a file or folder its rights, whatever the mask of the process is.
pub(super) fn set_mode(path: &Path, mode: u32) -> Result<(), Error> {
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(|error| failed(path, "given its rights", &error))
}

/// A name in the same folder. systemd and NGINX read no file whose name begins with a dot.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

/// Makes a change of a folder outlast a power failure. Where a file system cannot, the change counts all the same.
fn sync_folder(path: &Path) {
    let _ = path.parent().map(File::open).map(|folder| folder.and_then(|folder| folder.sync_all()));
}
