//! The folder of static files that NGINX serves. Versions share it, so what a new one writes over must come back when it is not kept.
//!
//! Before files are exported, every file of the folder gets a second name, in a folder within it that only root may look into. That costs
//! no space, and as the export never writes into a file but puts another one in its place, the second names keep the old contents. They
//! are within the folder because it may be a file system of its own, out of which no second name leads. Where there are no second names, a
//! copy does.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, fchown, symlink};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::files::{self, failed};
use super::machine::Call;
use super::target::process_environment;
use super::{Machine, Trail};
use crate::error::Error;

/// The folder of the second names.
const KEPT: &str = ".kalgan-before";

/// Where a copy is written before it is moved to its place.
const TEMPORARY: &str = ".kalgan-before.tmp";

/// Has a binary write its static files to a folder.
///
/// # Errors
///
/// [`Error::Deploy`] with what the binary says, [`Error::File`] where the folder cannot be kept as it was; then no file of it was touched.
pub(super) fn export(
    machine: &Machine,
    trail: &mut Trail,
    (binary, flags): (&Path, &[String]),
    folder: &Path,
) -> Result<(), Error> {
    let was_there = folder.is_dir();
    // What an interrupted deployment left.
    forget(folder)?;
    if let Some(above) = folder.parent() {
        files::make_folder(trail, above, 0o755)?;
    }
    let all_are_kept = Rc::new(Cell::new(false));
    let (place, are_kept) = (folder.to_path_buf(), Rc::clone(&all_are_kept));
    trail.back(format!("`{}` has files of the new version", folder.display()), move |_| {
        match (was_there, are_kept.get()) {
            (false, _) => files::remove_all(&place),
            // A file without a second name is not a new one: nothing was exported yet.
            (true, false) => forget(&place),
            (true, true) => give_back(&place).map_err(|error| failed(&place, "put back", &error)),
        }
    });
    if was_there {
        keep(folder).map_err(|error| failed(folder, "kept as it is", &error))?;
        all_are_kept.set(true);
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

fn kept(folder: &Path) -> PathBuf {
    folder.join(KEPT)
}

/// Gives every file of a folder a second name.
fn keep(folder: &Path) -> io::Result<()> {
    let kept = kept(folder);
    fs::DirBuilder::new().mode(0o700).create(&kept)?;
    double(folder, &kept)
}

fn double(folder: &Path, other: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (from, to) = (entry.path(), other.join(entry.file_name()));
        if from == other {
            continue;
        }
        if !entry.file_type()?.is_dir() {
            // What keeps a file from having a second name is not the same everywhere; what keeps it from being copied is told.
            fs::hard_link(&from, &to).or_else(|_| copy(&from, &to))?;
            continue;
        }
        fs::create_dir(&to)?;
        fs::set_permissions(&to, fs::metadata(&from)?.permissions())?;
        double(&from, &to)?;
    }
    Ok(())
}

/// Copies a file with its rights, its owner and its time, of which NGINX makes validators; or a link.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let data = fs::symlink_metadata(from)?;
    if data.is_symlink() {
        return symlink(fs::read_link(from)?, to);
    }
    if !data.is_file() {
        return Err(io::Error::other(format!("`{}` is neither a file nor a folder nor a link", from.display())));
    }
    fs::copy(from, to)?;
    let file = File::open(to)?;
    // Not every file system has owners.
    let _ = fchown(&file, Some(data.uid()), Some(data.gid()));
    file.set_modified(data.modified()?)?;
    // Some file systems tell only now that the disk is full.
    file.sync_all()
}

/// Makes a folder what it was: the files with second names get their first ones again, others go.
fn give_back(folder: &Path) -> io::Result<()> {
    let kept = kept(folder);
    undo(&kept, folder)?;
    fs::remove_dir_all(kept)
}

fn undo(before: &Path, folder: &Path) -> io::Result<()> {
    let is_folder = |path: &Path| fs::symlink_metadata(path).ok().map(|data| data.is_dir());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let was = path.file_name().map(|name| before.join(name)).and_then(|path| is_folder(&path));
        match is_folder(&path) {
            _ if path == before => {}
            is if is == was => {}
            Some(true) => fs::remove_dir_all(path)?,
            _ => fs::remove_file(path)?,
        }
    }
    for entry in fs::read_dir(before)? {
        let was = entry?.path();
        let place = was.file_name().map(|name| folder.join(name)).unwrap_or_default();
        match (is_folder(&was), is_folder(&place)) {
            (Some(true), Some(true)) => undo(&was, &place)?,
            // Between two names of one file nothing is to be done, and nothing is done.
            _ => move_back(&was, &place)?,
        }
    }
    Ok(())
}

/// What is mounted within the folder had to be copied, and is again.
fn move_back(was: &Path, place: &Path) -> io::Result<()> {
    match fs::rename(was, place) {
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {
            let beside = place.with_file_name(TEMPORARY);
            // What was broken off left it.
            let _ = fs::remove_file(&beside);
            copy(was, &beside)?;
            fs::rename(beside, place)
        }
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_as_it_was_before_other_files_were_put_in_place() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("public");
        fs::create_dir_all(folder.join("a/b")).unwrap();
        fs::create_dir_all(folder.join("emptied")).unwrap();
        fs::write(folder.join("a/same"), "same").unwrap();
        fs::write(folder.join("a/b/other"), "old").unwrap();
        fs::write(folder.join("gone"), "gone").unwrap();
        fs::write(folder.join("emptied/last"), "last").unwrap();
        symlink("/nowhere", folder.join("link")).unwrap();
        keep(&folder).unwrap();
        // As an export writes.
        fs::write(folder.join("new"), "new").unwrap();
        fs::rename(folder.join("new"), folder.join("a/b/other")).unwrap();
        fs::remove_file(folder.join("gone")).unwrap();
        fs::remove_dir_all(folder.join("emptied")).unwrap();
        fs::remove_file(folder.join("link")).unwrap();
        fs::create_dir_all(folder.join("link")).unwrap();
        fs::create_dir_all(folder.join("c/d")).unwrap();
        fs::write(folder.join("c/d/e"), "new").unwrap();
        give_back(&folder).unwrap();
        let files = ["a/same", "a/b/other", "gone", "emptied/last"];
        let texts = files.map(|file| fs::read_to_string(folder.join(file)).unwrap());
        assert_eq!(texts, ["same", "old", "gone", "last"]);
        assert_eq!(fs::read_link(folder.join("link")).unwrap(), Path::new("/nowhere"));
        assert!(!folder.join("c").exists() && !kept(&folder).exists());
    }

    #[test]
    fn a_copy_is_what_it_was_made_of() {
        let base = tempfile::tempdir().unwrap();
        let at = |name: &str| base.path().join(name);
        fs::write(at("file"), "text").unwrap();
        files::set_mode(&at("file"), 0o640).unwrap();
        let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
        File::options().write(true).open(at("file")).unwrap().set_modified(long_ago).unwrap();
        symlink("/nowhere", at("link")).unwrap();
        ["file", "link"].iter().for_each(|name| copy(&at(name), &at(&format!("{name} of it"))).unwrap());
        let data = fs::metadata(at("file of it")).unwrap();
        assert_eq!((data.mode() & 0o7777, data.modified().unwrap()), (0o640, long_ago));
        assert_eq!(fs::read_to_string(at("file of it")).unwrap(), "text");
        assert_eq!(fs::read_link(at("link of it")).unwrap(), Path::new("/nowhere"));
        let socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        assert!(copy(&at("socket"), &at("socket of it")).unwrap_err().to_string().contains("is neither a file"));
        drop(socket);
    }
}
