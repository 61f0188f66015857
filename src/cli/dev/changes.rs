//! Notices that an input of the binary was saved; while a mistake in the site's files hinders the build, also that one of those was.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use super::inputs::{Inputs, Stamp, is_source, stamp};
use crate::overlay::Folders;

/// How long no further input must be saved before a build starts. Editors and version control save many files at once.
const QUIET: Duration = Duration::from_millis(100);

/// Inputs, and the state in which they were last seen.
#[derive(Debug)]
pub(super) struct Changes {
    inputs: Inputs,
    seen: BTreeMap<PathBuf, Stamp>,
    folders: Folders,
}

impl Changes {
    /// Watches from here on.
    pub(super) fn watch(inputs: Inputs) -> Changes {
        let mut changes = Changes { inputs, seen: BTreeMap::new(), folders: Folders::default() };
        changes.seen = changes.look();
        changes
    }

    /// The sources that were saved after this time.
    pub(super) fn sources_after(&self, time: SystemTime) -> Vec<PathBuf> {
        let is_later = |stamp: &Stamp| stamp.1.is_some_and(|modified| modified > time);
        let later = self.seen.iter().filter(|(path, stamp)| is_source(path) && is_later(stamp));
        later.map(|(path, _)| path.clone()).collect()
    }

    /// Tells of changes, each time when no more came for a moment, until nobody wants to hear of them any more.
    pub(super) fn follow(mut self, mut tell: impl FnMut(Vec<PathBuf>) -> bool + Send + 'static) {
        thread::spawn(move || {
            loop {
                self.folders.wait();
                let mut changed = self.take();
                if changed.is_empty() {
                    continue;
                }
                loop {
                    thread::sleep(QUIET);
                    match self.take() {
                        more if more.is_empty() => break,
                        more => changed.extend(more),
                    }
                }
                if !tell(changed) {
                    return;
                }
            }
        });
    }

    /// The inputs as they are now.
    fn look(&mut self) -> BTreeMap<PathBuf, Stamp> {
        let mut found = self.inputs.scan();
        // Waited for before they are looked at, so that no save falls between; new folders are known only after the first look.
        while self.folders.watch(self.inputs.watched()) {
            found = self.inputs.scan();
        }
        found
    }

    /// The inputs that are others than at the last call.
    fn take(&mut self) -> Vec<PathBuf> {
        let listed = self.inputs.reload();
        let found = self.look();
        // What cargo has just listed it has just read, unless it was saved since.
        let is_known = |stamp: &Stamp| listed.is_some_and(|listed| stamp.1.is_some_and(|modified| modified <= listed));
        let is_other = |(path, stamp): &(&PathBuf, &Stamp)| match self.seen.get(*path) {
            Some(seen) => seen != *stamp,
            None => !is_known(stamp),
        };
        let mut changed: Vec<PathBuf> = found.iter().filter(is_other).map(|(path, _)| path.clone()).collect();
        changed.extend(self.seen.keys().filter(|path| listed.is_none() && !found.contains_key(*path)).cloned());
        self.seen = found;
        changed
    }
}

/// How often the site's files are looked at while a mistake in them hinders the build.
const SITE_INTERVAL: Duration = Duration::from_millis(500);

/// The files of a site's folder with their states, but for the sources among them.
pub(super) fn site_files(folder: &Path) -> BTreeMap<PathBuf, Stamp> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            match (entry.path(), entry.metadata()) {
                (path, Ok(data)) if data.is_dir() => folders.push(path),
                (path, Ok(data)) if !is_source(&path) => {
                    found.insert(path, stamp(&data));
                }
                _ => {}
            }
        }
    }
    found
}

/// Waits until a file of the site is another than it was; gives its path.
pub(super) async fn site_saved(folder: PathBuf, seen: BTreeMap<PathBuf, Stamp>) -> PathBuf {
    loop {
        tokio::time::sleep(SITE_INTERVAL).await;
        let now = site_files(&folder);
        let is_other = |path: &&PathBuf| now.get(*path) != seen.get(*path);
        if let Some(path) = now.keys().chain(seen.keys()).find(is_other) {
            return path.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_told_once_and_a_new_list_of_old_files_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["app", "other"] {
            fs::create_dir(path(name)).unwrap();
            fs::write(path(name).join("main.rs"), "").unwrap();
        }
        let mut changes = Changes::watch(Inputs::new(folder.path(), &path("site.d")));
        assert_eq!(changes.take(), Vec::<PathBuf>::new());
        fs::write(path("app/main.rs"), "fn main() {}").unwrap();
        fs::write(path("app/new.rs"), "").unwrap();
        assert_eq!(changes.take(), [path("app/main.rs"), path("app/new.rs")]);
        assert_eq!(changes.take(), Vec::<PathBuf>::new());
        fs::remove_file(path("app/new.rs")).unwrap();
        assert_eq!(changes.take(), [path("app/new.rs")]);

        let list = |files: &[&Path]| {
            let files: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
            fs::write(path("site.d"), format!("site: {}\n", files.join(" "))).unwrap();
        };
        list(&[&path("app/main.rs"), &path("other/main.rs")]);
        assert_eq!(changes.take(), Vec::<PathBuf>::new());
        fs::write(path("other/main.rs"), "fn main() {}").unwrap();
        assert_eq!(changes.take(), [path("other/main.rs")]);
    }
}
