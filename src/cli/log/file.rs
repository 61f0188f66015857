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
    fn reopen_if_asked(&mut self) -> io::Result<()> {
        if !self.reopening.0.1.swap(false, Relaxed) {
            return Ok(());
        }
        self.file.flush()?;
        match append(self.reopening.path()) {
            Ok(file) => self.file = BufWriter::new(file),
            Err(error) => tell(&format!("`{}` cannot be opened again: {error}", self.reopening.path().display())),
        }
        Ok(())
    }

    /// Says, once, that the file cannot be written, where it can still be read.
    fn checked<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result
            && !self.is_failing
        {
            tell(&format!("`{}` cannot be written, lines are lost: {error}", self.reopening.path().display()));
        }
        self.is_failing = result.is_err();
        result
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.reopen_if_asked().and_then(|()| self.file.write(bytes));
        self.checked(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.file.flush().and_then(|()| self.reopen_if_asked());
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
