//! Wakes whoever waits when something happens in one of some folders. For those who look at files anyway, and only want to know when.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

/// How long to wait where nothing tells of edits. A look takes about a millisecond.
const INTERVAL: Duration = Duration::from_millis(250);

/// How long to wait at the most where something does: the folders may not be all that counts.
const LONGEST: Duration = Duration::from_secs(5);

/// Folders that are waited for.
#[derive(Debug, Default)]
pub struct Folders {
    #[cfg(target_os = "linux")]
    queue: Option<linux::Queue>,
}

impl Folders {
    /// Waits for these folders, not for those in them, from here on; for those that were named before, too. Gives whether one of them
    /// was not waited for until now, so that what had happened in it is unknown.
    pub fn watch<'a>(&mut self, folders: impl IntoIterator<Item = &'a PathBuf>) -> bool {
        #[cfg(target_os = "linux")]
        if let Some(mut queue) = self.queue.take().or_else(linux::Queue::new) {
            let is_new: Option<Vec<bool>> = folders.into_iter().map(|folder| queue.watch(folder)).collect();
            self.queue = is_new.is_some().then_some(queue);
            return is_new.is_some_and(|is_new| is_new.contains(&true));
        }
        false
    }

    /// Waits until a file may have been saved, made, moved or deleted in one of the folders.
    pub fn wait(&self) {
        self.wait_at_most(LONGEST);
    }

    fn wait_at_most(&self, longest: Duration) {
        #[cfg(target_os = "linux")]
        if let Some(queue) = &self.queue {
            return queue.wait(longest);
        }
        thread::sleep(INTERVAL.min(longest));
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeSet;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::path::Path;
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

    use super::super::events;

    /// The queue of events, and the numbers of the watches.
    #[derive(Debug)]
    pub(super) struct Queue {
        descriptor: OwnedFd,
        watches: BTreeSet<i32>,
    }

    impl Queue {
        pub(super) fn new() -> Option<Queue> {
            inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)
                .ok()
                .map(|descriptor| Queue { descriptor, watches: BTreeSet::new() })
        }

        /// Gives whether the folder is new here; `None` where its edits will not be told. One that is not there cannot have any.
        pub(super) fn watch(&mut self, folder: &Path) -> Option<bool> {
            let flags = WatchFlags::CLOSE_WRITE
                | WatchFlags::CREATE
                | WatchFlags::DELETE
                | WatchFlags::MOVED_FROM
                | WatchFlags::MOVED_TO;
            if !folder.is_dir() {
                return Some(false);
            }
            if events::are_missing(folder) {
                return None;
            }
            let watch = inotify::add_watch(&self.descriptor, folder, flags).ok()?;
            Some(self.watches.insert(watch))
        }

        pub(super) fn wait(&self, longest: Duration) {
            let longest = Timespec::try_from(longest).ok();
            // A signal ends it early, which does no harm.
            let _ = poll(&mut [PollFd::new(&self.descriptor, PollFlags::IN)], longest.as_ref());
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut reader = inotify::Reader::new(&self.descriptor, &mut buffer);
            // What has happened is seen by looking.
            while reader.next().is_ok() {}
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn whoever_waits_is_woken_by_a_save() {
        let folder = tempfile::tempdir().unwrap();
        let mut folders = Folders::default();
        let named = [folder.path().to_owned(), PathBuf::from("/nowhere")];
        assert!(folders.watch(&named) && !folders.watch(&named));
        let (woken, is_woken) = mpsc::channel();
        thread::spawn(move || {
            loop {
                folders.wait_at_most(Duration::from_secs(3_600));
                if woken.send(()).is_err() {
                    return;
                }
            }
        });
        fs::write(folder.path().join("main.rs"), "").unwrap();
        is_woken.recv_timeout(Duration::from_secs(60)).unwrap();
    }
}
