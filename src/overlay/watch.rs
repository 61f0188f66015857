//! Which files of a folder have changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::source::workspace::Touched;

/// Watches a site's folder.
#[derive(Debug)]
pub struct Watch {
    folder: PathBuf,
    seen: BTreeMap<PathBuf, (u64, Option<SystemTime>)>,
}

impl Watch {
    /// Watches a folder from here on.
    pub fn start(folder: &Path) -> Watch {
        let mut watch = Watch { folder: folder.to_path_buf(), seen: BTreeMap::new() };
        watch.touched();
        watch
    }

    /// What was touched since the last call; `None` where nothing was.
    pub fn touched(&mut self) -> Option<Touched> {
        let mut found = BTreeMap::new();
        scan(&self.folder, &mut found);
        let is_other = found != self.seen;
        self.seen = found;
        is_other.then_some(Touched::All)
    }
}

fn scan(folder: &Path, found: &mut BTreeMap<PathBuf, (u64, Option<SystemTime>)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(data) = entry.metadata() else { continue };
        if data.is_dir() {
            scan(&entry.path(), found);
        } else {
            found.insert(entry.path(), (data.len(), data.modified().ok()));
        }
    }
}
