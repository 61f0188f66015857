//! The folder that the build writes, kept equal to what it should hold.
//!
//! Files of an earlier run that are no longer wanted go away, because `rust-embed` embeds whatever it finds; a file
//! that already has the right bytes is left alone, because its time tells cargo whether to compile again.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The files that the folder is to hold, by path relative to it.
pub(super) type Files<'a> = BTreeMap<PathBuf, &'a [u8]>;

/// Makes `folder` hold exactly these files.
///
/// # Errors
///
/// A text that names the path that could not be read, written or removed.
pub(super) fn write(folder: &Path, files: &Files) -> Result<(), String> {
    create(folder)?;
    remove_others(folder, Path::new(""), files)?;
    for (name, bytes) in files {
        write_changed(&folder.join(name), bytes)?;
    }
    Ok(())
}

fn write_changed(path: &Path, bytes: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        create(parent)?;
    }
    fs::write(path, bytes).map_err(|error| message("write", path, &error))
}

/// Makes a folder and those it lies in.
pub(super) fn create(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|error| message("create", folder, &error))
}

/// Removes what is not wanted below `relative`, folders that become empty included.
fn remove_others(root: &Path, relative: &Path, files: &Files) -> Result<(), String> {
    let folder = root.join(relative);
    let entries = fs::read_dir(&folder).map_err(|error| message("read", &folder, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| message("read", &folder, &error))?;
        let name = relative.join(entry.file_name());
        let kind = entry.file_type().map_err(|error| message("read", &entry.path(), &error))?;
        if !kind.is_dir() {
            if !files.contains_key(&name) {
                fs::remove_file(entry.path()).map_err(|error| message("remove", &entry.path(), &error))?;
            }
        } else if holds_wanted(&name, files) {
            remove_others(root, &name, files)?;
        } else {
            fs::remove_dir_all(entry.path()).map_err(|error| message("remove", &entry.path(), &error))?;
        }
    }
    Ok(())
}

/// Whether a wanted file lies below the folder `name`.
fn holds_wanted(name: &Path, files: &Files) -> bool {
    // Paths sort by their parts, so all that lie below a folder follow its own name.
    let mut from = files.range::<Path, _>((Bound::Included(name), Bound::Unbounded));
    from.next().is_some_and(|(wanted, _)| wanted != name && wanted.starts_with(name))
}

fn message(verb: &str, path: &Path, error: &io::Error) -> String {
    format!("cannot {verb} `{}`: {error}", path.display())
}
