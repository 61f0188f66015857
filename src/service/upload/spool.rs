//! The temporary file of one form, for what is too large to be kept in memory.
//!
//! A form has one such file however many parts it has, so that it takes one descriptor of the process. The file has no name in the
//! folder: when the process is killed the system frees it. It lies in `data.path`, because the system's folder for
//! temporary files is often memory.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use crate::http::Failure;
use crate::process::DataFolder;

/// How many bytes are written at once.
const ROOM: usize = 256 << 10;

/// The folder below `data.path`.
const FOLDER: &str = "uploads";

/// A file that goes when the last one that uses it does. The system takes some hundred milliseconds to free a gigabyte, so that is done
/// where nobody waits for it.
pub(super) struct Temporary(Option<File>);

impl Temporary {
    /// Reads exactly as many bytes as there is room for.
    pub(super) fn read_at(&self, room: &mut [u8], begin: u64) -> io::Result<()> {
        self.file().read_exact_at(room, begin)
    }

    fn file(&self) -> &File {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let file = self.0.take();
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(move || drop(file))),
            Err(_) => drop(file),
        }
    }
}

/// Where the large files of a form are written one behind the other.
pub(super) struct Spool {
    data: DataFolder,
    file: Option<Arc<Temporary>>,
    /// How many bytes are in the file.
    written: u64,
    /// What is to be written next.
    waiting: Vec<u8>,
}

impl Spool {
    pub(super) fn new(data: &DataFolder) -> Self {
        Spool { data: data.clone(), file: None, written: 0, waiting: Vec::new() }
    }

    /// The file, made when it is first needed, and where what comes next begins in it.
    pub(super) async fn begin(&mut self) -> Result<(Arc<Temporary>, u64), Failure> {
        let begin = self.written + self.waiting.len() as u64;
        if let Some(file) = &self.file {
            return Ok((file.clone(), begin));
        }
        let data = self.data.clone();
        let made = blocking(move || {
            let folder = data.folder(FOLDER).map_err(Failure::from_error)?;
            tempfile::tempfile_in(&folder).map_err(|error| failure(&data, "made", &error))
        });
        let file = Arc::new(Temporary(Some(made.await?)));
        self.file = Some(file.clone());
        Ok((file, begin))
    }

    /// Appends to the file; it must have been begun.
    pub(super) async fn append(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= ROOM { self.flush().await } else { Ok(()) }
    }

    /// Writes what is waiting.
    pub(super) async fn flush(&mut self) -> Result<(), Failure> {
        let Some(file) = self.file.clone().filter(|_| !self.waiting.is_empty()) else { return Ok(()) };
        let (waiting, written, data) = (std::mem::take(&mut self.waiting), self.written, self.data.clone());
        let mut waiting = blocking(move || {
            let done = file.file().write_all_at(&waiting, written);
            done.map(|()| waiting).map_err(|error| failure(&data, "written", &error))
        })
        .await?;
        self.written += waiting.len() as u64;
        waiting.clear();
        self.waiting = waiting;
        Ok(())
    }
}

/// Does work on files on a thread where it may take its time.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Failure::new(500, format!("the work on a temporary file was given up: {error}"))))
}

/// 507 (RFC 4918 section 11.5) where there is no room, else 500.
fn failure(data: &DataFolder, what: &str, error: &io::Error) -> Failure {
    let is_full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge);
    let folder = data.path().join(FOLDER);
    let reason = format!("a temporary file in `{}` cannot be {what}: {error}", folder.display());
    Failure::new(if is_full { 507 } else { 500 }, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_apart() {
        let data = DataFolder::new("/srv/data");
        for (kind, status) in [
            (ErrorKind::StorageFull, 507),
            (ErrorKind::QuotaExceeded, 507),
            (ErrorKind::PermissionDenied, 500),
            (ErrorKind::ReadOnlyFilesystem, 500),
        ] {
            let failure = failure(&data, "written", &kind.into());
            assert_eq!(failure.status().as_u16(), status, "{kind:?}");
            assert!(failure.to_string().contains("/srv/data/uploads"), "{failure}");
        }
    }
}
