//! The folder of static files that NGINX serves. Versions share it, so what a new one writes over must come back when it is not kept.
//!
//! Before files are exported, every file of the folder gets a second name in a folder beside it. That costs no space, and as the export
//! never writes into a file but puts another one in its place, the second names keep the old contents.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::files::{self, failed};
use super::machine::Call;
use super::target::process_environment;
use super::{Machine, Trail};
use crate::error::Error;

/// Has a binary write its static files to a folder.
///
/// # Errors
///
/// [`Error::Deploy`] with what the binary says, [`Error::File`] where the folder cannot be kept as it was.
pub(super) fn export(
    machine: &Machine,
    trail: &mut Trail,
    (binary, flags): (&Path, &[String]),
    folder: &Path,
) -> Result<(), Error> {
    let was_there = folder.is_dir();
    let kept = kept(folder);
    // What an interrupted deployment left.
    files::remove_all(&kept)?;
    if let Some(above) = folder.parent() {
        files::make_folder(trail, above, 0o755)?;
    }
    let (place, copy) = (folder.to_path_buf(), kept.clone());
    trail.back(format!("`{}` has files of the new version", folder.display()), move |_| match was_there {
        true => give_back(&copy, &place).map_err(|error| failed(&place, "put back", &error)),
        false => files::remove_all(&place),
    });
    if was_there {
        double(folder, &kept).map_err(|error| failed(folder, "kept", &error))?;
    }
    let mut call = Call::new(binary, &["assets", "export", &folder.to_string_lossy()]);
    call.arguments.extend(flags.iter().cloned());
    machine.call(Call { environment: Some(process_environment(&[])), ..call })?;
    if !was_there {
        files::set_mode(folder, 0o755)?;
    }
    Ok(())
}

/// Forgets the second names: the new files are to stay.
pub(super) fn forget(folder: &Path) -> Result<(), Error> {
    files::remove_all(&kept(folder))
}

/// The folder of the second names.
fn kept(folder: &Path) -> PathBuf {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    folder.with_file_name(format!(".{name}.before"))
}

/// Gives every file a second name in another folder.
fn double(folder: &Path, other: &Path) -> io::Result<()> {
    fs::create_dir(other)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let place = other.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => double(&entry.path(), &place)?,
            false => fs::hard_link(entry.path(), place)?,
        }
    }
    Ok(())
}

/// Makes a folder what it was: the files with second names get their first ones again, others go.
fn give_back(kept: &Path, folder: &Path) -> io::Result<()> {
    if !kept.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let before = kept.join(entry.file_name());
        match (entry.file_type()?.is_dir(), before.is_dir()) {
            (true, true) => give_back(&before, &entry.path())?,
            (true, false) => fs::remove_dir_all(entry.path())?,
            (false, _) if fs::symlink_metadata(&before).is_err() => fs::remove_file(entry.path())?,
            _ => {}
        }
    }
    for entry in fs::read_dir(kept)? {
        let entry = entry?;
        let place = folder.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => {}
            // A rename between two names of one file does nothing, so the second name goes by itself.
            false if is_one(&entry.path(), &place) => fs::remove_file(entry.path())?,
            false => fs::rename(entry.path(), place)?,
        }
    }
    fs::remove_dir_all(kept)
}

fn is_one(a: &Path, b: &Path) -> bool {
    let number = |path: &Path| fs::symlink_metadata(path).map(|data| (data.dev(), data.ino()));
    number(a).ok().zip(number(b).ok()).is_some_and(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_as_it_was_before_other_files_were_put_in_place() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("public");
        fs::create_dir_all(folder.join("a/b")).unwrap();
        fs::write(folder.join("a/same"), "same").unwrap();
        fs::write(folder.join("a/b/other"), "old").unwrap();
        fs::write(folder.join("gone"), "gone").unwrap();
        double(&folder, &kept(&folder)).unwrap();
        // As an export writes.
        fs::write(folder.join("new"), "new").unwrap();
        fs::rename(folder.join("new"), folder.join("a/b/other")).unwrap();
        fs::remove_file(folder.join("gone")).unwrap();
        fs::create_dir_all(folder.join("c/d")).unwrap();
        fs::write(folder.join("c/d/e"), "new").unwrap();
        give_back(&kept(&folder), &folder).unwrap();
        assert_eq!(fs::read_to_string(folder.join("a/same")).unwrap(), "same");
        assert_eq!(fs::read_to_string(folder.join("a/b/other")).unwrap(), "old");
        assert_eq!(fs::read_to_string(folder.join("gone")).unwrap(), "gone");
        assert!(!folder.join("c").exists() && !kept(&folder).exists());
    }
}
