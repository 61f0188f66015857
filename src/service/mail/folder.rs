//! Mails as files, for a site that hands them on itself, and for what could not be sent.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::Error;
use crate::service::random;

/// A folder of `.eml` files, whose names begin with their time and end in a way that nobody can guess.
#[derive(Debug, Clone)]
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    /// Writes a mail to a file of its own: whoever looks into the folder sees it whole or not at all, and it outlives a crash. Gives its
    /// path.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where it cannot be written.
    pub(super) async fn put(&self, parts: Vec<bytes::Bytes>) -> Result<PathBuf, Error> {
        let folder = self.0.clone();
        let written = tokio::task::spawn_blocking(move || put(&folder, &parts)).await;
        written.map_err(|error| Error::File(format!("a mail cannot be written: {error}")))?
    }

    /// Makes the folder where it is not there.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where it cannot be made.
    pub(super) fn make(&self) -> Result<(), Error> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.0);
        made.map_err(|error| cannot(&self.0, &error))
    }
}

fn put(folder: &Path, parts: &[bytes::Bytes]) -> Result<PathBuf, Error> {
    Folder(folder.to_path_buf()).make()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let name = format!("{now:013}-{}.eml", random::hex::<16>()?);
    let (path, unfinished) = (folder.join(&name), folder.join(format!(".{name}.part")));
    let written = write(&unfinished, parts)
        .and_then(|()| std::fs::rename(&unfinished, &path))
        .and_then(|()| File::open(folder)?.sync_all());
    if let Err(error) = written {
        // Where it was not written there is nothing to remove.
        let _ = std::fs::remove_file(&unfinished);
        return Err(cannot(&path, &error));
    }
    Ok(path)
}

fn write(path: &Path, parts: &[bytes::Bytes]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    parts.iter().try_for_each(|part| file.write_all(part))?;
    file.sync_all()
}

fn cannot(path: &Path, error: &io::Error) -> Error {
    Error::File(format!(
        "`{}` cannot be written: {error}; `mailer.path` or `data.path` names the folder",
        path.display()
    ))
}
