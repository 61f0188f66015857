//! The folders that are watched, and what an event in one of them means for the site.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::inotify::{self, ReadFlags, WatchFlags};
use rustix::io::Errno;

use super::super::entries::{Target, Tree, Visitor, is_hidden, is_within, join};
use super::Event;
use super::drained::Drained;
use crate::source::workspace::Touched;

/// What is asked of every watched folder. It must be the same for all: a folder that is watched twice has the last one's.
const ASKED: WatchFlags = WatchFlags::CLOSE_WRITE
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::ONLYDIR);

/// A name has come to another file than before, or to none.
const COME: ReadFlags = ReadFlags::CREATE.union(ReadFlags::MOVED_TO);
const GONE: ReadFlags = ReadFlags::DELETE.union(ReadFlags::MOVED_FROM);
const GONE_ITSELF: ReadFlags = ReadFlags::DELETE_SELF.union(ReadFlags::MOVE_SELF);

/// What a watched folder is for. Links can give it several meanings.
#[derive(Debug, Default)]
struct Meaning {
    /// The folders of the site that it is.
    folders: BTreeSet<String>,
    /// Names of files in it that links of the site lead to, and these links.
    links: BTreeMap<OsString, BTreeSet<String>>,
    /// Names in it that the site's folder has.
    site: BTreeSet<OsString>,
}

impl Meaning {
    fn is_nothing(&self) -> bool {
        self.folders.is_empty() && self.links.is_empty() && self.site.is_empty()
    }
}

/// The folders that are watched.
#[derive(Debug)]
pub(super) struct Watched {
    descriptor: Arc<OwnedFd>,
    tree: Tree,
    /// By the number of the watch.
    meanings: BTreeMap<i32, Meaning>,
    /// All links of the site.
    links: BTreeSet<String>,
    /// Those of them that lead nowhere.
    dangling: BTreeSet<String>,
    /// Files that somebody has open for writing.
    unfinished: BTreeSet<String>,
    exhausted: Option<String>,
}

impl Watched {
    /// Watches nothing yet.
    pub(super) fn new(descriptor: Arc<OwnedFd>, tree: Tree) -> Watched {
        Watched {
            descriptor,
            tree,
            meanings: BTreeMap::new(),
            links: BTreeSet::new(),
            dangling: BTreeSet::new(),
            unfinished: BTreeSet::new(),
            exhausted: None,
        }
    }

    /// Watches all folders of the site, and the one that the site's folder lies in: there it is seen that it goes away and comes back.
    pub(super) fn start(&mut self) {
        self.meanings.clear();
        self.links.clear();
        self.dangling.clear();
        self.unfinished.clear();
        let root = self.tree.root().to_path_buf();
        // Where it is reached by a link, both the link and the folder can be replaced.
        for place in [Some(root.clone()), std::fs::canonicalize(&root).ok()].into_iter().flatten() {
            if let (Some(parent), Some(name)) = (place.parent(), place.file_name()) {
                let name = name.to_os_string();
                self.watch(parent, |meaning| meaning.site.insert(name));
            }
        }
        self.add("");
    }

    /// Files that somebody has open for writing.
    pub(super) fn unfinished(&self) -> &BTreeSet<String> {
        &self.unfinished
    }

    /// Whether a file of those is empty.
    pub(super) fn is_emptied(&self, touched: &Touched) -> bool {
        let is_empty =
            |path: &String| std::fs::metadata(self.tree.full(path)).is_ok_and(|data| data.is_file() && data.len() == 0);
        matches!(touched, Touched::Paths(paths) if paths.iter().any(is_empty))
    }

    /// Why a folder could not be watched, once.
    pub(super) fn take_exhausted(&mut self) -> Option<String> {
        self.exhausted.take()
    }

    /// Follows links anew where they may lead elsewhere, and tells of them.
    pub(super) fn link_again(&mut self, drained: &mut Drained) {
        let moved = if drained.are_links_moved { self.links.clone() } else { self.dangling.clone() };
        for link in moved {
            let was_dangling = self.dangling.contains(&link);
            self.forget(&link);
            self.add(&link);
            if !(was_dangling && self.dangling.contains(&link)) {
                drained.touch(&link);
            }
        }
    }

    /// Takes one event into account.
    pub(super) fn take(&mut self, event: &Event, drained: &mut Drained) {
        let what = event.what;
        if what.intersects(ReadFlags::QUEUE_OVERFLOW | ReadFlags::UNMOUNT) {
            return self.start_again(drained);
        }
        if what.contains(ReadFlags::IGNORED) {
            self.meanings.remove(&event.watch);
            return;
        }
        let Some(meaning) = self.meanings.get(&event.watch) else {
            // Of a folder that has left the site; it may have been told already that nobody watches it any more.
            let _ = inotify::remove_watch(&self.descriptor, event.watch);
            return;
        };
        match &event.name {
            None if what.intersects(GONE_ITSELF) => {
                let folders: Vec<String> = meaning.folders.iter().cloned().collect();
                folders.iter().for_each(|folder| self.replaced(folder, drained));
            }
            None => {}
            Some(name) if meaning.site.contains(name) && what.intersects(COME.union(GONE)) => self.start_again(drained),
            Some(name) => {
                for path in paths(meaning, name, drained) {
                    self.take_path(&path, what, drained);
                }
            }
        }
    }

    fn start_again(&mut self, drained: &mut Drained) {
        drained.is_all = true;
        self.start();
    }

    /// Takes an event about a path of the site into account.
    fn take_path(&mut self, path: &str, what: ReadFlags, drained: &mut Drained) {
        let is_folder = what.contains(ReadFlags::ISDIR) || self.is_folder(path);
        if is_folder || self.links.contains(path) && what.intersects(COME.union(GONE)) {
            // Where permission is given back, it can be watched only now.
            if what.intersects(COME.union(GONE).union(ReadFlags::ATTRIB)) {
                self.replaced(path, drained);
            }
        } else if what.contains(ReadFlags::CLOSE_WRITE) {
            self.finished(path, drained);
        } else if what.contains(ReadFlags::MODIFY) {
            self.unfinished.insert(path.to_string());
        } else if what.intersects(COME) {
            self.came(path, what.contains(ReadFlags::MOVED_TO), drained);
        } else if what.intersects(GONE) {
            self.unfinished.remove(path);
            drained.miss(path);
        } else if what.contains(ReadFlags::ATTRIB) && !self.unfinished.contains(path) {
            drained.touch(path);
        }
    }

    fn finished(&mut self, path: &str, drained: &mut Drained) {
        self.unfinished.remove(path);
        drained.touch(path);
    }

    /// A name has come that is no folder. It is a link, or a file: moved into its place as a whole, one more name of a file, or made
    /// to be written, which is told when it is closed.
    fn came(&mut self, path: &str, is_moved: bool, drained: &mut Drained) {
        match std::fs::symlink_metadata(self.tree.full(path)) {
            Ok(data) if data.is_symlink() => self.replaced(path, drained),
            Ok(data) if is_moved || data.nlink() > 1 => self.finished(path, drained),
            _ if is_moved => self.finished(path, drained),
            _ => {
                drained.begin(path);
                self.unfinished.insert(path.to_string());
            }
        }
    }

    /// A folder or link has come, gone, or is another one.
    fn replaced(&mut self, path: &str, drained: &mut Drained) {
        if path.is_empty() {
            return self.start_again(drained);
        }
        self.forget(path);
        self.add(path);
        drained.touch(path);
        drained.are_links_moved = true;
    }

    fn is_folder(&self, path: &str) -> bool {
        self.meanings.values().any(|meaning| meaning.folders.contains(path))
    }

    /// Watches what lies at a path and below it.
    fn add(&mut self, path: &str) {
        let tree = self.tree.clone();
        tree.walk(path, self);
    }

    /// Watches nothing at a path and below it any more.
    fn forget(&mut self, path: &str) {
        let is_other = |other: &String| !is_within(other, path);
        for paths in [&mut self.links, &mut self.dangling, &mut self.unfinished] {
            paths.retain(is_other);
        }
        let descriptor = &self.descriptor;
        self.meanings.retain(|watch, meaning| {
            meaning.folders.retain(is_other);
            meaning.links.values_mut().for_each(|links| links.retain(is_other));
            meaning.links.retain(|_, links| !links.is_empty());
            if meaning.is_nothing() {
                // A folder that is gone has lost its watch already.
                let _ = inotify::remove_watch(descriptor, *watch);
            }
            !meaning.is_nothing()
        });
    }

    fn watch(&mut self, folder: &Path, mean: impl FnOnce(&mut Meaning) -> bool) {
        match inotify::add_watch(&self.descriptor, folder, ASKED) {
            Ok(watch) => {
                mean(self.meanings.entry(watch).or_default());
            }
            Err(Errno::NOSPC) => {
                let reason = "this user has no watches left; raise the sysctl `fs.inotify.max_user_watches`";
                self.exhausted = Some(reason.to_string());
            }
            // It is gone again, or may not be read: whoever reads it says so.
            Err(_) => {}
        }
    }
}

/// A folder is watched before it is listed, so what is made in between is seen by the one or the other.
impl Visitor for Watched {
    fn folder(&mut self, path: &str) {
        let full = self.tree.full(path);
        self.watch(&full, |meaning| meaning.folders.insert(path.to_string()));
    }

    fn file(&mut self, _path: &str) {}

    fn link(&mut self, path: &str, target: Option<&Target>) {
        self.links.insert(path.to_string());
        match target {
            None => {
                self.dangling.insert(path.to_string());
            }
            Some(target) if !target.is_folder => {
                if let (Some(folder), Some(name)) = (target.real.parent(), target.real.file_name()) {
                    let path = path.to_string();
                    self.watch(folder, |meaning| meaning.links.entry(name.to_os_string()).or_default().insert(path));
                }
            }
            // Its folder is shown next.
            Some(_) => {}
        }
    }
}

/// The paths of the site that a name in a watched folder stands for. Of a name that is not UTF-8 the folder is touched.
fn paths(meaning: &Meaning, name: &OsStr, drained: &mut Drained) -> Vec<String> {
    let mut paths: Vec<String> = meaning.links.get(name).into_iter().flatten().cloned().collect();
    match name.to_str() {
        Some(name) if is_hidden(name) => {}
        Some(name) => paths.extend(meaning.folders.iter().map(|folder| join(folder, name))),
        None => meaning.folders.iter().for_each(|folder| drained.touch(folder)),
    }
    paths
}
