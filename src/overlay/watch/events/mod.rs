//! The file events of Linux (inotify).
//!
//! 1. The queue is read until it is empty.
//! 2. Each event is translated into the paths of the site that it is about ([`Watched`]), and changes what is told ([`Drained`]).
//! 3. Where files are being saved just now, there is a moment's wait for the end of it ([`MOMENT`]).
//!
//! A file counts when the program that wrote it closes it, or moves it into place: one that is still open for writing, or was only
//! emptied, is never told, so that half a file is not read. (A new folder is told as a whole: a file in it that is still being
//! written may be read, and is told again when it is closed.)

mod drained;
mod watched;

use std::ffi::OsString;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader};
use rustix::io::Errno;

use super::entries::{Tree, is_within};
use crate::source::workspace::Touched;
use drained::Drained;
use watched::Watched;

/// Some editors move a file out of its place or delete it and begin to write it anew, which takes them a fraction of a millisecond. A
/// request in between would be answered by a site without the file, so it waits this long for the file to come back. A file that
/// was really deleted is told after it: a request that meets that waits as long.
const MOMENT: Duration = Duration::from_millis(2);

/// A file can be saved again just after a save, before or while it is read because of that. Then what was read may be half of it, and
/// what was shown before is too old. So the answer waits for the end of the second save, but for one that takes longer than this.
const REWRITING: Duration = Duration::from_millis(100);

/// A program that saves a file empties it first. The file is empty a little earlier than the kernel tells of it, because its blocks are
/// freed in between; so one that is empty when it was read gets this much time. Few files are empty for good.
const EMPTYING: Duration = Duration::from_millis(20);

/// Room for about a hundred events of usual names; where there are more it is filled again. The kernel needs room for one.
const BUFFER: usize = 8192;

/// Kinds of file systems that tell of no edits, or not of those that are made elsewhere, by the numbers of `statfs` (linux/magic.h):
/// NFS, SMB, SMB 2, CIFS, 9P (folders of Windows in WSL), FUSE (also folders of the host in a virtual machine or a container),
/// VirtualBox, Parallels, VMware, AFS (two), Ceph, Coda, OCFS2, GFS2, Lustre and GPFS.
const WITHOUT_EVENTS: [u32; 17] = [
    0x0000_6969,
    0x0000_517B,
    0xFE53_4D42,
    0xFF53_4D42,
    0x0102_1997,
    0x6573_5546,
    0x786F_4256,
    0x7C7C_6673,
    0xBACB_ACBC,
    0x5346_414F,
    0x6B41_4653,
    0x00C3_6400,
    0x7375_7245,
    0x7461_636F,
    0x0116_1970,
    0x0BD0_0BD0,
    0x4750_4653,
];

/// An event as the kernel tells it.
#[derive(Debug)]
pub(super) struct Event {
    /// The number of the watch.
    watch: i32,
    /// What has happened.
    what: ReadFlags,
    /// The name in the watched folder; `None` where the event is about the folder itself.
    name: Option<OsString>,
}

/// The queue of events of a site's folder and all folders in it.
#[derive(Debug)]
pub(super) struct Events {
    descriptor: Arc<OwnedFd>,
    watched: Watched,
}

/// Whether the file system of a folder tells of no edits. One that cannot be asked is taken for a usual one.
pub(super) fn are_missing(folder: &Path) -> bool {
    // The kernel's numbers have 32 bits; how many the field has depends on the processor.
    rustix::fs::statfs(folder).is_ok_and(|kind| WITHOUT_EVENTS.contains(&(kind.f_type as u32)))
}

impl Events {
    /// Watches a folder and all that are in it.
    ///
    /// # Errors
    ///
    /// The system allows no more watches; the text says which of its settings to raise.
    pub(super) fn start(folder: &Path) -> Result<Events, String> {
        let descriptor = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).map_err(|error| match error {
            Errno::MFILE => {
                "this user has no watches left; raise the sysctl `fs.inotify.max_user_instances`".to_string()
            }
            error => format!("the system refuses to tell of edits: {error}"),
        })?;
        let descriptor = Arc::new(descriptor);
        let mut watched = Watched::new(Arc::clone(&descriptor), Tree::new(folder));
        watched.start();
        match watched.take_exhausted() {
            Some(reason) => Err(reason),
            None => Ok(Events { descriptor, watched }),
        }
    }

    /// What becomes readable when there is an event.
    pub(super) fn descriptor(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.descriptor)
    }

    /// Why a folder could not be watched, once.
    pub(super) fn take_exhausted(&mut self) -> Option<String> {
        self.watched.take_exhausted()
    }

    /// What was touched since the last call.
    pub(super) fn touched(&mut self) -> Option<Touched> {
        let mut drained = Drained::default();
        if !self.drain(&mut drained) {
            return None;
        }
        self.settle(&mut drained, None);
        self.told(drained)
    }

    /// What was touched while those files were read. Where one of them is being written again, this waits for the end of it.
    pub(super) fn touched_meanwhile(&mut self, read: &Touched) -> Option<Touched> {
        let is_emptied = self.watched.is_emptied(read);
        let mut drained = Drained::default();
        let mut is_any = self.drain(&mut drained);
        if !is_any && is_emptied && self.waited(Instant::now() + EMPTYING) {
            is_any = self.drain(&mut drained);
        }
        if !is_any {
            return None;
        }
        self.settle(&mut drained, Some(read));
        self.told(drained)
    }

    /// Waits for the end of saves that are under way, where what is there until then cannot be shown: a file that is away; one that was
    /// saved, so that its old state must not be shown any more, and is being saved again; one of those that were just read.
    fn settle(&mut self, drained: &mut Drained, read: Option<&Touched>) {
        let start = Instant::now();
        loop {
            let unfinished = self.watched.unfinished();
            let is_rewritten = unfinished.iter().any(|path| read.is_some_and(|read| is_of(path, read)));
            let longest = match drained.is_waiting(unfinished) {
                _ if is_rewritten || drained.is_saved_again(unfinished) => REWRITING,
                true => MOMENT,
                false => return,
            };
            if !self.waited(start + longest) {
                return;
            }
            self.drain(drained);
        }
    }

    fn told(&mut self, mut drained: Drained) -> Option<Touched> {
        self.watched.link_again(&mut drained);
        drained.told(self.watched.unfinished())
    }

    /// Reads the queue until it is empty. Gives whether there was anything in it.
    fn drain(&mut self, drained: &mut Drained) -> bool {
        let mut is_any = false;
        loop {
            let events = read(&self.descriptor);
            if events.is_empty() {
                return is_any;
            }
            is_any = true;
            for event in events {
                self.watched.take(&event, drained);
            }
        }
    }

    /// Waits for another event; gives false where none has come by then.
    fn waited(&self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(left) = Timespec::try_from(left) else { return false };
        let mut descriptors = [PollFd::new(&*self.descriptor, PollFlags::IN)];
        poll(&mut descriptors, Some(&left)).is_ok_and(|ready| ready > 0)
    }
}

/// Whether a path is, or lies in, one of those that were touched.
fn is_of(path: &str, touched: &Touched) -> bool {
    match touched {
        Touched::All => true,
        Touched::Paths(paths) => paths.iter().any(|touched| is_within(path, touched)),
    }
}

/// One buffer full of events; none where the queue is empty.
fn read(descriptor: &OwnedFd) -> Vec<Event> {
    let mut buffer = [MaybeUninit::uninit(); BUFFER];
    let mut reader = Reader::new(descriptor, &mut buffer);
    let mut events = Vec::new();
    loop {
        match reader.next() {
            Ok(event) => {
                let name = event.file_name().map(|name| OsString::from_vec(name.to_bytes().to_vec()));
                events.push(Event { watch: event.wd(), what: event.events(), name });
            }
            Err(Errno::INTR) => continue,
            // Nothing else than an empty queue can be met: descriptor and buffer are as the kernel wants them.
            Err(_) => return events,
        }
        if reader.is_buffer_empty() {
            return events;
        }
    }
}
