//! Keeps a file of a form: written beside its place, brought to the disk, renamed.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::file::Stored;

/// How the names of files begin that are being written. Hidden, so that nobody serves or lists them.
const PREFIX: &str = ".upload-";

/// Keeps it at the path, over what is there if `replaces`.
pub(super) async fn save(content: Stored, path: PathBuf, replaces: bool) -> io::Result<()> {
    let work = move || {
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("an upload cannot be saved as `{}`: {error}", path.display()))
        };
        write(&content, &path, replaces).map_err(named)
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn write(content: &Stored, path: &Path, replaces: bool) -> io::Result<()> {
    // Renaming asks again; this spares writing a large file for nothing.
    if !replaces && path.symlink_metadata().is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // As with any new file, `umask` takes from these what it takes.
    let permissions = fs::Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new().prefix(PREFIX).permissions(permissions).tempfile_in(folder)?;
    copy(content, file.as_file_mut())?;
    file.as_file().sync_all()?;
    let kept = if replaces { file.persist(path) } else { file.persist_noclobber(path) };
    kept.map_err(|error| error.error)?;
    // The name is on the disk when its folder is.
    fs::File::open(folder)?.sync_all()
}

fn copy(content: &Stored, to: &mut fs::File) -> io::Result<()> {
    let span = match content {
        Stored::Memory(bytes) => return to.write_all(bytes),
        Stored::Disk(span) => span,
    };
    let mut at = 0;
    while at < span.length {
        let piece = span.read(at)?;
        to.write_all(&piece)?;
        at += piece.len() as u64;
    }
    Ok(())
}
