//! Looking at all files again and again, where the file system tells nobody of edits.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::entries::{Target, Tree, Visitor};
use super::pause::Pause;
use crate::source::workspace::Touched;

/// The time between two looks. An edit is noticed within 100 milliseconds: this, the look itself, and [`SETTLING`].
pub(super) const INTERVAL: Duration = Duration::from_millis(50);

/// A file that is another than at the last look may still be being written, so it is looked at once more after this time.
const SETTLING: Duration = Duration::from_millis(10);

/// Most looks at files that do not stop changing; after that they are told as they are.
const LOOKS: usize = 3;

/// A look takes at most this part of the time, so that it costs little at any number of files.
const PART: u32 = 10;

/// What a look sees of a file. The time of the last change of its properties is another after any edit, even one that keeps size and
/// time of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stamp {
    Folder,
    File {
        size: u64,
        written: (i64, i64),
        changed: (i64, i64),
        inode: u64,
    },
    /// It may not be looked at, or is gone by now.
    Unknown,
}

type Look = BTreeMap<String, Stamp>;

/// A thread that looks; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Poll {
    found: Arc<Mutex<Pause>>,
    /// Never sent to: that it is closed tells the thread to end.
    _running: mpsc::Sender<()>,
}

impl Poll {
    /// Looks at the folder now, and at intervals from here on. The bell is rung when there is something to be told.
    pub(super) fn start(folder: &Path, bell: &Arc<Notify>) -> Poll {
        let (running, stopped) = mpsc::channel();
        let found = Arc::new(Mutex::new(Pause::new(Duration::ZERO)));
        let looking = Looking { seen: look(&Tree::new(folder)), tree: Tree::new(folder), stopped };
        let (shared, bell) = (Arc::clone(&found), Arc::clone(bell));
        let spawned = thread::Builder::new().name("kalgan-poll".to_string()).spawn(move || {
            looking.run(|touched| {
                shared.lock().unwrap_or_else(PoisonError::into_inner).keep(touched);
                bell.notify_one();
            });
        });
        if let Err(error) = spawned {
            tracing::error!("edits are not noticed: no thread can be started: {error}");
        }
        Poll { found, _running: running }
    }

    /// What was found since the last call.
    pub(super) fn touched(&mut self) -> Option<Touched> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now())
    }
}

struct Looking {
    tree: Tree,
    seen: Look,
    stopped: mpsc::Receiver<()>,
}

impl Looking {
    fn run(mut self, tell: impl Fn(Touched)) {
        let mut interval = INTERVAL;
        while self.stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
            let start = Instant::now();
            let mut found = look(&self.tree);
            interval = INTERVAL.max(start.elapsed() * PART);
            if found != self.seen {
                found = self.settled(found);
                tell(difference(&self.seen, &found));
                self.seen = found;
            }
        }
    }

    /// Looks again until nothing changes any more: so a file is seldom read while it is being written, and one that was moved out of
    /// the way to be written anew is not missed.
    fn settled(&self, mut found: Look) -> Look {
        for _ in 1..LOOKS {
            thread::sleep(SETTLING);
            let again = look(&self.tree);
            if again == found {
                break;
            }
            found = again;
        }
        found
    }
}

/// What differs between two looks.
fn difference(old: &Look, new: &Look) -> Touched {
    // Without the site's folder itself there is nothing to be named.
    if old.contains_key("") != new.contains_key("") {
        return Touched::All;
    }
    let others = |from: &Look, to: &Look| -> Vec<String> {
        from.iter().filter(|(path, stamp)| to.get(*path) != Some(stamp)).map(|(path, _)| path.clone()).collect()
    };
    Touched::Paths(others(old, new).into_iter().chain(others(new, old)).collect())
}

fn look(tree: &Tree) -> Look {
    let mut stamps = Stamps { tree, look: Look::new() };
    tree.walk("", &mut stamps);
    stamps.look
}

struct Stamps<'t> {
    tree: &'t Tree,
    look: Look,
}

impl Visitor for Stamps<'_> {
    fn folder(&mut self, path: &str) {
        self.look.insert(path.to_string(), Stamp::Folder);
    }

    fn file(&mut self, path: &str) {
        let stamp = fs::metadata(self.tree.full(path)).map_or(Stamp::Unknown, |data| Stamp::File {
            size: data.size(),
            written: (data.mtime(), data.mtime_nsec()),
            changed: (data.ctime(), data.ctime_nsec()),
            inode: data.ino(),
        });
        self.look.insert(path.to_string(), stamp);
    }

    fn link(&mut self, path: &str, target: Option<&Target>) {
        if target.is_none() {
            self.look.insert(path.to_string(), Stamp::Unknown);
        }
    }
}
