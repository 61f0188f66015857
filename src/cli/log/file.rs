//! A log file.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A file that lines are appended to, readable for its owner and group.
#[derive(Debug)]
pub(super) struct LogFile {
    reopening: Reopening,
    file: BufWriter<File>,
    /// The last write failed, and it was said.
    is_failing: bool,
}

/// Asks for a file to be opened anew.
#[derive(Debug, Clone)]
pub(super) struct Reopening(Arc<(PathBuf, AtomicBool)>);

impl Reopening {
    pub(super) fn path(&self) -> &Path {
        &self.0.0
    }

    pub(super) fn ask(&self) {
        self.0.1.store(true, Relaxed);
    }
}

impl LogFile {
    pub(super) fn open(path: &Path) -> io::Result<LogFile> {
        let reopening = Reopening(Arc::new((path.to_path_buf(), AtomicBool::new(false))));
        Ok(LogFile { reopening, file: BufWriter::new(append(path)?), is_failing: false })
    }

    pub(super) fn reopening(&self) -> Reopening {
        self.reopening.clone()
    }

    /// Opens the file anew where that was asked for. Where it cannot be opened the old one goes on.
    ///
    /// What the old one does not take any more, as on a full disk, is lost, but it does not hold back the new one.
    fn reopen_if_asked(&mut self) {
        if !self.reopening.0.1.swap(false, Relaxed) {
            return;
        }
        let flushed = self.file.flush();
        // It is told; what cannot be flushed is dropped below.
        let _ = self.checked(flushed);
        match append(self.reopening.path()) {
            Ok(file) => {
                let old = std::mem::replace(&mut self.file, BufWriter::new(file));
                // Dropped whole it would try, and wait for the disk, once more.
                drop(old.into_parts());
                self.is_failing = false;
            }
            Err(error) => tell(&format!("`{}` cannot be opened again: {error}", self.reopening.path().display())),
        }
    }

    /// Says, once, that the file cannot be written, where it can still be read.
    fn checked<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result
            && !self.is_failing
        {
            tell(&format!("`{}` cannot be written, lines are lost: {error}", self.reopening.path().display()));
            self.is_failing = true;
        }
        result
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.reopen_if_asked();
        let written = self.file.write(bytes);
        self.checked(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.reopen_if_asked();
        let flushed = self.file.flush();
        // Only now has the disk taken what was written.
        self.is_failing &= flushed.is_err();
        self.checked(flushed)
    }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o640).open(path)
}

/// Tells of the log where there is no log. Where standard error is closed there is nobody to tell.
fn tell(what: &str) {
    let _ = writeln!(io::stderr(), "log: {what}");
}
