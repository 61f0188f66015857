//! What earlier builds have compressed, so that an unchanged file is never compressed twice.
//!
//! A folder with a file per entry, named for the content that was compressed and for how that was done. It lies in the folder
//! that cargo gives to a build script and keeps between builds. The cache is never trusted: each entry begins with a checksum over the rest and
//! its own name, and one that is cut off, damaged or in the wrong place counts as absent. It is never needed either: what
//! cannot be read is made anew, and what cannot be written is told and not kept.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::encoders;
use crate::snapshot::Encoding;

/// The end of the name of an entry that is not whole yet.
const UNFINISHED: &str = ".new";

/// A folder of entries.
pub(super) struct Cache {
    folder: PathBuf,
}

/// The hash of bytes that are to be compressed, in hexadecimal.
pub(super) fn content(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// The name of the entry for bytes with this hash.
pub(super) fn entry(content: &str, encoding: Encoding) -> String {
    format!("{content}.{}", encoders::recipe(encoding))
}

impl Cache {
    /// A cache in this folder, which is made when the first entry is written.
    pub(super) fn open(folder: &Path) -> Cache {
        Cache { folder: folder.to_path_buf() }
    }

    /// The bytes of an entry, where it is there and whole.
    pub(super) fn get(&self, entry: &str) -> Option<Vec<u8>> {
        let file = fs::read(self.folder.join(entry)).ok()?;
        let (sum, bytes) = file.split_first_chunk()?;
        (*sum == checksum(entry, bytes)).then(|| bytes.to_vec())
    }

    /// Writes an entry. Whoever reads it meanwhile, also after a build that was stopped, sees all of it or nothing.
    ///
    /// # Errors
    ///
    /// A text that names the folder.
    pub(super) fn put(&self, entry: &str, bytes: &[u8]) -> Result<(), String> {
        let path = self.folder.join(entry);
        let unfinished = self.folder.join(format!("{entry}{UNFINISHED}"));
        let content = [&checksum(entry, bytes)[..], bytes].concat();
        let written = fs::create_dir_all(&self.folder)
            .and_then(|()| fs::write(&unfinished, content))
            .and_then(|()| fs::rename(&unfinished, &path));
        written.map_err(|error| self.message("written", &error))
    }

    /// Removes all files but these entries.
    ///
    /// # Errors
    ///
    /// A text that names the folder; what can be removed is removed all the same.
    pub(super) fn keep_only(&self, entries: &BTreeSet<String>) -> Result<(), String> {
        let found = match fs::read_dir(&self.folder) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(self.message("read", &error)),
        };
        let mut outcome = Ok(());
        let is_used = |file: &fs::DirEntry| file.file_name().to_str().is_some_and(|name| entries.contains(name));
        for unused in found.flatten().filter(|file| !is_used(file)) {
            if let Err(error) = fs::remove_file(unused.path()) {
                outcome = Err(self.message("cleared", &error));
            }
        }
        outcome
    }

    fn message(&self, verb: &str, error: &io::Error) -> String {
        format!("the folder `{}` of compressed files cannot be {verb}: {error}", self.folder.display())
    }
}

fn checksum(entry: &str, bytes: &[u8]) -> [u8; blake3::OUT_LEN] {
    *blake3::Hasher::new().update(entry.as_bytes()).update(bytes).finalize().as_bytes()
}
